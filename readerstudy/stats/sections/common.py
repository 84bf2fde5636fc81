"""Turning inferences into records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from data.arrays import Floats, Ints
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.clusters import by_cluster
from readerstudy.stats.methods.moments import Moments, moments
from readerstudy.stats.methods.mover import Gap, Rate, mover_inference, one_sided_beyond
from readerstudy.stats.methods.obuchowski_rockette import (
    DESIGNS,
    ONE_READER,
    Design,
    Inference,
    one_sided,
    or_inference,
)
from readerstudy.stats.records import NAN, RELY, Record
from readerstudy.stats.subjects_and_methods import AIDED_READER, MEAN_READER, MOVER, Method, Subject

MEANS = (MEAN_READER, AIDED_READER)
RANDOM_DESIGNS: tuple[Design, ...] = ("or-rrrc-capped", "or-rrrc")


@dataclass(frozen=True)
class Options:
    """What the caller of `analyse` chose beyond the data."""

    level: float = 0.95
    margin: float | None = None


class Size(TypedDict):
    """Of a record."""

    n_cases: int
    n_readers: int


@dataclass(frozen=True)
class Label:
    """Whose number it is."""

    quantity: str
    class_: str
    subject: Subject

    @property
    def is_difference(self) -> bool:
        """To the mean reader, or of the aided to the unaided one."""
        return self.subject.minus in MEANS


def raters_of(study: Study) -> list[Subject]:
    """The models, then the readers."""
    models = [Subject.model(model.name) for model in study.models]
    return [*models, *(Subject.reader(name) for name in study.reader_ids)]


def mean_moments(study: Study, theta: Floats, influence: Floats, at: Ints) -> Moments:
    """Moments of figures whose influence has a column for each of the cases `at`."""
    if study.cluster is None:
        return moments(theta, influence, n_cases=len(at))
    labels = study.cluster[at]
    groups = len(np.unique(labels))
    return moments(theta, by_cluster(influence, labels), n_cases=len(at), n_clusters=groups)


def from_inference(
    label: Label,
    method: Method,
    inference: Inference,
    *,
    n_cases: int,
    n_readers: int | None,
    notes: tuple[str, ...] = (),
    rely_on: Method | None = None,
) -> Record:
    """A record of one inference; what stands alone is tested against nothing."""
    tested = label.is_difference
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        method,
        inference.estimate,
        inference.se,
        inference.df,
        inference.statistic if tested else NAN,
        inference.p if tested else NAN,
        inference.ci_low,
        inference.ci_high,
        n_cases,
        n_readers,
        (*inference.notes, *notes, *([RELY] if rely_on else [])),
        rely_on,
    )


def design_records(
    label: Label,
    moments: Moments,
    *,
    designs: Sequence[Design] = DESIGNS,
    options: Options,
    covariance: str = "",
    notes: tuple[str, ...] = (),
    rely_on: Method | None = None,
) -> Iterator[Record]:
    """One record per design; `rely_on`: the method whose interval is to be reported instead."""
    for design in designs:
        clip = label.subject in MEANS
        inference = or_inference(moments, design=design, level=options.level, clip=clip)
        yield from_inference(
            label,
            Method(design, covariance=covariance),
            inference,
            n_cases=moments.n_cases,
            n_readers=moments.n_readers,
            notes=notes,
            rely_on=rely_on,
        )


def margin_records(
    label: Label, moments: Moments, *, options: Options, covariance: str = ""
) -> Iterator[Record]:
    """Non-inferiority and equivalence of a difference at the protocol's margin."""
    if options.margin is None:
        return
    for design in RANDOM_DESIGNS:
        result = or_inference(moments, design=design, level=options.level)
        method = Method(design, quantity=label.quantity, covariance=covariance)
        claims = _tested(method, result, options.margin)
        size = Size(n_cases=moments.n_cases, n_readers=moments.n_readers)
        yield from _margin_claims(label, claims, options.margin, **size)


def mover_records(
    label: Label,
    rate: Rate | Gap,
    *,
    size: Size,
    options: Options,
    notes: tuple[str, ...] = (),
) -> Iterator[Record]:
    """The same of a rate behind which few cases, or hardly a mistake, may stand."""
    result = mover_inference(rate, level=options.level)
    if size["n_readers"] == 1:
        notes = (ONE_READER, *notes)
    yield from_inference(label, MOVER, result, **size, notes=notes)
    if options.margin is not None and isinstance(rate, Gap):
        p = one_sided_beyond(rate, -options.margin)
        p_upper = 1 - one_sided_beyond(rate, options.margin)
        method = replace(MOVER, quantity=label.quantity)
        claims = Claims(method, result, (NAN, NAN), (p, p_upper))
        yield from _margin_claims(label, claims, options.margin, **size)


@dataclass(frozen=True)
class Claims:
    """What is said of a difference at a margin; one-sided statistics and p, lower side first."""

    method: Method
    result: Inference
    statistics: tuple[float, float]
    p: tuple[float, float]


def _tested(method: Method, result: Inference, margin: float) -> Claims:
    sides = [
        one_sided(sign * result.estimate, result.se, df=result.df, margin=margin)
        for sign in (1.0, -1.0)
    ]
    (lower, p), (upper, p_upper) = sides
    return Claims(method, result, (lower, upper), (p, p_upper))


def _margin_claims(
    label: Label, claims: Claims, margin: float, *, n_cases: int, n_readers: int
) -> Iterator[Record]:
    result, (p, p_upper) = claims.result, claims.p
    nearer = claims.statistics[0 if p >= p_upper else 1]
    words = f"{label.quantity}, margin {margin:g}"
    for quantity, statistic, value, claim in (
        (
            "noninferiority",
            claims.statistics[0],
            p,
            "one-sided p that the difference is above -margin",
        ),
        ("equivalence", nearer, float(np.maximum(p, p_upper)), "larger p of two one-sided tests"),
    ):
        yield Record(
            quantity,
            label.class_,
            label.subject,
            claims.method,
            result.estimate,
            result.se,
            result.df,
            statistic,
            value,
            result.ci_low,
            result.ci_high,
            n_cases,
            n_readers,
            (words, claim, *result.notes),
        )
