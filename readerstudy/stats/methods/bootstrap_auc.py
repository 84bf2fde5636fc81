"""Areas under the ROC curve of many raters among the drawn cases of many bootstrap replicates."""

from collections.abc import Callable
from typing import Any

import numpy as np

from data.arrays import Bools, Floats, Ints
from readerstudy.stats.methods.bootstrap import Draws

Count = Callable[[Floats, Floats, Ints, Ints], Floats]
# Measured: pairs pay up to so many per case, and one more for every value that ratings take.
_PAIRS_PER_CASE = 25
_MOST_PAIRS_PER_CASE = 150
_MOST_LEVELS = 125
_BLOCK = 2_000_000


def resampled_areas(draws: Draws, scores: Floats, is_class: Bools) -> Floats:
    """(B, R) AUC of each rater among the drawn cases, ties one half.

    `scores`: (R, n) float64, a higher one meaning the class, nan where a rater has none.
    `is_class`: (n,) bool. nan where a rater has no drawn case of one kind. All sums are of whole
    and half numbers, so that every way of counting gives the same bits; the cheapest one is taken.
    The memory lies rater by rater, since sums over raters depend on it in their last bits.

    >>> once = Draws(np.ones((1, 1)), np.ones((1, 3)))
    >>> is_class = np.array([True, False, False])
    >>> resampled_areas(once, np.array([[2.0, 1.0, 2.0]]), is_class)
    array([[0.75]])
    """
    of_class, others = np.flatnonzero(is_class), np.flatnonzero(~is_class)
    there = (~np.isnan(scores)).astype(np.float64)
    pairs = (draws.cases[:, of_class] @ there[:, of_class].T) * (
        draws.cases[:, others] @ there[:, others].T
    )
    count = _cheapest(scores, len(of_class) * len(others) / len(is_class))
    won = count(draws.cases, scores, of_class, others)
    auc: Floats = np.divide(won, pairs, out=np.full_like(won, np.nan), where=pairs > 0)
    return auc


def _cheapest(scores: Floats, pairs_per_case: float) -> Count:
    steps = np.diff(np.sort(scores, axis=1), axis=1) > 0
    levels = 1 + int(steps.sum(axis=1).max(initial=0))
    if pairs_per_case <= min(_PAIRS_PER_CASE + levels, _MOST_PAIRS_PER_CASE):
        return won_by_pairs
    return won_by_levels if levels <= _MOST_LEVELS else won_by_ranks


def won_by_pairs(drawn: Floats, scores: Floats, of_class: Ints, others: Ints) -> Floats:
    """(B, R) weighted number of pairs in which the case of the class scores higher.

    `drawn`: (B, n) float64, how often each case was drawn. Time grows with the number of pairs.
    """
    high, low = drawn[:, of_class], drawn[:, others]
    most = high.sum(axis=1).max(initial=0) * low.sum(axis=1).max(initial=0)
    high, low = high.astype(_kind(most)), low.astype(_kind(most))
    won = np.empty((len(scores), len(drawn))).T
    step = max(1, _BLOCK // max(1, high.size))
    for start in range(0, len(scores), step):
        its = scores[start : start + step]
        gap = its[:, None, of_class] - its[:, others, None]
        points = (gap > 0).astype(high.dtype)  # nowhere where a rating is nan
        points[gap == 0] = 0.5
        flat = points.transpose(1, 0, 2).reshape(len(others), -1)
        by_case = (low @ flat).reshape(len(drawn), len(its), -1)
        won[:, start : start + step] = np.einsum("brp,bp->br", by_case, high)
    return won


def won_by_levels(drawn: Floats, scores: Floats, of_class: Ints, others: Ints) -> Floats:
    """The same from how many cases of both kinds were drawn at each value that a rater gave.

    Time grows with cases times values: for confidence, which has few.
    """
    kind = _kind(drawn.sum(axis=1).max(initial=0))
    high = np.ascontiguousarray(drawn[:, of_class].T, dtype=kind)
    low = np.ascontiguousarray(drawn[:, others].T, dtype=kind)
    won = np.empty((len(scores), len(drawn)))
    for rater, its in enumerate(scores):
        level = np.unique(its[~np.isnan(its)])[:, None]
        at_level = (its[others] == level).astype(kind) @ low
        below = np.cumsum(at_level, axis=0) - at_level / 2
        of_it = (its[of_class] == level).astype(kind) @ high
        won[rater] = np.einsum("lb,lb->b", of_it, below, dtype=np.float64)
    return won.T


def won_by_ranks(drawn: Floats, scores: Floats, of_class: Ints, others: Ints) -> Floats:
    """The same in time that is linear in cases, for studies with very many."""
    weight = np.ascontiguousarray(drawn.T)
    won = np.zeros((len(scores), len(drawn)))
    for rater, its in enumerate(scores):
        high, low = (at[~np.isnan(its[at])] for at in (of_class, others))
        low = low[np.argsort(its[low])]
        below = np.vstack([np.zeros(len(drawn)), np.cumsum(weight[low], axis=0)])
        sides = [below[np.searchsorted(its[low], its[high], side)] for side in ("left", "right")]
        won[rater] = np.einsum("pb,pb->b", weight[high], sides[0] + sides[1]) / 2
    return won.T


def _kind(most: float) -> Any:
    """Half the memory and twice the speed, where all sums of halves up to `most` fit its 24 bits.

    >>> _kind(1000.0).__name__
    'float32'
    """
    return np.float32 if 2 * most < 2**24 else np.float64
