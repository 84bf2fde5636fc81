"""Areas over all classes, and the readers' majority vote."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from data.arrays import Bools, Floats, Ints
from data.measures.auc import delong_influence, normal_interval
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.clusters import area_by_cluster, clustered_mcnemar
from readerstudy.stats.methods.confusion import is_right
from readerstudy.stats.methods.majority_vote import NO_MAJORITY, majority_vote, vote_shares
from readerstudy.stats.methods.mcnemar import discordant, exact_p
from readerstudy.stats.methods.multiclass import hand_till, macro_auc
from readerstudy.stats.methods.reader_area import raters
from readerstudy.stats.records import ALL, NAN, Record
from readerstudy.stats.sections.areas import auc_records
from readerstudy.stats.sections.common import Options
from readerstudy.stats.sections.rates import effects_of, metrics, proportion_records
from readerstudy.stats.subjects_and_methods import MAJORITY, Method, Subject

TIES = "a tied vote counts as wrong ({} cases tied)"
UNVOTED = "{} cases nobody answered left out"


def records(study: Study, options: Options) -> Iterator[Record]:
    """Macro and Hand-Till AUC of models and crowd, and the crowd's rates."""
    sources = [(Subject.model(m.name), m.scores) for m in study.models]
    if study.n_readers > 1:
        sources.append((MAJORITY, vote_shares(study.answers, n_classes=len(study.classes))))
    for subject, scores in sources:
        yield from _areas(study, subject, scores, options)
    if study.n_readers > 1:
        yield from _crowd(study, options)


def _areas(study: Study, subject: Subject, scores: Floats, options: Options) -> Iterator[Record]:
    known = ~np.isnan(scores).any(axis=1)
    truth, scores = study.truth[known], scores[known]
    n = int(known.sum())
    cluster = None if study.cluster is None else study.cluster[known]
    macro, se = macro_auc(truth, scores, cluster=cluster)
    low, high = normal_interval(np.array(macro), np.array(se), level=options.level)
    yield Record(
        "auc_macro", ALL, subject, Method("delong"), macro, se,
        ci_low=float(low), ci_high=float(high), n_cases=n,
    )  # fmt: skip
    value = hand_till(truth, scores)
    yield Record("auc_hand_till", ALL, subject, Method("hand-till"), value, n_cases=n)
    if subject == MAJORITY:
        for class_ in study.targets:
            target = study.classes.index(class_)
            placed = raters(scores[None, :, target], truth == target).placements
            is_class = truth == target
            influence = delong_influence(placed)
            if cluster is not None:
                labels = np.concatenate([cluster[is_class], cluster[~is_class]])
                influence = area_by_cluster(influence, labels, n_positive=int(is_class.sum()))
            yield from auc_records(
                class_, subject, float(placed.auc[0]), influence[0], options,
                n_positive=int(is_class.sum()), n_cases=n, clustered=cluster is not None,
            )  # fmt: skip


def _crowd(study: Study, options: Options) -> Iterator[Record]:
    """Rates of the majority vote, and each model against it by exact McNemar."""
    votes = majority_vote(study.answers, n_classes=len(study.classes))
    voted = np.asarray(study.answered.any(axis=0))
    notes: tuple[str, ...] = (TIES.format(int((votes[voted] == NO_MAJORITY).sum())),)
    if not voted.all():
        notes += (UNVOTED.format(int((~voted).sum())),)
    for metric in metrics(study):
        enters = voted.copy()
        if metric.target is not None:
            is_class = study.truth == metric.target
            enters &= is_class if metric.quantity == "sensitivity" else ~is_class
        at = np.flatnonzero(enters)
        right = is_right(study.truth[at], votes[at], metric.quantity, metric.target)
        right = right & (votes[at] != NO_MAJORITY)
        for record in proportion_records(
            metric.quantity, metric.class_, [MAJORITY], np.array([float(right.sum())]),
            np.array([float(len(at))]), level=options.level,
            effects=effects_of(study, right[None].astype(float), np.ones((1, len(at)), bool), at),
        ):  # fmt: skip
            yield replace(record, notes=record.notes + notes)
    yield from _against_crowd(study, votes, voted, notes)


def _against_crowd(
    study: Study, votes: Ints, voted: Bools, notes: tuple[str, ...]
) -> Iterator[Record]:
    right = (votes == study.truth)[None, voted].astype(float)
    for model in study.models:
        its = (model.calls == study.truth)[voted].astype(float)
        table = discordant(its, right, np.ones(right.shape, bool))
        method, p = "mcnemar-exact", exact_p(table.model_only, table.reader_only)
        if study.cluster is not None:
            statistic = clustered_mcnemar(its - right, study.cluster[voted])
            method, p = "mcnemar-clustered", chi2.sf(statistic, 1)
        yield Record(
            "accuracy",
            ALL,
            Subject.model(model.name) - MAJORITY,
            Method(method),
            float(its.mean() - right.mean()) if voted.any() else NAN,
            p=float(p[0]),
            n_cases=int(voted.sum()),
            notes=notes,
        )
