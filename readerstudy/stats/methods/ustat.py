"""Pooled U-statistics for readings of any design, complete or not."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats
from data.measures.tails import quantile, two_sided
from readerstudy.stats.methods.obuchowski_rockette import NOT_ESTIMABLE, ONE_READER, Inference

NEGATIVE = "negative variance estimate: not estimable"
CONVENTION = "p and interval with whole degrees of freedom, normal above 50, as iMRMC"
_NORMAL_ABOVE = 50


@dataclass(frozen=True)
class UStatistic:
    """Pooled mean with its unbiased and biased (plug-in) variance and degrees of freedom."""

    mean: float
    variance: float
    variance_biased: float
    df: float


def ustat(kernel: Floats, there: Bools) -> UStatistic:
    """Mean over all cells and its variance, readers and cases random.

    `kernel`: (J, n) float64, for example model minus reader, used where `there` (J, n) is true.
    The four second moments (same or other reader, same or other case) are estimated without bias
    from the cells that are there; every answered cell weighs the same. One reader or one case
    gives nan.

    Reference: Gallas, Bandos, Samuelson & Wagner 2009; Gallas, Pennello & Myers 2007 (df).

    >>> rng = np.random.default_rng(1)
    >>> values = (rng.random((4, 30)) < 0.7).astype(float)
    >>> u = ustat(values, np.ones((4, 30), bool))
    >>> print(f"{u.mean:.3f} {u.variance:.5f}")
    0.692 0.00177
    """
    weight = there.astype(np.float64)
    value = np.where(there, kernel, 0.0)
    top, bottom = _four_sums(value), _four_sums(weight)
    total = weight.sum()
    if total == 0:
        return UStatistic(np.nan, np.nan, np.nan, np.nan)
    mean = float(value.sum() / total)
    unbiased_top, unbiased_bottom = _UNBIASED @ top, _UNBIASED @ bottom
    if np.any(unbiased_bottom[:3] <= 0):
        return UStatistic(mean, np.nan, np.nan, np.nan)
    share = unbiased_bottom / total**2
    share[0] -= 1
    biased = top / bottom
    variance = float(share @ (unbiased_top / unbiased_bottom))
    n_used = int(there.any(axis=0).sum())
    return UStatistic(
        mean, variance, float(share @ biased), _degrees(variance, biased, bottom, n_used)
    )


# Rows: other reader and other case, other reader and same case, same reader and other case, same
# both; columns: the plain sums in the same order.
_UNBIASED = np.array([[1.0, -1, -1, 1], [0, 1, 0, -1], [0, 0, 1, -1], [0, 0, 0, 1]])


def _four_sums(cells: Floats) -> Floats:
    return np.array(
        [
            cells.sum() ** 2,
            (cells.sum(axis=0) ** 2).sum(),
            (cells.sum(axis=1) ** 2).sum(),
            (cells**2).sum(),
        ]
    )


def _degrees(variance: float, biased: Floats, bottom: Floats, n_cases: int) -> float:
    """Satterthwaite's degrees of freedom with a component for cases and one for readers."""
    if not variance > 0:
        return np.nan
    df_case = round(bottom[0] / bottom[1] - 1)
    df_reader = round(bottom[0] / bottom[2] - 1)
    case, reader = biased[1] - biased[0], biased[2] - biased[0]
    return satterthwaite(
        variance, [(case, df_case), (reader, df_reader)], least=min(df_case, df_reader, n_cases - 1)
    )


def satterthwaite(variance: float, parts: list[tuple[float, float]], *, least: float) -> float:
    """Degrees of freedom of a sum of components, at least `least`.

    Reference: Gaylor & Hopper 1969; Gallas, Pennello & Myers 2007.
    """
    spread = sum(part**2 / df**3 for part, df in parts if df > 0)
    return float(max(variance**2 / spread, least)) if spread > 0 else np.inf


def conditional_variance(first: Floats, second: Floats, there: Bools) -> float:
    """Variance of the pooled mean of first - second, moments taken reader by reader.

    `first`, `second`: (J, n) float64, used where `there` (J, n). Equal to `ustat`'s in a complete
    design; in an incomplete one often steadier, at the cost of a J x J matrix. A reader with a
    single case, or no two readers with a case in common, drops out of a moment.

    Reference: Gallas, Pennello & Meyers 2007.
    """
    a, b = (np.where(there, x, 0.0) for x in (first, second))
    own, other = _conditional(a, a, there), _conditional(b, b, there)
    return own + other - 2 * _conditional(a, b, there)


def _conditional(a: Floats, b: Floats, there: Bools) -> float:
    """Covariance of the pooled means of two kernels on the same cells."""
    design = there.astype(np.float64)
    count = design.sum(axis=1)
    weight = count / count.sum()
    pairs = np.outer(weight, weight)
    np.fill_diagonal(pairs, 0.0)
    shared = design @ design.T
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = (b.sum(axis=1, keepdims=True) - b) / (count[:, None] - design)
        rest[~np.isfinite(rest)] = 0.0
        same_case = np.where(shared > 0, (a @ b.T) / shared, 0.0)
        moments = (
            (weight * (a * b).sum(axis=1) / count).sum(),
            (weight * (a * rest).sum(axis=1) / count).sum(),
            (pairs * same_case).sum() / pairs.sum(),
            (pairs * ((a / count[:, None]) @ rest.T)).sum() / pairs.sum(),
        )
        overlap = shared / np.outer(count, count)
    shares = (
        (weight**2 / count).sum(),
        (weight**2 * (1 - 1 / count)).sum(),
        (pairs * overlap).sum(),
        (pairs * (1 - overlap)).sum() - 1,
    )
    return float(np.dot(shares, moments))


def ustat_inference(u: UStatistic, *, level: float = 0.95) -> Inference:
    """Test against 0 and interval by iMRMC's convention.

    t with whole degrees of freedom, normal above 50; nan and a note where the variance is nan,
    negative or 0. As there, a mean's interval is not cut at 0 or 1.
    """
    variance, df = u.variance, u.df
    if not variance > 1e-24:
        se = 0.0 if abs(variance) <= 1e-24 else np.nan
        notes: tuple[str, ...] = (NEGATIVE if variance < -1e-24 else NOT_ESTIMABLE,)
        if np.isnan(variance) and not np.isnan(u.mean):
            notes += (ONE_READER,)
        return Inference(u.mean, se, np.nan, np.nan, np.nan, np.nan, np.nan, notes)
    se = float(np.sqrt(variance))
    used = np.inf if df > _NORMAL_ABOVE else float(np.floor(df))
    half = quantile(level, used) * se
    low, high = u.mean - half, u.mean + half
    statistic = u.mean / se
    p = two_sided(statistic, used)
    return Inference(u.mean, se, df, statistic, p, low, high, (CONVENTION,))
