"""Intervals of a proportion."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from statsmodels.stats.proportion import proportion_confint

from readerstudy.stats.study import FloatArray

IntervalMethod = Literal["wilson", "clopper-pearson", "agresti-coull"]
METHODS: tuple[IntervalMethod, ...] = ("wilson", "clopper-pearson", "agresti-coull")
_STATSMODELS = {"wilson": "wilson", "clopper-pearson": "beta", "agresti-coull": "agresti_coull"}


def interval(
    successes: npt.ArrayLike,
    trials: npt.ArrayLike,
    *,
    method: IntervalMethod = "wilson",
    level: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits, float64 in [0, 1], of the shape of `successes`.

    `trials` of 0 give nan. Agresti-Coull is clipped to [0, 1].

    Reference: Wilson 1927; Clopper & Pearson 1934; Agresti & Coull 1998.

    >>> low, high = interval(37, 40)
    >>> print(f"{float(low):.4f} {float(high):.4f}")
    0.8014 0.9742
    """
    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    low, high = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    some = n > 0
    if some.any():
        found = proportion_confint(x[some], n[some], alpha=1 - level, method=_STATSMODELS[method])
        low[some], high[some] = np.clip(found[0], 0, 1), np.clip(found[1], 0, 1)
    return low, high


def ratio(successes: npt.ArrayLike, trials: npt.ArrayLike) -> FloatArray:
    """Successes over trials as float64, nan where there are no trials.

    >>> ratio([1, 0], [4, 0])
    array([0.25,  nan])
    """
    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    quotient: FloatArray = np.divide(x, n, out=np.full(x.shape, np.nan), where=n > 0)
    return quotient
