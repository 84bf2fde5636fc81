"""Sums over positive-negative pairs behind the unbiased variances of an AUC."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.arrays import Floats
from data.measures.auc import Placements
from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.methods.ustat import UStatistic, satterthwaite

_CELLS_AT_ONCE = 4_000_000
Halves = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Raters:
    """Scores of R raters: (R, m) on positives and (R, n) on negatives, nan where absent."""

    positives: Floats
    negatives: Floats
    placements: Placements


@dataclass(frozen=True, eq=False)
class PairSums:
    """The eight products of sums of a success kernel, and how many terms each has.

    In order, same reader and then any two readers: same pair, same positive, same negative, any
    pair. `shares` of terms follow from the design alone.
    """

    values: Floats
    counts: Floats


def pair_sums(readers: Raters, model: Raters | None = None) -> PairSums:
    """Sums for the readers' success kernel, or for the model's minus the readers'.

    A model is given on each reader's own cells, (R, m) and (R, n), or once for all as one row when
    the design is complete. Cost is readers x positives x negatives, memory one block of it.

    Reference: Gallas, Bandos, Samuelson & Wagner 2009, eq. 19.
    """
    row, column = _margins(readers, model)
    squares, pairs = _kernel_sums(readers, model)
    total = row.sum(axis=1)
    values = np.array(
        [
            squares,
            (row**2).sum(),
            (column**2).sum(),
            (total**2).sum(),
            (pairs**2).sum(),
            (row.sum(axis=0) ** 2).sum(),
            (column.sum(axis=0) ** 2).sum(),
            total.sum() ** 2,
        ]
    )
    return PairSums(values, _design_counts(readers.placements))


def auc_ustat(sums: PairSums, *, mean: float) -> UStatistic:
    """Pooled AUC, or difference, with unbiased variance, readers and cases random.

    Every positive-negative pair that a reader judged weighs the same. Fewer than two readers,
    positives or negatives give nan.
    """
    unbiased_values, unbiased_counts = _UNBIASED @ sums.values, _UNBIASED @ sums.counts
    if np.any(unbiased_counts <= 0):
        return UStatistic(mean, np.nan, np.nan, np.nan)
    share = unbiased_counts / sums.counts[7]
    share[7] -= 1
    biased = sums.values / sums.counts
    variance = float(share @ (unbiased_values / unbiased_counts))
    return UStatistic(
        mean, variance, float(share @ biased), _degrees(variance, biased, sums.counts)
    )


def crossed_moments(theta: Floats, sums: PairSums, *, m: int, n: int) -> Moments:
    """Unbiased moments of J readers who all judged the same m positives and n negatives."""
    readers = len(theta)
    pairs = float(m * n)
    delta = pairs / ((m - 1) * (n - 1)) if min(m, n) > 1 else np.nan
    same, any_ = sums.values[:4], sums.values[4:]
    var = _unbiased(same, delta) / pairs**2 / readers
    other = readers * (readers - 1)
    cov2 = _unbiased(any_ - same, delta) / pairs**2 / other if other else np.nan
    ms = float(theta.var(ddof=1)) if other else np.nan
    return Moments(float(theta.mean()), ms, var, cov2, readers, m + n)


def incomplete_moments(theta: Floats, readers: Raters, model: Raters | None = None) -> Moments:
    """Unbiased moments where readers judged different cases; needs a J x J matrix.

    Reference: Gallas, Pennello & Meyers 2007.
    """
    placed = readers.placements
    row, column = _margins(readers, model)
    kernel = _difference(readers, model, slice(None)).astype(np.float64).reshape(len(theta), -1) / 2
    total = row.sum(axis=1)
    m, n = placed.n_positive, placed.n_negative
    both_p = placed.there_positive.astype(float) @ placed.there_positive.T
    both_n = placed.there_negative.astype(float) @ placed.there_negative.T
    terms = np.outer(m * n, m * n)
    distinct = terms - np.outer(m, m) * both_n - np.outer(n, n) * both_p + both_p * both_n
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = terms / distinct
        inner = row @ row.T + column @ column.T - kernel @ kernel.T
        cov = ((1 - delta) * np.outer(total, total) + delta * inner) / terms
    cov[~np.isfinite(cov)] = np.nan
    readers_n = len(theta)
    var = float(np.trace(cov)) / readers_n
    other = readers_n * (readers_n - 1)
    cov2 = float(cov.sum() - np.trace(cov)) / other if other else np.nan
    ms = float(theta.var(ddof=1)) if other else np.nan
    return Moments(float(theta.mean()), ms, var, cov2, readers_n, row.shape[1] + column.shape[1])


# Rows are products over distinct things, columns plain products, both in PairSums' order.
_UNBIASED = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [-1, 1, 0, 0, 0, 0, 0, 0],
        [-1, 0, 1, 0, 0, 0, 0, 0],
        [1, -1, -1, 1, 0, 0, 0, 0],
        [-1, 0, 0, 0, 1, 0, 0, 0],
        [1, -1, 0, 0, -1, 1, 0, 0],
        [1, 0, -1, 0, -1, 0, 1, 0],
        [-1, 1, 1, -1, 1, -1, -1, 1],
    ],
    dtype=np.float64,
)


def _unbiased(four: Floats, delta: float) -> float:
    return float((1 - delta) * four[3] + delta * (four[1] + four[2] - four[0]))


def _margins(readers: Raters, model: Raters | None) -> tuple[Floats, Floats]:
    """(R, m) and (R, n) sums of the kernel over negatives and over positives."""
    placed = readers.placements
    m, n = placed.n_positive[:, None], placed.n_negative[:, None]
    row, column = placed.positive * n, placed.negative * m
    if model is None:
        return row, column
    return model.placements.positive * n - row, model.placements.negative * m - column


def _kernel_sums(readers: Raters, model: Raters | None) -> tuple[float, Floats]:
    """Sum of squares over all cells, and (m, n) sums over readers."""
    m, n = readers.positives.shape[1], readers.negatives.shape[1]
    step = max(1, _CELLS_AT_ONCE // max(m * n, 1))
    squares, pairs = 0, np.zeros((m, n), dtype=np.int64)
    for start in range(0, len(readers.positives), step):
        block = _difference(readers, model, slice(start, start + step))
        squares += int(np.square(block).sum(dtype=np.int64))
        pairs += block.sum(axis=0, dtype=np.int64)
    return squares / 4, pairs / 2


def _difference(readers: Raters, model: Raters | None, which: slice) -> Halves:
    """(r, m, n) kernel in halves; 0 in cells that are not there."""
    own = _halves(readers.positives[which], readers.negatives[which])
    if model is None:
        return own
    once = len(model.positives) == 1
    rows = slice(None) if once else which
    return _halves(model.positives[rows], model.negatives[rows]) - own


def _halves(positives: Floats, negatives: Floats) -> Halves:
    p, n = positives[:, :, None], negatives[:, None, :]
    above = (p > n).astype(np.int8)
    above += above
    above += p == n
    return above


def _design_counts(placements: Placements) -> Floats:
    there_p, there_n = (
        placements.there_positive.astype(float),
        placements.there_negative.astype(float),
    )
    m, n = placements.n_positive, placements.n_negative
    return np.array(
        [
            (m * n).sum(),
            (m * n**2).sum(),
            (m**2 * n).sum(),
            (m**2 * n**2).sum(),
            ((there_p.T @ there_n) ** 2).sum(),
            ((there_p.T @ n) ** 2).sum(),
            ((there_n.T @ m) ** 2).sum(),
            (m * n).sum() ** 2,
        ]
    )


def _degrees(variance: float, biased: Floats, counts: Floats) -> float:
    if not variance > 0:
        return np.nan
    parts = [
        (float(biased[i] - biased[7]), float(round(counts[7] / counts[i] - 1))) for i in (6, 5, 3)
    ]
    return satterthwaite(variance, parts, least=min(df for _, df in parts))
