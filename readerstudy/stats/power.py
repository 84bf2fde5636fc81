"""Power and number of cases of a future study from the variance components of a pilot."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, ncf, ncx2
from scipy.stats import f as fisher

from readerstudy.stats.moments import Moments
from readerstudy.stats.study import FloatArray

MOST_CASES = 2001


@dataclass(frozen=True)
class Components:
    """Obuchowski-Rockette components of two treatments, the model copied once per reader.

    `var`: error variance. `cov1`: same reader, other treatment. `cov2`: same treatment, other
    reader. `cov3`: both differ. `var_tr`: reader by treatment. `ms_tr`: its mean square. The pilot
    had `n_cases`.
    """

    ms_tr: float
    var_tr: float
    var: float
    cov1: float
    cov2: float
    cov3: float
    n_cases: int


@dataclass(frozen=True, eq=False)
class Power:
    """Power, noncentrality and denominator degrees of freedom, arrays of one shape."""

    power: FloatArray
    noncentrality: FloatArray
    df: FloatArray


def components(model: Moments, readers: Moments, gap: Moments) -> Components:
    """Components from the moments of the model on the readers' cells, the readers, and the gap."""
    var, cov2 = (model.var + readers.var) / 2, (model.cov2 + readers.cov2) / 2
    cov1 = (model.var + readers.var - gap.var) / 2
    cov3 = (model.cov2 + readers.cov2 - gap.cov2) / 2
    ms_tr = gap.ms / 2
    var_tr = ms_tr - var + cov1 + gap.cov2 / 2
    return Components(ms_tr, var_tr, var, cov1, cov2, cov3, gap.n_cases)


def power(
    pilot: Components,
    *,
    effect: float,
    n_readers: FloatArray,
    n_cases: FloatArray,
    design: str = "or-rrrc",
    alpha: float = 0.05,
) -> Power:
    """Power to find a difference of `effect` with `n_readers` and `n_cases` (broadcast).

    or-rrrc: both random; or-frrc: fixed readers; or-rrfc: fixed cases. Negative components count
    as 0.

    Reference: Hillis, Obuchowski & Berbaum 2011, eq. 9-14.

    >>> pilot = Components(0.0023, 0.0019, 0.0012, 0.0001, 0.0008, 0.0001, 100)
    >>> readers, cases = np.array([10.0, 20.0]), np.array([200.0, 200.0])
    >>> found = power(pilot, effect=0.05, n_readers=readers, n_cases=cases)
    >>> found.power.round(3)
    array([0.313, 0.38 ])
    """
    j, k = np.broadcast_arrays(np.asarray(n_readers, float), np.asarray(n_cases, float))
    scale, shared = pilot.n_cases / k, max(pilot.cov2 - pilot.cov3, 0.0)
    readers = max(pilot.var_tr, 0.0)
    own = scale * (pilot.var - pilot.cov1 - shared)
    if design == "or-frrc":
        spread, df = own + scale * j * shared, np.full(j.shape, np.inf)
    elif design == "or-rrfc":
        spread, df = readers + own, j - 1
    else:
        spread = readers + own + scale * j * shared
        df = spread**2 / ((readers + own) ** 2 / (j - 1))
    noncentrality = effect**2 * j / 2 / spread
    if design == "or-frrc":
        found = ncx2.sf(chi2.isf(alpha, 1), 1, noncentrality)
    else:
        found = ncf.sf(fisher.isf(alpha, 1, df), 1, df, noncentrality)
    return Power(np.asarray(found), np.asarray(noncentrality), np.asarray(df))


def cases_needed(
    pilot: Components, *, effect: float, n_readers: int, target: float = 0.8, alpha: float = 0.05
) -> tuple[int, float]:
    """Fewest cases, up to MOST_CASES, whose power passes `target`, and that power."""
    cases = np.arange(2.0, MOST_CASES + 1)
    found = power(
        pilot, effect=effect, n_readers=np.array(float(n_readers)), n_cases=cases, alpha=alpha
    ).power
    passed = np.flatnonzero(found > target)
    at = int(passed[0]) if len(passed) else len(cases) - 1
    return int(cases[at]), float(found[at])
