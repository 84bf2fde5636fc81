"""The one bootstrap: cases, or whole groups of them, drawn again and the figures computed again."""

from collections.abc import Callable, Iterator

import numpy as np

from data.arrays import Floats, Ints
from data.measures.resampling import percentile_interval

N_REPLICATES = 1000
SEED = 20_210_401
PERCENTILE = f"percentile bootstrap 95% ({N_REPLICATES:,} draws of cases, seed {SEED})"
BASIC = f"basic bootstrap 95% ({N_REPLICATES:,} draws of cases, seed {SEED})"
FEWEST = 5
_CELLS = 100_000  # of a block of replicates: what a processor's cache holds

# (b, n) weights of the cases to the (b, m) values of m figures, nan where undefined.
Statistic = Callable[[Floats], Floats]


def estimates(statistic: Statistic, n: int) -> Floats:
    """The (m,) figures with every one of n > 0 cases counted once."""
    found: Floats = statistic(np.ones((1, n)))[0]
    return found


def percentile_intervals(statistic: Statistic, n: int) -> Floats:
    """(m, 2): between the 2.5th and the 97.5th percentile of the redrawn figures (Efron 1979).

    nan with fewer than two cases, or where fewer than half of the draws are defined.
    """
    if n < 2:
        return np.full((len(estimates(statistic, n)), 2), np.nan)
    rng = np.random.default_rng(SEED)
    blocks = _draws(np.arange(n), replicates=N_REPLICATES, rng=rng)
    drawn = np.concatenate([statistic(weights) for weights in blocks])
    is_known = (~np.isnan(drawn)).mean(axis=0) >= 0.5
    limits = np.full((drawn.shape[1], 2), np.nan)
    for i in np.flatnonzero(is_known):
        limits[i] = percentile_interval(drawn[:, i])[1:]
    return limits


def basic_intervals(statistic: Statistic, n: int, *, least: float = 0.0) -> Floats:
    """(m, 2): the percentiles mirrored at the estimate, not below `least`.

    For figures that are biased upwards, such as a calibration error: their redrawn values are
    biased once more, and percentiles of them would lie too high.
    Reference: Davison & Hinkley 1997, section 5.2.
    """
    mirrored = 2 * estimates(statistic, n)[:, None] - percentile_intervals(statistic, n)[:, ::-1]
    limits: Floats = np.maximum(least, mirrored)
    return limits


def mean_interval(values: Floats) -> tuple[float, float, float]:
    """Mean of (n,) values, one per case, and its limits; nan where undefined.

    No limits below FEWEST values: they would be far too narrow.
    """
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    if len(values) < FEWEST:
        return float(values.mean()), np.nan, np.nan

    def mean(weights: Floats) -> Floats:
        means: Floats = (weights @ values / weights.sum(axis=1))[:, None]
        return means

    [[low, high]] = percentile_intervals(mean, len(values)).tolist()
    return float(values.mean()), low, high


def draw_weights(groups: Ints, *, replicates: int, rng: np.random.Generator) -> Floats:
    """(replicates, n): how often each case is drawn when whole groups are, with return.

    `groups` (n,) says which cases belong together (one patient, one lesion). Give several
    classifiers the same weights: that is what pairs them.
    """
    return np.concatenate([*_draws(groups, replicates=replicates, rng=rng)])


def _draws(groups: Ints, *, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
    """The rows of `draw_weights`, a block at a time."""
    names, place = np.unique(groups, return_inverse=True)
    n = len(names)
    block = max(1, min(replicates, _CELLS // n))
    for first in range(0, replicates, block):
        size = min(block, replicates - first)
        chosen = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
        counts = np.bincount(chosen.ravel(), minlength=size * n).reshape(size, n)
        yield counts[:, place].astype(np.float64)
