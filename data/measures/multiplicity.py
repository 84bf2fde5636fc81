"""Several tests at once."""

import numpy as np

from data.arrays import Floats


def holm(p: Floats) -> Floats:
    """(m,) p adjusted for testing all m; nan stays nan and does not count.

    Not by statsmodels' multipletests, which collects the garbage of the whole server first.
    Reference: Holm 1979.

    >>> holm(np.array([0.01, np.nan, 0.04, 0.03]))
    array([0.03,  nan, 0.06, 0.06])
    """
    order = np.argsort(p)[: int((~np.isnan(p)).sum())]  # nan is sorted last
    adjusted = np.full(p.shape, np.nan)
    steps = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
