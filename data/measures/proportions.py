"""Intervals of a proportion."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from data.arrays import Floats
from data.measures.tails import quantile

IntervalMethod = Literal["wilson", "clopper-pearson", "agresti-coull"]
METHODS: tuple[IntervalMethod, ...] = ("wilson", "clopper-pearson", "agresti-coull")


def interval(
    successes: npt.ArrayLike,
    trials: npt.ArrayLike,
    *,
    method: IntervalMethod = "wilson",
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Lower and upper limits, float64 in [0, 1], of the shape of `successes`.

    `trials` of 0 give nan. Agresti-Coull may leave [0, 1], as it does in R's binom.

    Reference: Wilson 1927; Clopper & Pearson 1934 (by quantiles of the beta distribution); Agresti
    & Coull 1998.

    >>> low, high = interval(37, 40)
    >>> print(f"{float(low):.4f} {float(high):.4f}")
    0.8014 0.9742
    """
    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    low, high = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    some = n > 0
    if some.any():
        low[some], high[some] = _limits(x[some], n[some], method, level)
    return low, high


def mean_interval(
    successes: npt.ArrayLike, trials: npt.ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Limits of the mean of k independent proportions, by squaring and adding Wilson's.

    `successes`, `trials`: (k, ...) float64. Lower limit: mean - sqrt(sum (p - l)^2) / k, and the
    upper one alike, so that they stay in [0, 1] and move at proportions of 0 and 1. A proportion
    without trials gives nan.

    Reference: Newcombe 1998, method 10; Zou & Donner 2008.

    >>> low, high = mean_interval([37, 8], [40, 10])
    >>> print(f"{float(low):.4f} {float(high):.4f}")
    0.6957 0.9383
    """
    p = ratio(successes, trials)
    low, high = interval(successes, trials, level=level)
    below, above = (np.sqrt(((p - x) ** 2).sum(axis=0)) / len(p) for x in (low, high))
    return p.mean(axis=0) - below, p.mean(axis=0) + above


def _limits(x: Floats, n: Floats, method: IntervalMethod, level: float) -> tuple[Floats, Floats]:
    if method == "clopper-pearson":
        tail = (1 - level) / 2
        low, high = beta.ppf(tail, x, n - x + 1), beta.isf(tail, x + 1, n - x)
        return np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high)
    z = quantile(level, np.inf)
    if method == "agresti-coull":
        total = n + z**2
        centre = (x + z**2 / 2) / total
        half = z * np.sqrt(centre * (1 - centre) / total)
        return centre - half, centre + half
    p, stretch = x / n, 1 + z**2 / n
    centre = (p + z**2 / (2 * n)) / stretch
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4.0 * n**2)) / stretch
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def ratio(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Floats:
    """Successes over trials as float64, nan where there are no trials.

    >>> ratio([1, 0], [4, 0])
    array([0.25,  nan])
    """
    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    quotient: Floats = np.divide(x, n, out=np.full(x.shape, np.nan), where=n > 0)
    return quotient
