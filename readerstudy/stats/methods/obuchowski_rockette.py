"""From moments to standard errors, degrees of freedom, tests and intervals."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from data.measures.tails import quantile, two_sided, upper_tail
from readerstudy.stats.methods.moments import Moments

CLAMPED = "negative covariance between readers set to 0"
NOT_ESTIMABLE = "not estimable"
ONE_READER = "one reader: readers cannot be random (see paired DeLong or McNemar)"
TWO_READERS = "two readers: about one degree of freedom, the interval is very wide"
CASES_FIXED = "cases taken as fixed, as in a t-test of the readers: ignores case sampling"
FEW_CASES = "fewer than 20 cases: the interval may hold the truth less often than it says"
FEW_CLUSTERS = "fewer than 20 clusters: the interval may hold the truth less often than it says"
NO_SPREAD = "readers do not differ: no limit to the degrees of freedom, normal distribution"
_FEW = 20

Design = Literal["or-rrrc", "or-rrrc-capped", "or-frrc", "or-rrfc"]
DESIGNS: tuple[Design, ...] = ("or-rrrc-capped", "or-rrrc", "or-frrc", "or-rrfc")


@dataclass(frozen=True)
class Inference:
    """An estimate with its standard error, test against 0 and interval; nan where undefined."""

    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    notes: tuple[str, ...] = ()


def or_inference(
    moments: Moments, *, design: Design, level: float = 0.95, clip: bool = False
) -> Inference:
    """Obuchowski-Rockette analysis of one treatment, or of a difference to it.

    or-rrrc: random readers and cases, SE^2 = MS/J + max(Cov2, 0),
    df = (MS + J max(Cov2, 0))^2 / (MS^2 / (J - 1)). or-rrrc-capped: the same with df at most
    n - 1, or the number of clusters - 1. or-frrc: fixed readers, SE^2 = (Var + (J - 1) Cov2) / J,
    normal; Cov2 is not clamped, for this is the variance over cases of the readers' mean, as
    MRMCaov has it. or-rrfc: fixed cases, SE^2 = MS/J, J - 1 degrees of freedom. `clip` keeps the
    interval in [0, 1]. One reader (but for or-frrc) and zero variance give nan and a note.

    Reference: Hillis 2007, section 5.3; Hillis, Berbaum & Metz 2008.

    >>> moments = Moments(mean=0.1, ms=0.01, var=0.004, cov2=0.002, n_readers=5, n_cases=40)
    >>> result = or_inference(moments, design="or-rrrc")
    >>> print(f"{result.se:.4f} {result.df:.1f} {result.p:.3f}")
    0.0632 16.0 0.133
    """
    variance, df = _variance(moments, design)
    notes = _notes(moments, design)
    if np.isinf(df) and design != "or-frrc":
        notes.append(NO_SPREAD)
    inference = infer(moments.mean, float(np.sqrt(variance)), df=df, level=level, clip=clip)
    return replace(inference, notes=(*inference.notes, *notes))


def infer(
    estimate: float, se: float, *, df: float, level: float = 0.95, clip: bool = False
) -> Inference:
    """Two-sided test against 0 and interval by t, normal for infinite `df`; nan where se is 0."""
    if not (se > 0 and df > 0):
        notes = () if np.isnan(estimate) else (NOT_ESTIMABLE,)
        return Inference(estimate, se, np.nan, np.nan, np.nan, np.nan, np.nan, notes)
    statistic, half = estimate / se, quantile(level, df) * se
    low, high = estimate - half, estimate + half
    if clip:
        low, high = max(low, 0.0), min(high, 1.0)
    return Inference(estimate, se, df, statistic, two_sided(statistic, df), low, high)


def one_sided(estimate: float, se: float, *, df: float, margin: float) -> tuple[float, float]:
    """Statistic and p of estimate > -margin; nan where se is 0.

    >>> statistic, p = one_sided(0.02, 0.03, df=10, margin=0.05)
    >>> print(f"{statistic:.3f} {p:.4f}")
    2.333 0.0209
    """
    if not (se > 0 and df > 0):
        return np.nan, np.nan
    statistic = (estimate + margin) / se
    return statistic, upper_tail(statistic, df)


def _variance(moments: Moments, design: Design) -> tuple[float, float]:
    readers = moments.n_readers
    if design == "or-frrc":
        shared = 0.0 if readers == 1 else (readers - 1) * moments.cov2
        return _positive((moments.var + shared) / max(readers, 1)), np.inf
    cov2 = float(np.maximum(moments.cov2, 0.0))
    if design == "or-rrfc":
        return _positive(moments.ms / max(readers, 1)), readers - 1.0
    between = moments.ms + readers * cov2
    df = between**2 / (moments.ms**2 / (readers - 1)) if moments.ms > 0 else _no_spread(cov2)
    if design == "or-rrrc-capped":
        df = min(df, _units(moments) - 1.0)
    return _positive(between / max(readers, 1)), df


def _units(moments: Moments) -> int:
    """What was drawn independently: clusters of cases, or cases."""
    return moments.n_cases if moments.n_clusters is None else moments.n_clusters


def _no_spread(cov2: float) -> float:
    """Readers without any spread: only the cases are random, the normal limit."""
    return np.inf if cov2 > 0 else np.nan


def _positive(variance: float) -> float:
    """Rounding noise of exact zeros is zero; a truly negative estimate is undefined."""
    if variance < -1e-15:
        return np.nan
    return 0.0 if variance < 1e-24 else variance


def _notes(moments: Moments, design: Design) -> list[str]:
    notes = []
    random_readers = design != "or-frrc"
    if random_readers and moments.n_readers == 1:
        notes.append(ONE_READER)
    if random_readers and moments.n_readers == 2:
        notes.append(TWO_READERS)
    if moments.cov2 < -1e-15 and design in ("or-rrrc", "or-rrrc-capped"):
        notes.append(CLAMPED)
    if design == "or-rrfc":
        notes.append(CASES_FIXED)
    elif _units(moments) < _FEW:
        notes.append(FEW_CASES if moments.n_clusters is None else FEW_CLUSTERS)
    return notes
