"""The one call behind page, command and export."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.frames import build_study
from readerstudy.stats.input.study import Missing, Rule, Study
from readerstudy.stats.methods import learning
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.sections import (
    agreement,
    aided,
    areas,
    overall,
    pairs_of_raters,
    predictive,
    rates,
    reader_areas,
    resampled,
)
from readerstudy.stats.sections.common import Options
from readerstudy.stats.subjects_and_methods import PRIMARY


def analyse(
    readings: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    *,
    classes: Sequence[str] | None = None,
    positive: str | None = None,
    rule: Rule = "renormalise",
    missing: Missing = "omit",
    margin: float | None = None,
    cluster: str | None = None,
    rng: np.random.Generator | None = None,
    replicates: int = 0,
) -> Analysis:
    """Compare models with the mean of the readers, for every class and overall.

    `readings` and `predictions` as `build_study` describes them; `predictions` may be empty.
    `margin`, a fraction, adds non-inferiority and equivalence. `cluster` names a column of the
    readings: cases with the same value there are not independent. `replicates` above 0 with an
    `rng` adds two-way bootstrap intervals. Raises StatsError.

    >>> rows = [(r, c, t, a) for r in ("r1", "r2") for c, t, a in
    ...         (("a", "x", "x"), ("b", "y", "x"), ("c", "y", "y"))]
    >>> readings = pd.DataFrame(rows, columns=["reader_id", "case_id", "truth", "answer"])
    >>> analysis = analyse(readings, {}, positive="x")
    >>> analysis.get("specificity", "x", "mean_reader", "or-rrrc").estimate
    0.5
    """
    study = build_study(
        readings,
        predictions,
        classes=classes,
        positive=positive,
        rule=rule,
        missing=missing,
        cluster=cluster,
    )
    options = Options(margin=margin)
    if replicates and rng is None:
        raise StatsError(
            f"Expected an rng for {replicates} bootstrap replicates, but got none; "
            "pass numpy.random.default_rng(seed)."
        )
    resampled.check_size(study, replicates)
    records = (
        *_records(study, options, rng, replicates),
        *learning.records(readings, missing=missing, level=options.level),
    )
    return Analysis(_meta(study, options, rule, replicates, cluster), records)


def _records(
    study: Study, options: Options, rng: np.random.Generator | None, replicates: int
) -> Iterator[Record]:
    for section in (
        rates,
        predictive,
        areas,
        reader_areas,
        overall,
        pairs_of_raters,
        agreement,
        aided,
    ):
        yield from section.records(study, options)
    # Without replicates nothing is drawn, so any generator will do.
    generator = rng or np.random.default_rng(0)
    yield from resampled.records(study, options, replicates=replicates, rng=generator)


def _meta(
    study: Study, options: Options, rule: Rule, replicates: int, cluster: str | None
) -> dict[str, Any]:
    return {
        "n_readers": study.n_readers,
        "n_simulated": int(study.simulated.sum()),
        "n_cases": study.n_cases,
        "n_answers": int(study.answered.sum()),
        "n_unanswered": int((study.shown & ~study.answered).sum()),
        "n_aided": int(study.aided.answered.sum()) if study.aided else 0,
        "crossed": bool(study.answered.all()),
        "classes": list(study.classes),
        "cases_per_class": {c: int((study.truth == i).sum()) for i, c in enumerate(study.classes)},
        "positive": study.positive,
        "models": [m.name for m in study.models],
        "rule": rule,
        "missing": study.missing,
        "margin": options.margin,
        "cluster": cluster,
        "n_clusters": None if study.cluster is None else len(set(study.cluster.tolist())),
        "level": options.level,
        "replicates": replicates,
        "primary": str(PRIMARY),
        "notes": list(study.notes),
    }
