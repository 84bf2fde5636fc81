"""Tails and quantiles of t and normal, by survival functions so that tiny p keep their digits."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit


def upper_tail(statistic: float, df: float) -> float:
    """P(T > statistic) with `df` degrees of freedom; infinite `df` is the normal.

    >>> print(f"{upper_tail(2.0, 10):.5f} {upper_tail(30.0, np.inf):.3g}")
    0.03669 4.91e-198
    """
    return float(ndtr(-statistic) if np.isinf(df) else stdtr(df, -statistic))


def two_sided(statistic: float, df: float) -> float:
    """P(|T| > |statistic|)."""
    return 2 * upper_tail(abs(statistic), df)


def quantile(level: float, df: float) -> float:
    """How many standard errors a two-sided interval of that level reaches.

    >>> print(f"{quantile(0.95, np.inf):.4f} {quantile(0.95, 4):.4f}")
    1.9600 2.7764
    """
    tail = (1 - level) / 2
    return float(-ndtri(tail) if np.isinf(df) else -stdtrit(df, tail))
