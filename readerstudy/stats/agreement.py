"""Agreement of readers with each other, and of two raters."""

from dataclasses import dataclass

import krippendorff
import numpy as np
from scipy.stats import t as student
from statsmodels.stats.inter_rater import fleiss_kappa

from readerstudy.stats.study import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Agreement:
    """A chance-corrected coefficient with its standard error over cases; nan where undefined."""

    value: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    observed: float
    by_chance: float
    n_cases: int


def gwet_ac1(votes: IntArray, *, level: float = 0.95) -> Agreement:
    """Gwet's AC1 among raters, cases with one rating helping only the prevalence.

    `votes`: (n, k) intp ratings per case and class. Variance over cases. No case with two ratings,
    or one class, gives nan.

    Reference: Gwet 2008, eq. 5-8; Gwet 2014, chapter 5.

    >>> round(gwet_ac1(np.array([[2, 0], [1, 1], [0, 2]])).value, 4)
    0.3333
    """
    table = _Table(votes)
    prevalence = table.prevalence
    chance = float((prevalence * (1 - prevalence)).sum()) / max(votes.shape[1] - 1, 1)
    slope = (table.shares @ (1 - prevalence)) / max(votes.shape[1] - 1, 1)
    return table.coefficient(chance, slope, level)


def fleiss(votes: IntArray, *, level: float = 0.95) -> Agreement:
    """Fleiss' kappa generalised to unanswered cells, with Gwet's variance over cases.

    Reference: Fleiss 1971; Gwet 2014, chapter 5.
    """
    table = _Table(votes)
    chance = float((table.prevalence**2).sum())
    return table.coefficient(chance, table.shares @ table.prevalence, level)


def fleiss_complete(votes: IntArray, *, n_raters: int) -> tuple[float, int]:
    """Fleiss' kappa on the cases that everybody rated, and their number; nan without any.

    >>> fleiss_complete(np.array([[2, 0], [0, 2]]), n_raters=2)
    (1.0, 2)
    """
    complete = votes[votes.sum(axis=1) == n_raters]
    if n_raters < 2 or len(complete) == 0 or (complete.sum(axis=0) > 0).sum() < 2:
        return np.nan, len(complete)
    return float(fleiss_kappa(complete, method="fleiss")), len(complete)


def krippendorff_alpha(answers: IntArray) -> float:
    """Nominal alpha. `answers`: (J, n) intp, negative where unanswered; nan without variation."""
    values = np.where(answers < 0, np.nan, answers)
    given = answers[answers >= 0]
    if len(np.unique(given)) < 2 or ((answers >= 0).sum(axis=0) > 1).sum() == 0:
        return np.nan
    return float(krippendorff.alpha(reliability_data=values, level_of_measurement="nominal"))


def cohen_kappa(
    first: IntArray, second: IntArray, there: BoolArray, *, n_classes: int
) -> FloatArray:
    """(R,) Cohen's kappa and (R,) its z against 0, stacked as (2, R).

    `first`: (n,) one rater. `second`, `there`: (R, n). nan where chance agreement is complete.

    Reference: Cohen 1960; Fleiss, Cohen & Everitt 1969 for the variance under no agreement.

    >>> same = np.array([0, 1, 0, 1])
    >>> cohen_kappa(same, same[None], np.ones((1, 4), bool), n_classes=2)[0]
    array([1.])
    """
    classes = range(n_classes)
    n = there.sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.array([((first == c) & there).sum(axis=1) / n for c in classes])
        q = np.array([((second == c) & there).sum(axis=1) / n for c in classes])
        observed = ((second == first) & there).sum(axis=1) / n
        chance = (p * q).sum(axis=0)
        kappa = (observed - chance) / (1 - chance)
        spread = chance + chance**2 - (p * q * (p + q)).sum(axis=0)
        z = kappa / (np.sqrt(spread) / ((1 - chance) * np.sqrt(n)))
    return np.where(np.isfinite([kappa, z]), [kappa, z], np.nan)


class _Table:
    """Observed agreement and shares per case of an (n, k) table of votes."""

    def __init__(self, votes: IntArray) -> None:
        rated = votes[votes.sum(axis=1) > 0].astype(np.float64)
        self.count = rated.sum(axis=1)
        self.shares = rated / self.count[:, None]
        self.prevalence = self.shares.mean(axis=0)
        self.several = self.count > 1
        pairs = np.where(self.several, self.count * (self.count - 1), 1.0)
        agreeing = (rated * (rated - 1)).sum(axis=1)
        self.observed = np.where(self.several, agreeing / pairs, 0.0)

    def coefficient(self, chance: float, slope: FloatArray, level: float) -> Agreement:
        """(observed - chance) / (1 - chance) with the linearised variance over cases."""
        n, n_several = len(self.count), int(self.several.sum())
        if n_several == 0 or chance >= 1:
            return Agreement(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, chance, n)
        observed = float(self.observed.sum()) / n_several
        value = (observed - chance) / (1 - chance)
        own = np.where(self.several, n / n_several * (self.observed - chance) / (1 - chance), 0.0)
        own = own - 2 * (1 - value) * (slope - chance) / (1 - chance)
        se = float(np.sqrt(((own - value) ** 2).sum() / (n * (n - 1)))) if n > 1 else np.nan
        half = float(student.isf((1 - level) / 2, n - 1)) * se if n > 1 else np.nan
        p = float(2 * student.sf(abs(value / se), n - 1)) if se > 0 else np.nan
        return Agreement(value, se, value - half, min(1.0, value + half), p, observed, chance, n)
