"""Paired comparison of two raters' right and wrong answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom
from statsmodels.stats.multitest import fdrcorrection

from data.arrays import Bools, Floats, Ints
from data.measures.multiplicity import holm


@dataclass(frozen=True, eq=False)
class Discordant:
    """Counts of one model against R readers, each (R,) intp."""

    both_right: Ints
    model_only: Ints
    reader_only: Ints
    both_wrong: Ints


def discordant(model_right: Floats, right: Floats, there: Bools) -> Discordant:
    """Cross-tabulate. `model_right`: (m,) and `right`: (R, m) float64 0 or 1; `there`: (R, m)."""
    its, own = np.broadcast_to(model_right, right.shape) > 0, right > 0

    def count(cells: Bools) -> Ints:
        return np.asarray((cells & there).sum(axis=1), dtype=np.intp)

    return Discordant(count(its & own), count(its & ~own), count(~its & own), count(~its & ~own))


def exact_p(b: Ints, c: Ints) -> Floats:
    """Two-sided exact McNemar p of discordant counts; 1 where there are none.

    >>> exact_p(np.array([8]), np.array([2]))
    array([0.109375])
    """
    return np.asarray(np.minimum(1.0, 2 * binom.cdf(np.minimum(b, c), b + c, 0.5)))


def mid_p(b: Ints, c: Ints) -> Floats:
    """McNemar's mid-p: twice the lower tail less the point probability.

    Reference: Fagerland, Lydersen & Laake 2013.

    >>> mid_p(np.array([8]), np.array([2]))
    array([0.06542969])
    """
    low = np.minimum(b, c)
    p = 2 * binom.cdf(low, b + c, 0.5) - binom.pmf(low, b + c, 0.5)
    return np.asarray(np.minimum(1.0, p))


def chi_square(b: Ints, c: Ints, *, corrected: bool = False) -> Floats:
    """McNemar's statistic, with Edwards' correction if asked; nan without discordant pairs."""
    gap = np.abs(b - c).astype(np.float64)
    if corrected:
        gap = np.maximum(gap - 1, 0)
    total = (b + c).astype(np.float64)
    statistic: Floats = np.divide(gap**2, total, out=np.full(gap.shape, np.nan), where=total > 0)
    return statistic


def adjusted(p: Floats, *, method: Literal["holm", "fdr_bh"]) -> Floats:
    """Holm's or Benjamini and Hochberg's adjusted p over readers; nan stays nan.

    References: Holm 1979, Benjamini & Hochberg 1995.

    >>> adjusted(np.array([0.01, np.nan, 0.04, 0.03]), method="holm")
    array([0.03,  nan, 0.06, 0.06])
    """
    if method == "holm":
        return holm(p)
    result, known = np.full(p.shape, np.nan), ~np.isnan(p)
    if known.any():
        result[known] = fdrcorrection(p[known])[1]
    return result
