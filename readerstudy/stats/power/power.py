"""Power and size of a future study from the variance components of a pilot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, stdtrit
from scipy.stats import chi2

from data.arrays import Bools, Floats, Ints
from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.methods.obuchowski_rockette import Design

MOST_CASES = 2001
MOST_READERS = 1000
Kind = Literal["superiority", "noninferiority", "equivalence"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_NEGLIGIBLE = 1e-15
_AS_NORMAL = 1e7


@dataclass(frozen=True)
class Components:
    """Variance components of model minus reader, as a pilot with `n_cases` shows them.

    `readers`: variance of the readers' own true differences. `var`: variance of one reader's
    observed difference over cases. `cov2`: the part of it that two readers share because they saw
    the same cases. An estimate of `readers` or `cov2` may be negative; `power` counts it as 0.
    """

    readers: float
    var: float
    cov2: float
    n_cases: float


@dataclass(frozen=True)
class Claim:
    """What a study is to show, and the true difference, model minus mean reader, if it is so.

    superiority: the two-sided test of no difference rejects. noninferiority: the interval lies
    above -margin. equivalence: it lies within -margin and margin.

    Raises ValueError for a margin that is not above 0 where one is needed.
    """

    kind: Kind
    difference: float
    margin: float = 0.0

    def __post_init__(self) -> None:
        if self.kind != "superiority" and not self.margin > 0:
            raise ValueError(f"Expected a margin above 0 for {self.kind}, but got {self.margin}.")


@dataclass(frozen=True, eq=False)
class Power:
    """Power, standard error of the difference and degrees of freedom, arrays of one shape."""

    power: Floats
    se: Floats
    df: Floats


def components(gap: Moments, there: Bools | None = None) -> Components:
    """Components from the moments of the readers' differences to the model.

    `there`: (J, n) bool, who read what, where not all read all: then a reader's own variance and
    the covariance of two are brought to a study in which everybody reads all n cases, as if each
    case weighed the same. One reader, or no case that two readers share, gives nan.

    Reference: Hillis, Obuchowski & Berbaum 2011, eq. 6-8.
    """
    own, shared = (1.0, 1.0) if there is None else _completed(there)
    return Components(
        gap.ms - gap.var + gap.cov2, gap.var * own, gap.cov2 * shared, float(gap.n_cases)
    )


def obuchowski_rockette(
    *, var_tr: float, var: float, cov1: float, cov2: float, cov3: float, n_cases: float
) -> Components:
    """Components from those of two treatments, as MRMCaov, RJafroc and papers print them.

    `var_tr`: reader by treatment. `var`: error. `cov1`: same reader, other treatment. `cov2`: same
    treatment, other reader. `cov3`: both differ.
    """
    return Components(2 * var_tr, 2 * (var - cov1), 2 * (cov2 - cov3), n_cases)


def power(
    pilot: Components,
    claim: Claim,
    *,
    n_readers: Floats,
    n_cases: Floats,
    design: Design = "or-rrrc-capped",
    alpha: float = 0.05,
) -> Power:
    """Chance that a study of `n_readers` and `n_cases` (broadcast) shows the claim.

    `alpha` is two-sided; non-inferiority and equivalence test each side at half of it, which is
    where an interval of level 1 - alpha ends. Designs as `or_inference` has them. Zero variance,
    and fewer than two readers where they are random, give nan. Exact, given the components: the
    normal estimate is integrated over the distribution of its estimated standard error.

    Reference: Hillis, Obuchowski & Berbaum 2011, eq. 9-14; Phillips 1990 for equivalence.

    >>> pilot = Components(readers=0.0038, var=0.0022, cov2=0.0014, n_cases=100)
    >>> claim = Claim("superiority", difference=0.05)
    >>> readers, cases = np.array([10.0, 20.0]), np.array([200.0, 200.0])
    >>> power(pilot, claim, n_readers=readers, n_cases=cases).power.round(3)
    array([0.313, 0.378])
    """
    readers, cases = np.broadcast_arrays(np.asarray(n_readers, float), np.asarray(n_cases, float))
    se, df = _precision(pilot, readers, cases, design)
    usable = (se > 0) & (df > 0)
    known_se, known_df = np.where(usable, se, 1.0), np.where(usable, df, 1.0)
    chance = _chance(claim, known_se, known_df, alpha)
    return Power(np.where(usable, chance, np.nan), se, np.where(usable, df, np.nan))


def cases_needed(
    pilot: Components,
    claim: Claim,
    *,
    n_readers: Floats,
    target: Floats,
    design: Design = "or-rrrc-capped",
    alpha: float = 0.05,
) -> tuple[Ints, Floats]:
    """Fewest cases whose power passes `target`, and that power; if none does, MOST_CASES.

    `n_readers` and `target` broadcast.
    """

    def at(cases: Ints) -> Floats:
        size = {"n_readers": n_readers, "n_cases": cases.astype(np.float64)}
        return power(pilot, claim, **size, design=design, alpha=alpha).power

    return _fewest(at, *np.broadcast_arrays(n_readers, target), most=MOST_CASES)


def readers_needed(
    pilot: Components,
    claim: Claim,
    *,
    n_cases: Floats,
    target: Floats,
    design: Design = "or-rrrc-capped",
    alpha: float = 0.05,
) -> tuple[Ints, Floats]:
    """Fewest readers whose power passes `target`, and that power; if none does, MOST_READERS.

    `n_cases` and `target` broadcast.
    """

    def at(readers: Ints) -> Floats:
        size = {"n_readers": readers.astype(np.float64), "n_cases": n_cases}
        return power(pilot, claim, **size, design=design, alpha=alpha).power

    return _fewest(at, *np.broadcast_arrays(n_cases, target), most=MOST_READERS)


def _fewest(
    at: Callable[[Ints], Floats], size: Floats, target: Floats, *, most: int
) -> tuple[Ints, Floats]:
    """Power grows with both sizes, so that halving the range finds the first to pass."""
    low, high = np.full(size.shape, 2, dtype=np.intp), np.full(size.shape, most, dtype=np.intp)
    while (low < high).any():
        middle = (low + high) // 2
        passed = at(middle) > target
        low, high = (
            np.where(passed | (low == high), low, middle + 1),
            np.where(passed, middle, high),
        )
    return low, at(low)


def _precision(
    pilot: Components, readers: Floats, cases: Floats, design: Design
) -> tuple[Floats, Floats]:
    """Expected standard error of the mean difference, and its degrees of freedom."""
    scale = pilot.n_cases / cases
    between, cov2 = np.maximum(pilot.readers, 0.0), scale * np.maximum(pilot.cov2, 0.0)
    own = scale * pilot.var - cov2
    random = readers - 1 if design != "or-frrc" else np.full(readers.shape, np.inf)
    if design == "or-frrc":
        return np.sqrt(own / readers + cov2), random
    mean_square = between + own
    if design == "or-rrfc":
        return np.sqrt(mean_square / readers), random
    spread = mean_square + readers * cov2
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(random > 0, spread**2 / (mean_square**2 / random), np.nan)
    if design == "or-rrrc-capped":
        df = np.minimum(df, cases - 1)
    return np.sqrt(spread / readers), df


def _chance(claim: Claim, se: Floats, df: Floats, alpha: float) -> Floats:
    """Integral of the chance of rejection over the ratio of estimated to true standard error."""
    reach = -stdtrit(df, alpha / 2)
    below, above = _limits(claim, se)
    # Beyond this ratio no estimate can lie inside both margins.
    last = (above / reach) if claim.kind == "equivalence" else np.full(se.shape, np.inf)
    ratio, weight = _ratios(df, last)
    needed, shift = reach[..., None] * ratio, (claim.difference / se)[..., None]
    low, high = below[..., None] + needed - shift, above[..., None] - needed - shift
    if claim.kind == "superiority":
        chance = ndtr(-low) + ndtr(high)
    elif claim.kind == "noninferiority":
        chance = ndtr(-low)
    else:
        chance = np.maximum(ndtr(high) - ndtr(low), 0.0)
    return np.asarray(np.clip((weight * chance).sum(axis=-1), 0.0, 1.0))


def _limits(claim: Claim, se: Floats) -> tuple[Floats, Floats]:
    """Where the claim's region begins and ends, in standard errors, before the interval's reach."""
    margin = claim.margin if claim.kind != "superiority" else 0.0
    return -margin / se, margin / se


def _ratios(df: Floats, last: Floats) -> tuple[Floats, Floats]:
    """Nodes (..., 200) of sqrt(chi2 / df) up to `last`, with weights that sum to their chance.

    The square root of the ratio is what is divided evenly: below two degrees of freedom the
    density has a pole at 0 that would spoil the quadrature.
    """
    finite = np.minimum(df, _AS_NORMAL)
    first = np.sqrt(chi2.ppf(_NEGLIGIBLE, finite) / finite)
    end = np.minimum(np.sqrt(chi2.isf(_NEGLIGIBLE, finite) / finite), last)
    start, stop = np.sqrt(first), np.sqrt(np.maximum(first, end))
    half, d = ((stop - start) / 2)[..., None], finite[..., None]
    root = start[..., None] + half * (_NODES + 1)
    ratio = root**2
    weight = _WEIGHTS * half * 2 * root * 2 * ratio * d * chi2.pdf(d * ratio**2, d)
    normal = (df >= _AS_NORMAL)[..., None]
    even = (last >= 1)[..., None] / len(_NODES)
    return np.where(normal, 1.0, ratio), np.where(normal, even, weight)


def _completed(there: Bools) -> tuple[float, float]:
    """Factors that bring variances and covariances of an incomplete design to the complete one."""
    some = there[:, there.any(axis=0)][there.any(axis=1)].astype(np.float64)
    n_cases, count = some.shape[1], some.sum(axis=1)
    overlap = (some @ some.T) / np.outer(count, count)
    off = ~np.eye(len(count), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = np.divide(1.0, overlap[off].mean()) if off.any() else np.nan
    shared = shared if np.isfinite(shared) else np.nan
    return float(1 / (1 / count).mean() / n_cases), float(shared / n_cases)
