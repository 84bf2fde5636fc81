"""Turning inferences into records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Floats, Ints
from readerstudy.stats.clusters import by_cluster
from readerstudy.stats.input.study import Study
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
from readerstudy.stats.records import AIDED_READER, MEAN_READER, MOVER, NAN, Record

MEANS = (MEAN_READER, AIDED_READER)
RANDOM_DESIGNS: tuple[Design, ...] = ("or-rrrc-capped", "or-rrrc")


@dataclass(frozen=True)
class Options:
    """What the caller of `analyse` chose beyond the data."""

    level: float = 0.95
    margin: float | None = None


@dataclass(frozen=True)
class Label:
    """Whose number it is."""

    quantity: str
    class_: str
    subject: str

    @property
    def is_difference(self) -> bool:
        """To the mean reader, or of the aided to the unaided one."""
        return self.subject.endswith(f" - {MEAN_READER}") or self.subject.endswith(
            f" - {AIDED_READER}"
        )


def difference(model: str, mean: str = MEAN_READER) -> str:
    """The subject of a model minus the mean reader."""
    return f"model:{model} - {mean}"


def mean_moments(study: Study, theta: Floats, influence: Floats, at: Ints) -> Moments:
    """Moments of figures whose influence has a column for each of the cases `at`."""
    if study.cluster is None:
        return moments(theta, influence, n_cases=len(at))
    labels = study.cluster[at]
    groups = len(np.unique(labels))
    return moments(theta, by_cluster(influence, labels), n_cases=len(at), n_clusters=groups)


def from_inference(
    label: Label,
    method: str,
    found: Inference,
    *,
    n_cases: int,
    n_readers: int | None,
    note: str = "",
) -> Record:
    """A record of one inference; what stands alone is tested against nothing."""
    tested = label.is_difference
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        method,
        found.estimate,
        found.se,
        found.df,
        found.statistic if tested else NAN,
        found.p if tested else NAN,
        found.ci_low,
        found.ci_high,
        n_cases,
        n_readers,
        "; ".join(n for n in (found.note, note) if n),
    )


def design_records(
    label: Label,
    found: Moments,
    *,
    designs: Sequence[Design] = DESIGNS,
    options: Options,
    covariance: str = "",
    note: str = "",
) -> Iterator[Record]:
    """One record per design; a `covariance` is named after a colon."""
    for design in designs:
        clip = label.subject in MEANS
        inference = or_inference(found, design=design, level=options.level, clip=clip)
        suffix = f":{covariance}" if covariance else ""
        yield from_inference(
            label,
            design + suffix,
            inference,
            n_cases=found.n_cases,
            n_readers=found.n_readers,
            note=note,
        )


def margin_records(
    label: Label, found: Moments, *, options: Options, covariance: str = ""
) -> Iterator[Record]:
    """Non-inferiority and equivalence of a difference at the protocol's margin."""
    if options.margin is None:
        return
    for design in RANDOM_DESIGNS:
        result = or_inference(found, design=design, level=options.level)
        metric = f"{label.quantity}:{covariance}" if covariance else label.quantity
        method = f"{design}:{metric}"
        claims = _tested(method, result, options.margin)
        size = {"n_cases": found.n_cases, "n_readers": found.n_readers}
        yield from _margin_claims(label, claims, options.margin, **size)


def mover_records(
    label: Label,
    found: Rate | Gap,
    *,
    size: dict[str, int],
    options: Options,
    note: str = "",
) -> Iterator[Record]:
    """The same of a rate behind which few cases, or hardly a mistake, may stand."""
    result = mover_inference(found, level=options.level)
    if size["n_readers"] == 1:
        note = "; ".join(n for n in (ONE_READER, note) if n)
    yield from_inference(label, MOVER, result, **size, note=note)
    if options.margin is not None and isinstance(found, Gap):
        p = one_sided_beyond(found, -options.margin)
        p_upper = 1 - one_sided_beyond(found, options.margin)
        claims = Claims(f"{MOVER}:{label.quantity}", result, (NAN, NAN), (p, p_upper))
        yield from _margin_claims(label, claims, options.margin, **size)


@dataclass(frozen=True)
class Claims:
    """What is said of a difference at a margin; one-sided statistics and p, lower side first."""

    method: str
    result: Inference
    statistics: tuple[float, float]
    p: tuple[float, float]


def _tested(method: str, result: Inference, margin: float) -> Claims:
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
            "; ".join(n for n in (words, claim, result.note) if n),
        )
