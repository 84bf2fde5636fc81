"""Turning inferences into records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.clusters import by_cluster
from readerstudy.stats.few_cases import with_imaginary_case
from readerstudy.stats.hillis import (
    DESIGNS,
    FEW_CASES,
    Design,
    Inference,
    one_sided,
    or_inference,
)
from readerstudy.stats.moments import Moments, moments
from readerstudy.stats.records import AIDED_READER, MEAN_READER, NAN, Record
from readerstudy.stats.study import FloatArray, IntArray, Study

FEW = "or-rrrc-few-cases"
STEADIED = "few cases: a quarter of an imaginary one added to the variance"
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


def mean_moments(study: Study, theta: FloatArray, influence: FloatArray, at: IntArray) -> Moments:
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
        yield from _one_margin(label, method, result, found, options.margin)


def few_cases_records(
    label: Label, found: Moments, *, options: Options, note: str = ""
) -> Iterator[Record]:
    """The same of a proportion that few cases, or hardly a mistake, stand behind."""
    steadied = with_imaginary_case(found, difference=label.is_difference)
    clip = label.subject in MEANS
    result = or_inference(steadied, design="or-rrrc-capped", level=options.level, clip=clip)
    result = replace(result, note=result.note.replace(FEW_CASES, STEADIED))
    size = {"n_cases": found.n_cases, "n_readers": found.n_readers}
    yield from_inference(label, FEW, result, **size, note=note)
    if options.margin is not None and label.is_difference:
        method = f"{FEW}:{label.quantity}"
        yield from _one_margin(label, method, result, found, options.margin)


def _one_margin(
    label: Label, method: str, result: Inference, found: Moments, margin: float
) -> Iterator[Record]:
    statistic, p = one_sided(result.estimate, result.se, df=result.df, margin=margin)
    upper, p_upper = one_sided(-result.estimate, result.se, df=result.df, margin=margin)
    both = float(np.maximum(p, p_upper))
    nearer = statistic if p >= p_upper else upper
    words = f"{label.quantity}, margin {margin:g}"
    for quantity, stat, value, claim in (
        ("noninferiority", statistic, p, "one-sided p that the difference is above -margin"),
        ("equivalence", nearer, both, "larger p of two one-sided tests"),
    ):
        yield Record(
            quantity,
            label.class_,
            label.subject,
            method,
            result.estimate,
            result.se,
            result.df,
            stat,
            value,
            result.ci_low,
            result.ci_high,
            found.n_cases,
            found.n_readers,
            "; ".join(n for n in (words, claim, result.note) if n),
        )
