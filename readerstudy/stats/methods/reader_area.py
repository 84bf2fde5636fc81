"""Readers' areas under the ROC curve, and their moments."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from data.arrays import Bools, Floats, Ints
from data.measures.auc import Placements, delong_influence, placements
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.clusters import area_by_cluster
from readerstudy.stats.methods.moments import Moments, auc_jackknife, moments
from readerstudy.stats.methods.pairs import (
    PairSums,
    Raters,
    crossed_moments,
    incomplete_moments,
    pair_sums,
)

Covariance = Literal["delong", "jackknife", "unbiased"]
COVARIANCES: tuple[Covariance, ...] = ("delong", "jackknife", "unbiased")
DROPPED = "{} readers without both kinds of cases left out"


@dataclass(frozen=True, eq=False)
class Area:
    """Readers who judged both kinds of cases; `cluster` of these, positives first, or None."""

    readers: Raters
    complete: bool
    n_cases: int
    notes: tuple[str, ...]
    cluster: Ints | None = None


def reader_ratings(study: Study, *, target: int) -> Floats | None:
    """(J, n) confidence if the answer is the class, else 100 - confidence; nan where unknown."""
    if study.confidence is None:
        return None
    rating = np.where(study.answers == target, study.confidence, 100 - study.confidence)
    return np.where(study.answered, rating, np.nan)


def raters(scores: Floats, is_class: Bools) -> Raters:
    """Split (R, n) scores into positives and negatives with their placements."""
    positives, negatives = scores[:, is_class], scores[:, ~is_class]
    return Raters(positives, negatives, placements(positives, negatives))


def area(
    scores: Floats, is_class: Bools, cluster: Ints | None = None
) -> tuple[Area, Bools, Bools] | None:
    """Readers with both kinds of cases and cases that anybody judged; None without any."""
    there = ~np.isnan(scores)
    keep = np.asarray(there[:, is_class].any(axis=1) & there[:, ~is_class].any(axis=1))
    if not keep.any():
        return None
    used = np.asarray(there[keep].any(axis=0))
    rated = raters(scores[np.ix_(keep, used)], is_class[used])
    notes = () if keep.all() else (DROPPED.format(int((~keep).sum())),)
    complete = bool(there[np.ix_(keep, used)].all())
    labels = None
    if cluster is not None:
        labels = np.concatenate([cluster[used & is_class], cluster[used & ~is_class]])
    return Area(rated, complete, int(used.sum()), notes, labels), keep, used


def model_raters(model_scores: Floats, readers: Raters, is_class: Bools) -> Raters:
    """The model on each reader's own cells; one row where the design is complete."""
    positives = model_scores[is_class][None, :]
    negatives = model_scores[~is_class][None, :]
    placed = readers.placements
    if not (placed.there_positive.all() and placed.there_negative.all()):
        positives = np.where(placed.there_positive, positives, np.nan)
        negatives = np.where(placed.there_negative, negatives, np.nan)
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
    theta = (
        its.readers.placements.auc
        if model is None
        else model.placements.auc - its.readers.placements.auc
    )
    if covariance == "unbiased":
        if not its.complete:
            return incomplete_moments(theta, its.readers, model)
        m, n = its.readers.positives.shape[1], its.readers.negatives.shape[1]
        return crossed_moments(theta, sums or pair_sums(its.readers, model), m=m, n=n)
    if covariance == "delong" and not its.complete:
        return None
    influence = reader_influence(its, its.readers.placements, covariance)
    if model is not None:
        influence = reader_influence(its, model.placements, covariance) - influence
    groups = None if its.cluster is None else len(np.unique(its.cluster))
    return moments(theta, influence, n_cases=its.n_cases, n_clusters=groups)


def model_moments(its: Area, model: Raters, covariance: Covariance) -> Moments | None:
    """Moments of the model's AUCs on the readers' own cells; None where undefined.

    In a complete design it is one AUC, once per reader, so that Cov2 is its variance.
    """
    moments = area_moments(replace(its, readers=model), covariance)
    if moments is None or len(model.positives) > 1:
        return moments
    readers = len(its.readers.positives)
    return replace(moments, ms=0.0, cov2=moments.var, n_readers=readers)


def reader_influence(its: Area, placements: Placements, covariance: Covariance) -> Floats:
    """Influences of cases, or of their clusters, on each rater's AUC."""
    single = delong_influence(placements) if covariance == "delong" else auc_jackknife(placements)
    if its.cluster is None:
        return single
    return area_by_cluster(single, its.cluster, n_positive=placements.positive.shape[1])
