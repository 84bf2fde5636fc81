"""Two-way bootstrap: readers and cases drawn anew, cases within their true class."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each reader (B, J) and each case (B, n) was drawn, float64."""

    readers: Floats
    cases: Floats


def draw(
    truth: Ints,
    *,
    n_readers: int,
    replicates: int,
    rng: np.random.Generator,
    cluster: Ints | None = None,
) -> Draws:
    """Draw readers, and cases within truth strata, with replacement; same sizes as observed.

    With clusters (n,) these are drawn whole, within strata of the classes that they hold.

    >>> draws = draw(np.array([0, 0, 1]), n_readers=2, replicates=3, rng=np.random.default_rng(0))
    >>> draws.cases[:, 2]
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


def _drawn(strata: Ints, replicates: int, rng: np.random.Generator) -> Floats:
    counts = np.zeros((replicates, len(strata)))
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        counts[:, at] = rng.multinomial(len(at), np.full(len(at), 1 / len(at)), size=replicates)
    return counts


def resampled_mean(draws: Draws, right: Floats, there: Bools, at: Ints) -> Floats:
    """(B,) mean over drawn readers of their share of right cells among drawn cases.

    `right`, `there`: (J, m) on the cases `at`. A drawn reader without a drawn cell is left out.
    """
    return mean_over_readers(draws, resampled_shares(draws, right, there, at))


def mean_over_readers(draws: Draws, values: Floats) -> Floats:
    """(B,) mean of (B, J) values over the drawn readers; those with nan are left out."""
    known = np.isfinite(values)
    weight = draws.readers * known
    total = weight.sum(axis=1)
    summed = (weight * np.where(known, values, 0.0)).sum(axis=1)
    mean: Floats = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return mean


def resampled_shares(draws: Draws, right: Floats, there: Bools, at: Ints) -> Floats:
    """(B, J) each reader's share of right cells among the drawn cases; nan without any."""
    weight = draws.cases[:, at]
    count = weight @ there.astype(np.float64).T
    summed = weight @ (right * there).T
    mean: Floats = np.divide(summed, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean


def resampled_roc(draws: Draws, scores: Floats, is_class: Bools) -> tuple[Floats, Floats]:
    """(B, t) false and true positive rates of a model at its t thresholds, from 0 to 1."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    weight, hit = draws.cases[:, order], is_class[order]
    with np.errstate(divide="ignore", invalid="ignore"):
        tpr = np.cumsum(weight * hit, axis=1)[:, last] / weight[:, hit].sum(axis=1, keepdims=True)
        fpr = np.cumsum(weight * ~hit, axis=1)[:, last] / weight[:, ~hit].sum(axis=1, keepdims=True)
    start = np.zeros((len(weight), 1))
    return np.hstack([start, fpr]), np.hstack([start, tpr])


def area_under(fpr: Floats, tpr: Floats) -> Floats:
    """(B,) area under each (B, t) curve by trapezia."""
    return np.asarray((np.diff(fpr, axis=1) * (tpr[:, 1:] + tpr[:, :-1]) / 2).sum(axis=1))


def rate_at(x: Floats, y: Floats, target: Floats) -> Floats:
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
