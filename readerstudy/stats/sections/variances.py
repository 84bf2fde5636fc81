"""Variance components behind the intervals, also where they are negative."""

from collections.abc import Iterator, Mapping

from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.records import Record
from readerstudy.stats.sections.common import Label
from readerstudy.stats.subjects_and_methods import Method

VARIANCE = "variance_component"


def component_records(
    label: Label,
    moments: Moments,
    *,
    against: tuple[Moments, Moments] | None = None,
    covariance: str = "",
) -> Iterator[Record]:
    """Obuchowski-Rockette components, as MRMCaov, RJafroc and `plan --components` name them.

    Of a mean alone ms, var and cov2. Of a difference, `against` the moments of the readers and of
    the model on their cells: those of two treatments, the model copied once per reader.
    """
    values = _alone(moments) if against is None else _of_two(moments, *against)
    yield from variance_records(
        label,
        {Method("or", name, label.quantity, covariance): value for name, value in values.items()},
        n_cases=moments.n_cases,
        n_readers=moments.n_readers,
    )


def variance_records(
    label: Label, values: Mapping[Method, float], *, n_cases: int, n_readers: int
) -> Iterator[Record]:
    """One record for each method's variance."""
    for method, value in values.items():
        yield Record(
            VARIANCE,
            label.class_,
            label.subject,
            method,
            value,
            n_cases=n_cases,
            n_readers=n_readers,
        )


def _alone(moments: Moments) -> dict[str, float]:
    return {"ms": moments.ms, "var": moments.var, "cov2": moments.cov2}


def _of_two(gap: Moments, readers: Moments, model: Moments) -> dict[str, float]:
    var, cov2 = (model.var + readers.var) / 2, (model.cov2 + readers.cov2) / 2
    cov1, cov3 = var - gap.var / 2, cov2 - gap.cov2 / 2
    return {
        "ms_tr": gap.ms / 2,
        "var_tr": gap.ms / 2 - var + cov1 + gap.cov2 / 2,
        "var": var,
        "cov1": cov1,
        "cov2": cov2,
        "cov3": cov3,
    }
