"""Two or more classifiers on the same cases: what each case says about their difference.

Everything rests on one (n, k) array per classifier, `contributions`: how much a case adds to the
one-vs-rest area of a class (model.metrics.classification.auc_components). Averaged over several
trainings of one network, they carry the sampling of the cases; the spread over trainings is
reported beside them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats, Ints
from data.measures.resampling import percentile_interval
from data.measures.tails import quantile, two_sided
from model.metrics.classification import auc_components


@dataclass(frozen=True)
class Areas:
    """`areas` (k,) in [0, 1], nan for a class without cases; `contributions` (n, k)."""

    areas: Floats
    contributions: Floats


@dataclass(frozen=True)
class Difference:
    """A difference of two areas, its 95% interval and two-sided p; nan when undefined."""

    estimate: float
    ci_low: float
    ci_high: float
    p: float


def mean_areas(trainings: Sequence[Floats], truth: Ints) -> Areas:
    """Areas of one network, averaged over its trainings.

    Each of `trainings` is (n, k) probabilities on the same n cases, `truth` (n,) int64 in [0, k).
    """
    k = trainings[0].shape[1]
    pairs = [
        [auc_components(probabilities[:, c], truth == c) for c in range(k)]
        for probabilities in trainings
    ]
    areas = np.array([[area for area, _ in row] for row in pairs])
    parts = np.array([[contribution for _, contribution in row] for row in pairs])
    return Areas(areas.mean(axis=0), parts.mean(axis=0).T)


def delong_difference(
    first: Floats, second: Floats, *, difference: float, groups: Ints
) -> Difference:
    """Paired test of two areas on the same cases; cases of one group are no independent news.

    `first` and `second` (n,) are the contributions of the cases, `groups` (n,) int64 says which
    belong together (one patient, one lesion). Equal classifiers give an interval of no width and
    p = 1. References: DeLong et al. 1988; for groups Obuchowski 1997, eq. 4 to 6.
    """
    away = np.bincount(groups, weights=first - second)
    n_groups = len(np.unique(groups))
    # Without groups of several cases this is DeLong's own variance.
    scale = n_groups / (n_groups - 1) if n_groups < len(groups) else 1.0
    error = math.sqrt(scale * float((away**2).sum()))
    if math.isnan(error):
        return Difference(difference, math.nan, math.nan, math.nan)
    if error == 0:
        return Difference(difference, difference, difference, 1.0 if difference == 0 else math.nan)
    half = quantile(0.95, math.inf) * error
    p = two_sided(difference / error, math.inf)
    return Difference(difference, difference - half, difference + half, p)


def bootstrap_macro(trainings: Sequence[Floats], truth: Ints, *, weights: Floats) -> Floats:
    """Macro one-vs-rest area in each replicate, averaged over the trainings, (r,).

    `weights` (r, n) says how often each case was drawn; the mean is over the classes that have
    cases in the replicate.
    """
    k = trainings[0].shape[1]
    found = np.array(
        [
            [_weighted_area(probabilities[:, c], truth == c, weights) for c in range(k)]
            for probabilities in trainings
        ]
    )
    macro: Floats = np.nanmean(found, axis=1).mean(axis=0)
    return macro


def bootstrap_rates(right: Floats, truth: Ints, *, weights: Floats) -> tuple[Floats, Floats]:
    """Accuracy and balanced accuracy in each replicate, both (r,).

    `right` (n,) is the share of the trainings that answered a case correctly. Balanced accuracy is
    the mean over the classes that have cases in the replicate.
    """
    classes = np.unique(truth)
    hits = np.stack([weights[:, truth == c] @ right[truth == c] for c in classes], axis=1)
    drawn = np.stack([weights[:, truth == c].sum(axis=1) for c in classes], axis=1)
    shares = np.full(hits.shape, np.nan)
    np.divide(hits, drawn, out=shares, where=drawn > 0)
    return hits.sum(axis=1) / drawn.sum(axis=1), np.nanmean(shares, axis=1)


def bootstrap_difference(first: Floats, second: Floats, *, difference: float) -> Difference:
    """Percentile interval and p of `difference` from (r,) replicates of both.

    p is twice the smaller share of replicates on one side of 0, counted with the estimate itself
    (Davison & Hinkley 1997, section 4.2), so that it is never 0.
    """
    away = first - second
    _, low, high = percentile_interval(away)
    tail = (1 + min(int((away <= 0).sum()), int((away >= 0).sum()))) / (len(away) + 1)
    return Difference(difference, low, high, min(1.0, 2 * tail))


def _weighted_area(scores: Floats, positive: Bools, weights: Floats) -> Floats:
    """(r,) areas; nan where a replicate has no case of one side. Ties count one half."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    drawn = weights[:, order]
    of_class = drawn * positive[order]
    others = np.concatenate(
        [np.zeros((len(drawn), 1)), np.cumsum(drawn - of_class, axis=1)], axis=1
    )
    below = np.searchsorted(ordered, ordered, side="left")
    up_to = np.searchsorted(ordered, ordered, side="right")
    won = (of_class * (others[:, below] + others[:, up_to]) / 2).sum(axis=1)
    pairs = of_class.sum(axis=1) * others[:, -1]
    areas = np.full(len(drawn), np.nan)
    np.divide(won, pairs, out=areas, where=pairs > 0)
    return areas
