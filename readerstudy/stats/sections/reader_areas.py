"""Readers' areas under the ROC curve, from confidence or from their calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import norm

from readerstudy.stats.auc import (
    Placements,
    delong_influence,
    normal_interval,
    placements,
)
from readerstudy.stats.clusters import area_by_cluster
from readerstudy.stats.moments import Moments, auc_jackknife, moments
from readerstudy.stats.pairs import (
    PairSums,
    Raters,
    auc_ustat,
    crossed_moments,
    incomplete_moments,
    pair_sums,
)
from readerstudy.stats.records import MEAN_READER, Record
from readerstudy.stats.sections.common import (
    RANDOM_DESIGNS,
    Label,
    Options,
    design_records,
    difference,
    from_inference,
    margin_records,
)
from readerstudy.stats.study import BoolArray, FloatArray, IntArray, Study
from readerstudy.stats.ustat import ustat_inference

Covariance = Literal["delong", "jackknife", "unbiased"]
COVARIANCES: tuple[Covariance, ...] = ("delong", "jackknife", "unbiased")
INCOMPLETE = "DeLong's covariance is undefined where readers judged different cases"
NO_CONFIDENCE = "{} answers without a confidence left out of readers' AUC"
MOST_PAIRS = 50_000
MANY_PAIRS = "unbiased covariance and ustat left out: with so many cases they agree with DeLong's"
DROPPED = "{} readers without both kinds of cases left out"


@dataclass(frozen=True, eq=False)
class Area:
    """Readers who judged both kinds of cases; `cluster` of these, positives first, or None."""

    readers: Raters
    complete: bool
    n_cases: int
    note: str
    cluster: IntArray | None = None


def records(study: Study, options: Options) -> Iterator[Record]:
    """AUC from confidence for every class, and (sensitivity + specificity) / 2 from calls."""
    for class_ in study.targets:
        target = study.classes.index(class_)
        ratings = reader_ratings(study, target=target)
        if ratings is not None:
            yield from _auc(study, target, ratings, options)
        yield from _call_area(study, target, options)


def reader_ratings(study: Study, *, target: int) -> FloatArray | None:
    """(J, n) confidence if the answer is the class, else 100 - confidence; nan where unknown."""
    if study.confidence is None:
        return None
    rating = np.where(study.answers == target, study.confidence, 100 - study.confidence)
    return np.where(study.answered, rating, np.nan)


def raters(scores: FloatArray, is_class: BoolArray) -> Raters:
    """Split (R, n) scores into positives and negatives with their placements."""
    positives, negatives = scores[:, is_class], scores[:, ~is_class]
    return Raters(positives, negatives, placements(positives, negatives))


def area(
    scores: FloatArray, is_class: BoolArray, cluster: IntArray | None = None
) -> tuple[Area, BoolArray, BoolArray] | None:
    """Readers with both kinds of cases and cases that anybody judged; None without any."""
    there = ~np.isnan(scores)
    keep = np.asarray(there[:, is_class].any(axis=1) & there[:, ~is_class].any(axis=1))
    if not keep.any():
        return None
    used = np.asarray(there[keep].any(axis=0))
    found = raters(scores[np.ix_(keep, used)], is_class[used])
    note = DROPPED.format(int((~keep).sum())) if not keep.all() else ""
    complete = bool(there[np.ix_(keep, used)].all())
    labels = None
    if cluster is not None:
        labels = np.concatenate([cluster[used & is_class], cluster[used & ~is_class]])
    return Area(found, complete, int(used.sum()), note, labels), keep, used


def model_raters(model_scores: FloatArray, readers: Raters, is_class: BoolArray) -> Raters:
    """The model on each reader's own cells; one row where the design is complete."""
    positives = model_scores[is_class][None, :]
    negatives = model_scores[~is_class][None, :]
    found = readers.found
    if not (found.there_positive.all() and found.there_negative.all()):
        positives = np.where(found.there_positive, positives, np.nan)
        negatives = np.where(found.there_negative, negatives, np.nan)
    return Raters(positives, negatives, placements(positives, negatives))


def area_moments(
    its: Area,
    covariance: Covariance,
    *,
    model: Raters | None = None,
    sums: PairSums | None = None,
) -> Moments | None:
    """Moments of the readers' AUCs, or of the model's minus theirs; None where undefined.

    `sums` of the same raters save counting their pairs again.
    """
    theta = its.readers.found.auc if model is None else model.found.auc - its.readers.found.auc
    if covariance == "unbiased":
        if not its.complete:
            return incomplete_moments(theta, its.readers, model)
        m, n = its.readers.positives.shape[1], its.readers.negatives.shape[1]
        return crossed_moments(theta, sums or pair_sums(its.readers, model), m=m, n=n)
    if covariance == "delong" and not its.complete:
        return None
    influence = _influence(its, its.readers.found, covariance)
    if model is not None:
        influence = _influence(its, model.found, covariance) - influence
    groups = None if its.cluster is None else len(np.unique(its.cluster))
    return moments(theta, influence, n_cases=its.n_cases, n_clusters=groups)


def _influence(its: Area, found: Placements, covariance: Covariance) -> FloatArray:
    single = delong_influence(found) if covariance == "delong" else auc_jackknife(found)
    if its.cluster is None:
        return single
    return area_by_cluster(single, its.cluster, n_positive=found.positive.shape[1])


def _auc(study: Study, target: int, ratings: FloatArray, options: Options) -> Iterator[Record]:
    is_class = study.truth == target
    found = area(ratings, is_class, study.cluster)
    if found is None:
        return
    its, keep, used = found
    unrated = int((study.answered & np.isnan(ratings)).sum())
    # Their cost grows with the square of the cases; without a crossed design nothing replaces them.
    positives = int(is_class[used].sum())
    many = its.complete and positives * (its.n_cases - positives) > MOST_PAIRS
    added = ([NO_CONFIDENCE.format(unrated)] if unrated else []) + ([MANY_PAIRS] if many else [])
    its = replace(its, note="; ".join(n for n in (its.note, *added) if n))
    class_ = study.classes[target]
    names = [r for r, k in zip(study.reader_ids, keep, strict=True) if k]
    yield from _reader_records(class_, names, its, options)
    # The unbiased covariance, and the pooled statistic, are of independent cases.
    alone = study.cluster is None and not many
    covariances = COVARIANCES if alone else COVARIANCES[:2]
    label = Label("auc", class_, MEAN_READER)
    yield from _mean_records(label, its, None, covariances, options, pooled=alone)
    for model in study.models:
        against = model_raters(model.scores[used, target], its.readers, is_class[used])
        label = Label("auc", class_, difference(model.name))
        yield from _mean_records(label, its, against, covariances, options, pooled=alone)
        yield from _paired_records(class_, model.name, names, its, against, options)


def _call_area(study: Study, target: int, options: Options) -> Iterator[Record]:
    """(sensitivity + specificity) / 2 is the AUC of a yes-or-no call."""
    is_class = study.truth == target
    calls = np.where(study.answered, (study.answers == target).astype(np.float64), np.nan)
    found = area(calls, is_class, study.cluster)
    if found is None:
        return
    its, _, used = found
    class_ = study.classes[target]
    label = Label("sens_spec_mean", class_, MEAN_READER)
    yield from _mean_records(label, its, None, ("jackknife",), options, pooled=False)
    for model in study.models:
        model_calls = (model.calls == target).astype(np.float64)[used]
        against = model_raters(model_calls, its.readers, is_class[used])
        label = Label("sens_spec_mean", class_, difference(model.name))
        yield from _mean_records(label, its, against, ("jackknife",), options, pooled=False)


def _mean_records(
    label: Label,
    its: Area,
    model: Raters | None,
    covariances: Sequence[Covariance],
    options: Options,
    *,
    pooled: bool = True,
) -> Iterator[Record]:
    sums = pair_sums(its.readers, model) if pooled else None
    for covariance in covariances:
        found = area_moments(its, covariance, model=model, sums=sums)
        if found is None:
            yield _undefined(label, its, model, covariance)
            continue
        designs = RANDOM_DESIGNS if model is None else (*RANDOM_DESIGNS, "or-frrc", "or-rrfc")
        chosen = [d for d in designs if d != "or-rrfc" or covariance == covariances[0]]
        yield from design_records(
            label, found, designs=chosen, options=options, covariance=covariance, note=its.note
        )
        if model is not None:
            yield from margin_records(label, found, options=options, covariance=covariance)
    if sums is not None:
        inference = ustat_inference(
            auc_ustat(sums, mean=_pooled_mean(its, model)),
            level=options.level,
            clip=model is None,
        )
        readers = len(its.readers.positives)
        yield from_inference(
            label, "ustat", inference, n_cases=its.n_cases, n_readers=readers, note=its.note
        )


def _pooled_mean(its: Area, model: Raters | None) -> float:
    found = its.readers.found
    weight = found.n_positive * found.n_negative
    theta = found.auc if model is None else model.found.auc - found.auc
    return float((weight * theta).sum() / weight.sum())


def _undefined(label: Label, its: Area, model: Raters | None, covariance: str) -> Record:
    theta = its.readers.found.auc if model is None else model.found.auc - its.readers.found.auc
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        f"or-rrrc:{covariance}",
        float(theta.mean()),
        n_cases=its.n_cases,
        n_readers=len(theta),
        note=INCOMPLETE,
    )


def _reader_records(class_: str, names: list[str], its: Area, options: Options) -> Iterator[Record]:
    found = its.readers.found
    se = np.sqrt((_influence(its, found, "delong") ** 2).sum(axis=1))
    low, high = normal_interval(found.auc, se, level=options.level)
    count = found.n_positive + found.n_negative
    for row in zip(names, *(x.tolist() for x in (found.auc, se, low, high, count)), strict=True):
        name, auc, error, lower, upper, n = row
        yield Record(
            "auc", class_, f"reader:{name}", "delong", auc, error,
            ci_low=lower, ci_high=upper, n_cases=int(n),
        )  # fmt: skip


def _paired_records(
    class_: str, model: str, names: list[str], its: Area, against: Raters, options: Options
) -> Iterator[Record]:
    """Paired DeLong of the model against each reader on the reader's own cells."""
    own = _influence(its, its.readers.found, "delong")
    influence = _influence(its, against.found, "delong") - own
    se = np.sqrt((influence**2).sum(axis=1))
    gap = against.found.auc - its.readers.found.auc
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 1e-12, gap / se, np.where(gap == 0, 0.0, np.nan))
    p, half = 2 * norm.sf(np.abs(z)), norm.isf((1 - options.level) / 2) * se
    count = its.readers.found.n_positive + its.readers.found.n_negative
    columns = (gap, se, z, p, gap - half, gap + half, count)
    for name, *values in zip(names, *(x.tolist() for x in columns), strict=True):
        estimate, error, statistic, value, lower, upper, n = values
        subject = f"model:{model} - reader:{name}"
        yield Record(
            "auc", class_, subject, "delong", estimate, error, np.nan, statistic, value,
            lower, upper, int(n),
        )  # fmt: skip
