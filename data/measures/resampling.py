"""What redrawn figures say."""

import numpy as np

from data.arrays import Floats


def percentile_interval(values: Floats, *, level: float = 0.95) -> tuple[float, float, float]:
    """Standard deviation and percentile limits of (b,) replicates, of the finite ones alone.

    All nan without two of them. Reference: Efron & Tibshirani 1993, section 13.3.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return np.nan, np.nan, np.nan
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(finite.std(ddof=1)), float(low), float(high)
