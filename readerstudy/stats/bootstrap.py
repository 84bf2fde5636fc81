"""Two-way bootstrap: readers and cases drawn anew, cases within their true class."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from readerstudy.stats.study import BoolArray, FloatArray, IntArray

# Measured: below this many pairs per case a product of matrices beats one pass per rater.
_PAIRS_PER_CASE = 150
_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each reader (B, J) and each case (B, n) was drawn, float64."""

    readers: FloatArray
    cases: FloatArray


def draw(
    truth: IntArray,
    *,
    n_readers: int,
    replicates: int,
    rng: np.random.Generator,
    cluster: IntArray | None = None,
) -> Draws:
    """Draw readers, and cases within truth strata, with replacement; same sizes as observed.

    With clusters (n,) these are drawn whole, within strata of the classes that they hold.

    >>> found = draw(np.array([0, 0, 1]), n_readers=2, replicates=3, rng=np.random.default_rng(0))
    >>> found.cases[:, 2]
    array([1., 1., 1.])
    """
    readers = rng.multinomial(n_readers, np.full(n_readers, 1 / n_readers), size=replicates)
    if cluster is None:
        return Draws(readers.astype(np.float64), _drawn(truth, replicates, rng))
    labels, place = np.unique(cluster, return_inverse=True)
    held = np.zeros((len(labels), int(truth.max()) + 1), dtype=bool)
    held[place, truth] = True
    kinds = np.unique(held, axis=0, return_inverse=True)[1]
    return Draws(readers.astype(np.float64), _drawn(kinds, replicates, rng)[:, place])


def _drawn(strata: IntArray, replicates: int, rng: np.random.Generator) -> FloatArray:
    counts = np.zeros((replicates, len(strata)))
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        counts[:, at] = rng.multinomial(len(at), np.full(len(at), 1 / len(at)), size=replicates)
    return counts


def resampled_mean(draws: Draws, right: FloatArray, there: BoolArray, at: IntArray) -> FloatArray:
    """(B,) mean over drawn readers of their share of right cells among drawn cases.

    `right`, `there`: (J, m) on the cases `at`. A drawn reader without a drawn cell is left out.
    """
    return mean_over_readers(draws, resampled_shares(draws, right, there, at))


def mean_over_readers(draws: Draws, values: FloatArray) -> FloatArray:
    """(B,) mean of (B, J) values over the drawn readers; those with nan are left out."""
    known = np.isfinite(values)
    weight = draws.readers * known
    total = weight.sum(axis=1)
    summed = (weight * np.where(known, values, 0.0)).sum(axis=1)
    found: FloatArray = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return found


def resampled_shares(draws: Draws, right: FloatArray, there: BoolArray, at: IntArray) -> FloatArray:
    """(B, J) each reader's share of right cells among the drawn cases; nan without any."""
    weight = draws.cases[:, at]
    count = weight @ there.astype(np.float64).T
    summed = weight @ (right * there).T
    found: FloatArray = np.divide(summed, count, out=np.full(count.shape, np.nan), where=count > 0)
    return found


def resampled_roc(
    draws: Draws, scores: FloatArray, is_class: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """(B, t) false and true positive rates of a model at its t thresholds, from 0 to 1."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    weight, hit = draws.cases[:, order], is_class[order]
    with np.errstate(divide="ignore", invalid="ignore"):
        tpr = np.cumsum(weight * hit, axis=1)[:, last] / weight[:, hit].sum(axis=1, keepdims=True)
        fpr = np.cumsum(weight * ~hit, axis=1)[:, last] / weight[:, ~hit].sum(axis=1, keepdims=True)
    start = np.zeros((len(weight), 1))
    return np.hstack([start, fpr]), np.hstack([start, tpr])


def area_under(fpr: FloatArray, tpr: FloatArray) -> FloatArray:
    """(B,) area under each (B, t) curve by trapezia."""
    return np.asarray((np.diff(fpr, axis=1) * (tpr[:, 1:] + tpr[:, :-1]) / 2).sum(axis=1))


def resampled_areas(draws: Draws, scores: FloatArray, is_class: BoolArray) -> FloatArray:
    """(B, R) AUC of each rater among the drawn cases, ties one half.

    `scores`: (R, n) float64, a higher one meaning the class, nan where a rater has none.
    `is_class`: (n,) bool. nan where a rater has no drawn case of one kind. All sums are of whole
    and half numbers, so that both ways of counting give the same bits; the cheaper one is taken.
    The memory lies rater by rater, since sums over raters depend on it in their last bits.

    >>> once = Draws(np.ones((1, 1)), np.ones((1, 3)))
    >>> is_class = np.array([True, False, False])
    >>> resampled_areas(once, np.array([[2.0, 1.0, 2.0]]), is_class)
    array([[0.75]])
    """
    of_class, others = np.flatnonzero(is_class), np.flatnonzero(~is_class)
    by_pairs = len(of_class) * len(others) <= _PAIRS_PER_CASE * len(is_class)
    there = (~np.isnan(scores)).astype(np.float64)
    pairs = (draws.cases[:, of_class] @ there[:, of_class].T) * (
        draws.cases[:, others] @ there[:, others].T
    )
    count = _won_by_pairs if by_pairs else _won_by_ranks
    won = count(draws.cases, scores, of_class, others)
    found: FloatArray = np.divide(won, pairs, out=np.full_like(won, np.nan), where=pairs > 0)
    return found


def _won_by_pairs(
    drawn: FloatArray, scores: FloatArray, of_class: IntArray, others: IntArray
) -> FloatArray:
    """(B, R) weighted number of pairs in which the case of the class scores higher."""
    high, low = drawn[:, of_class], drawn[:, others]
    # Half the memory and twice the speed, and still exact as long as all sums fit its 24 bits.
    is_small = 2 * high.sum(axis=1).max(initial=0) * low.sum(axis=1).max(initial=0) < 2**24
    kind: Any = np.float32 if is_small else np.float64
    high, low = high.astype(kind), low.astype(kind)
    won = np.empty((len(scores), len(drawn))).T
    step = max(1, _BLOCK // max(1, high.size))
    for start in range(0, len(scores), step):
        its = scores[start : start + step]
        gap = its[:, None, of_class] - its[:, others, None]
        points = np.nan_to_num((np.sign(gap) + 1) / 2).astype(kind)
        flat = points.transpose(1, 0, 2).reshape(len(others), -1)
        by_case = (low @ flat).reshape(len(drawn), len(its), -1)
        won[:, start : start + step] = np.einsum("brp,bp->br", by_case, high)
    return won


def _won_by_ranks(
    drawn: FloatArray, scores: FloatArray, of_class: IntArray, others: IntArray
) -> FloatArray:
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


def rate_at(x: FloatArray, y: FloatArray, target: FloatArray) -> FloatArray:
    """(B,) y where a rising (B, t) curve x reaches `target` (B,), between points linearly.

    Where the curve rises straight up through the target its highest y counts.

    >>> rate_at(np.array([[0.0, 0.5, 1.0]]), np.array([[0.0, 0.2, 1.0]]), np.array([0.75]))
    array([0.6])
    """
    row = np.arange(len(x))
    above = np.minimum((x <= target[:, None]).sum(axis=1), x.shape[1] - 1)
    below = np.maximum(above - 1, 0)
    x0, x1, y0, y1 = x[row, below], x[row, above], y[row, below], y[row, above]
    step = x1 - x0
    part = np.divide(target - x0, step, out=np.zeros_like(step), where=step > 0)
    return np.where(target >= x[:, -1], y[:, -1], y0 + np.clip(part, 0, 1) * (y1 - y0))


def percentile_interval(values: FloatArray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Standard deviation and percentile limits of the finite replicates; nan without two."""
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return np.nan, np.nan, np.nan
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(finite.std(ddof=1)), float(low), float(high)
