"""Areas under the ROC curve of the models."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from data.arrays import Bools, Floats
from data.measures.auc import (
    Placements,
    delong_influence,
    logit_interval,
    normal_interval,
    placements,
    separated_interval,
)
from data.measures.tails import quantile, two_sided
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.clusters import area_by_cluster
from readerstudy.stats.records import Record
from readerstudy.stats.sections.common import Options
from readerstudy.stats.subjects_and_methods import Method, Subject

PERFECT = "AUC of 0 or 1: DeLong's variance is 0 and says nothing about uncertainty"
PAIRED_OFF = "exact, from as many disjoint pairs of cases as there are, and wide"
TOO_FEW = "fewer than two cases on one side: no variance"


def model_placements(study: Study, *, target: int) -> Placements:
    """Placements of all models for one class, one row per model."""
    scores = np.array([model.scores[:, target] for model in study.models])
    is_class = study.truth == target
    return placements(scores[:, is_class], scores[:, ~is_class])


def records(study: Study, options: Options) -> Iterator[Record]:
    """AUC of each model one-vs-rest, and paired DeLong between models."""
    if not study.models:
        return
    for class_ in study.targets:
        target = study.classes.index(class_)
        placements = model_placements(study, target=target)
        influence = clustered_areas(study, delong_influence(placements), study.truth == target)
        for i, model in enumerate(study.models):
            yield from auc_records(
                class_, Subject.model(model.name), float(placements.auc[i]), influence[i], options,
                n_positive=int(placements.n_positive[i]), n_cases=study.n_cases,
                clustered=study.cluster is not None,
            )  # fmt: skip
        for i, j in combinations(range(len(study.models)), 2):
            first, second = (Subject.model(study.models[k].name) for k in (i, j))
            yield paired_record(
                class_,
                first - second,
                float(placements.auc[i] - placements.auc[j]),
                influence[i] - influence[j],
                level=options.level,
                n_cases=study.n_cases,
            )


def clustered_areas(study: Study, influence: Floats, is_class: Bools) -> Floats:
    """DeLong's influences of all cases, added within clusters if there are any."""
    if study.cluster is None:
        return influence
    labels = np.concatenate([study.cluster[is_class], study.cluster[~is_class]])
    return area_by_cluster(influence, labels, n_positive=int(is_class.sum()))


def auc_records(
    class_: str,
    subject: Subject,
    auc: float,
    influence: Floats,
    options: Options,
    *,
    n_positive: int,
    n_cases: int,
    clustered: bool,
) -> Iterator[Record]:
    """DeLong with the normal and with the logit interval; an exact one for an AUC of 0 or 1."""
    se = float(np.sqrt((influence**2).sum()))
    se = 0.0 if se < 1e-12 else se
    notes = (TOO_FEW,) if np.isnan(se) else (PERFECT,) if se == 0 else ()
    for method, limits in (("delong", normal_interval), ("delong-logit", logit_interval)):
        low, high = limits(np.array(auc), np.array(se), level=options.level)
        yield Record(
            "auc",
            class_,
            subject,
            Method(method),
            auc,
            se,
            ci_low=float(low),
            ci_high=float(high),
            n_cases=n_cases,
            notes=notes,
        )
    # Pairs of cases are independent only if the cases are.
    if auc in (0.0, 1.0) and not clustered:
        lower, upper = separated_interval(
            auc,
            n_positive=n_positive,
            n_negative=n_cases - n_positive,
            level=options.level,
        )
        yield Record(
            "auc", class_, subject, Method("clopper-pearson-pairs"), auc,
            ci_low=lower, ci_high=upper, n_cases=n_cases, notes=(PAIRED_OFF,),
        )  # fmt: skip


def paired_record(
    class_: str,
    subject: Subject,
    difference: float,
    influence: Floats,
    *,
    level: float,
    n_cases: int,
) -> Record:
    """DeLong's test of two areas on the same cases; identical scores give p = 1."""
    se = float(np.sqrt((influence**2).sum()))
    if se < 1e-12 and difference == 0:
        return Record(
            "auc",
            class_,
            subject,
            Method("delong"),
            0.0,
            0.0,
            statistic=0.0,
            p=1.0,
            n_cases=n_cases,
            notes=("identical areas and placements",),
        )
    if not se > 1e-12:
        return Record(
            "auc",
            class_,
            subject,
            Method("delong"),
            difference,
            se,
            n_cases=n_cases,
            notes=(PERFECT,),
        )
    z, half = difference / se, quantile(level, np.inf) * se
    return Record(
        "auc",
        class_,
        subject,
        Method("delong"),
        difference,
        se,
        statistic=z,
        p=two_sided(z, np.inf),
        ci_low=difference - half,
        ci_high=difference + half,
        n_cases=n_cases,
    )
