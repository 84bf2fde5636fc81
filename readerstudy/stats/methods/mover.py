"""Intervals from a rate's own exact limits, for few cases or hardly any mistakes."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv

from data.measures.tails import quantile
from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.methods.obuchowski_rockette import NOT_ESTIMABLE, Inference, or_inference

# Beyond these a p says nothing more, and the quantiles behind it lose their digits.
_LEAST_P, _MOST_P = 1e-12, 0.999
# The root of a part that is 0 but for rounding would not be.
_NO_PART = 1e-12
Limits = tuple[float, float]


@dataclass(frozen=True)
class Rate:
    """A proportion and the number of independent answers that say as much.

    `estimate`: in [0, 1]. `variance`: of the estimate. `size`: what a binomial proportion of that
    variance would have been counted on. `df`: of the variance, infinite where the size is known.
    """

    estimate: float
    variance: float
    size: float
    df: float

    def limits(self, level: float) -> Limits:
        """Clopper and Pearson's limits of so many answers, fewer where the variance is uncertain.

        Reference: Korn & Graubard 1998.

        >>> low, high = Rate(0.9, 0.009, 10.0, np.inf).limits(0.95)
        >>> print(f"{low:.3f} {high:.3f}")
        0.555 0.997
        """
        size = self.size
        if np.isfinite(self.df):
            size *= (quantile(level, np.inf) / quantile(level, self.df)) ** 2
        hits, tail = self.estimate * size, (1 - level) / 2
        misses = size - hits
        low = float(betaincinv(hits, misses + 1, tail)) if hits > 1e-9 else 0.0
        high = float(betaincinv(hits + 1, misses, 1 - tail)) if misses > 1e-9 else 1.0
        return low, high


@dataclass(frozen=True)
class Gap:
    """A model's rate minus the mean reader's, and the correlation of the two over cases."""

    model: Rate
    readers: Rate
    correlation: float

    @property
    def estimate(self) -> float:
        """In [-1, 1]."""
        return self.model.estimate - self.readers.estimate

    def limits(self, level: float) -> Limits:
        """From the limits of both by the method of variance estimates recovery.

        Reference: Newcombe 1998 (paired data), method 10; Zou & Donner 2008, eq. 3.
        """
        low, high = self.model.limits(level)
        reader_low, reader_high = self.readers.limits(level)
        its, own = self.model.estimate, self.readers.estimate
        below = self._joined(its - low, reader_high - own)
        above = self._joined(high - its, own - reader_low)
        return self.estimate - below, self.estimate + above

    def _joined(self, a: float, b: float) -> float:
        return float(np.sqrt(max(a**2 + b**2 - 2 * self.correlation * a * b, 0.0)))


def mean_rate(moments: Moments) -> Rate:
    """The mean reader's rate, readers and cases random; nan limits for one reader.

    Variance and degrees of freedom are those of or-rrrc-capped. The size is at most the number of
    answers, and the number of cases where nothing varied.
    """
    inference = or_inference(moments, design="or-rrrc-capped")
    variance, p = inference.se**2, moments.mean
    df = inference.df if np.isfinite(inference.df) else moments.n_cases - 1.0
    size = _worth(p, variance, least=moments.n_cases, most=moments.n_readers * moments.n_cases)
    return Rate(p, variance, size, df)


def model_rate(moments: Moments) -> Rate:
    """A model's rate on the readers' cases; `moments` are its moments, once per reader.

    The size is the number of cases, or less where the readers' cells leave some of them out.
    """
    inference = or_inference(moments, design="or-frrc")
    p, variance = moments.mean, inference.se**2
    # One more than p (1 - p) / variance, whose variance has the divisor n - 1.
    size = _worth(p, variance, least=moments.n_cases, most=np.inf, more=1.0)
    return Rate(p, variance, min(size, moments.n_cases), np.inf)


def rate_gap(model: Moments, readers: Moments, difference: Moments) -> Gap:
    """Both rates with the correlation that the variance of their difference implies.

    Readers' rates vary by readers and by cases, and only the cases are shared with the model: the
    correlation is at most the root of their part.

    Reference: Zou & Donner 2008 on correlated estimates.
    """
    its, own = model_rate(model), mean_rate(readers)
    between = or_inference(difference, design="or-rrrc-capped").se ** 2
    scale = 2 * np.sqrt(its.variance * own.variance)
    if not scale > 0:
        return Gap(its, own, 0.0)
    part = readers.cov2 / own.variance
    most = np.sqrt(min(part, 1.0)) if part > _NO_PART else 0.0
    shared = (its.variance + own.variance - between) / scale
    return Gap(its, own, float(np.clip(shared, -most, most)))


def mover_inference(rate: Rate | Gap, *, level: float = 0.95) -> Inference:
    """Interval and, of a difference, the two-sided p at which it just leaves out 0.

    Nothing rests on a standard error, so that none is given. nan where a variance is unknown: one
    reader, or a reader with a single case.

    >>> sure = Rate(1.0, 0.0, 10.0, np.inf)
    >>> result = mover_inference(Gap(sure, Rate(0.8, 0.01, 16.0, 9.0), 0.0))
    >>> print(f"{result.estimate:.2f} {result.ci_low:.3f} {result.ci_high:.3f}")
    0.20 -0.151 0.520
    """
    unknown = np.isnan(_uncertainty(rate))
    low, high = (np.nan, np.nan) if unknown else rate.limits(level)
    p = p_beyond(rate, 0.0) if isinstance(rate, Gap) else np.nan
    notes = (NOT_ESTIMABLE,) if unknown and not np.isnan(rate.estimate) else ()
    return Inference(rate.estimate, np.nan, np.nan, np.nan, p, low, high, notes)


def p_beyond(gap: Gap, value: float) -> float:
    """Two-sided p of a difference of `value`: the level at which a limit lies there.

    Half of it is the one-sided p that the difference lies on the side of the estimate. At least
    1e-12, and 1 from 0.999 on; nan where the limits are.
    """
    if np.isnan(_uncertainty(gap)):
        return np.nan
    side = 0 if gap.estimate > value else 1
    sign = 1.0 if side == 0 else -1.0

    def inside(log_p: float) -> float:
        return sign * (value - gap.limits(1 - 10**log_p)[side])

    least, most = np.log10(_LEAST_P), np.log10(_MOST_P)
    if inside(most) >= 0:
        return 1.0
    if inside(least) <= 0:
        return _LEAST_P
    return float(10 ** brentq(inside, least, most, xtol=1e-10))


def one_sided_beyond(gap: Gap, value: float) -> float:
    """One-sided p that the difference is greater than `value`."""
    half = p_beyond(gap, value) / 2
    return half if gap.estimate > value else 1 - half


def _uncertainty(rate: Rate | Gap) -> float:
    if isinstance(rate, Rate):
        return rate.variance
    return rate.model.variance + rate.readers.variance


def _worth(p: float, variance: float, *, least: float, most: float, more: float = 0.0) -> float:
    """Answers behind a variance: p (1 - p) / variance, and `least` where there is none."""
    if np.isnan(variance):
        return np.nan
    if variance < 1e-24 or not 0 < p < 1:
        return least
    return min(p * (1 - p) / variance + more, most)
