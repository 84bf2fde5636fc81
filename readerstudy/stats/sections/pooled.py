"""Pooled U-statistics of right answers, with every variance they have."""

from collections.abc import Iterator

import numpy as np

from data.arrays import Bools, Floats
from readerstudy.stats.methods.ustat import UStatistic, conditional_variance, ustat, ustat_inference
from readerstudy.stats.records import Record
from readerstudy.stats.sections.common import Label, Options, Size, from_inference
from readerstudy.stats.sections.variances import variance_records
from readerstudy.stats.subjects_and_methods import Method

ONLY_SE = "a second estimate of ustat's standard error"
OUTSIDE = "an interval is not cut at 0 or 1, as iMRMC"
_MOST_FOR_CONDITIONAL = 2000


def pooled_records(
    label: Label,
    first: Floats,
    second: Floats | None,
    there: Bools,
    options: Options,
    notes: tuple[str, ...],
) -> Iterator[Record]:
    """U-statistic of `first`, or of first - second, each (J, m) 0 or 1, on the cells `there`."""
    cells = first if second is None else first - second
    statistic = ustat(cells, there)
    inference = ustat_inference(statistic, level=options.level)
    n_cases, n_readers = int(there.any(axis=0).sum()), len(there)
    outside = second is None and (inference.ci_low < 0 or inference.ci_high > 1)
    size = Size(n_cases=n_cases, n_readers=n_readers)
    said = (OUTSIDE, *notes) if outside else notes
    yield from_inference(label, Method("ustat"), inference, **size, notes=said)
    variances = {"ustat": statistic.variance, "ustat-mle": statistic.variance_biased}
    if 1 < n_readers <= _MOST_FOR_CONDITIONAL:
        variance = statistic.variance
        if not there.all():
            zero = np.zeros(first.shape) if second is None else second
            variance = conditional_variance(first, zero, there)
        variances["ustat-conditional"] = variance
        yield _conditional(label, statistic, variance, size, notes)
    named = {Method(name, quantity=label.quantity): value for name, value in variances.items()}
    yield from variance_records(label, named, **size)


def _conditional(
    label: Label, statistic: UStatistic, variance: float, size: Size, notes: tuple[str, ...]
) -> Record:
    se = float(np.sqrt(variance)) if variance >= 0 else np.nan
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        Method("ustat-conditional"),
        statistic.mean,
        se,
        **size,
        notes=(ONLY_SE, *notes),
    )
