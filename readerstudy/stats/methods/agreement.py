"""Agreement of readers with each other, and of two raters."""

from dataclasses import dataclass

import numpy as np
from statsmodels.stats.inter_rater import fleiss_kappa

from data.arrays import Bools, Floats, Ints
from data.measures.tails import quantile, two_sided


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


def gwet_ac1(votes: Ints, *, level: float = 0.95) -> Agreement:
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


def fleiss(votes: Ints, *, level: float = 0.95) -> Agreement:
    """Fleiss' kappa generalised to unanswered cells, with Gwet's variance over cases.

    Reference: Fleiss 1971; Gwet 2014, chapter 5.
    """
    table = _Table(votes)
    chance = float((table.prevalence**2).sum())
    return table.coefficient(chance, table.shares @ table.prevalence, level)


def observed_agreement(votes: Ints, *, level: float = 0.95) -> Agreement:
    """Share of agreeing pairs of ratings, not corrected for chance, in [0, 1]."""
    return _Table(votes).coefficient(0.0, np.zeros(1), level)


def brennan_prediger(votes: Ints, *, level: float = 0.95) -> Agreement:
    """Agreement corrected for a chance of 1 / k.

    Reference: Brennan & Prediger 1981.
    """
    chance = 1 / votes.shape[1]
    return _Table(votes).coefficient(chance, np.full(1, chance), level)


def conger(answers: Ints, *, n_classes: int, level: float = 0.95) -> Agreement:
    """Conger's kappa: chance as in Cohen's kappa of two raters, each with an own prevalence.

    `answers`: (J, n) intp, negative where there is none. Variance over cases. One rater, or a
    chance agreement of 1, gives nan.

    Reference: Conger 1980; Gwet 2014, chapter 5.

    >>> round(conger(np.array([[0, 1, 1, 0], [0, 1, 0, 0]]), n_classes=2).value, 4)
    0.5
    """
    kept = answers[(answers >= 0).any(axis=1)][:, (answers >= 0).any(axis=0)]
    raters, n = kept.shape
    there = kept >= 0
    table = _Table(np.stack([(kept == c).sum(axis=0) for c in range(n_classes)], axis=1))
    if raters < 2:
        return Agreement(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n)
    count = there.sum(axis=1)[:, None]
    own = np.stack([(kept == c).sum(axis=1) for c in range(n_classes)], axis=1) / count
    others = own.sum(axis=0) - own
    chance = float((own * others).sum()) / (raters * (raters - 1))
    # A case's share in each rater's prevalence, where the rater has it at all.
    weight = np.where(there, np.take_along_axis(others, np.maximum(kept, 0), axis=1), 0.0)
    expected = (own * others).sum(axis=1, keepdims=True)
    slope = n / count * (weight - (there - count / n) * expected)
    return table.coefficient(chance, slope.sum(axis=0) / (raters * (raters - 1)), level)


@dataclass(frozen=True)
class CompleteFleiss:
    """Fleiss' kappa where everybody rated; z against no agreement; one kappa per class."""

    value: float
    z: float
    per_class: tuple[float, ...]
    n_cases: int


def fleiss_complete(votes: Ints, *, n_raters: int) -> CompleteFleiss:
    """Fleiss' kappa on the cases that everybody rated; nan without any, or with one class.

    Reference: Fleiss 1971; Fleiss, Nee & Landis 1979 for the variance.

    >>> fleiss_complete(np.array([[2, 0], [0, 2]]), n_raters=2).value
    1.0
    """
    complete = votes[votes.sum(axis=1) == n_raters]
    n, m = complete.shape[0], n_raters
    if m < 2 or n == 0 or (complete.sum(axis=0) > 0).sum() < 2:
        return CompleteFleiss(np.nan, np.nan, (np.nan,) * votes.shape[1], n)
    value = float(fleiss_kappa(complete, method="fleiss"))
    p = complete.sum(axis=0) / (n * m)
    pq = p * (1 - p)
    spread = 2 / (n * m * (m - 1)) * (pq.sum() ** 2 - (pq * (1 - 2 * p)).sum()) / pq.sum() ** 2
    apart = (complete * (m - complete)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_class = 1 - apart / (n * m * (m - 1) * pq)
    return CompleteFleiss(value, value / float(np.sqrt(spread)), tuple(per_class.tolist()), n)


def krippendorff_alpha(votes: Ints, *, level: float = 0.95) -> Agreement:
    """Krippendorff's nominal alpha with Gwet's variance over cases rated at least twice.

    Reference: Krippendorff 2011; Gwet 2014, chapter 5.

    >>> round(krippendorff_alpha(np.array([[2, 0], [1, 1], [0, 2]])).value, 4)
    0.4444
    """
    rated = votes[votes.sum(axis=1) > 1].astype(np.float64)
    n = len(rated)
    if n == 0 or (rated.sum(axis=0) > 0).sum() < 2:
        return Agreement(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n)
    count = rated.sum(axis=1)
    mean = float(count.mean())
    shares = rated / mean
    prevalence = shares.mean(axis=0)
    chance = float((prevalence**2).sum())
    pairs = (rated * (rated - 1)).sum(axis=1) / (mean * (count - 1))
    raw = float(pairs.mean())
    small = 1 / float(count.sum())
    observed = (1 - small) * raw + small
    value = (observed - chance) / (1 - chance)
    excess = (count - mean) / mean
    own = (pairs - observed * excess - chance) / (1 - chance)
    plain = (raw - chance) / (1 - chance)
    slope = shares @ prevalence - chance * excess
    own = own - 2 * (1 - plain) * (slope - chance) / (1 - chance)
    return _with_interval(value, observed, chance, own - plain, level)


def cohen_kappa(first: Ints, second: Ints, there: Bools, *, n_classes: int) -> Floats:
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

    def __init__(self, votes: Ints) -> None:
        rated = votes[votes.sum(axis=1) > 0].astype(np.float64)
        self.count = rated.sum(axis=1)
        self.shares = rated / self.count[:, None]
        self.prevalence = self.shares.sum(axis=0) / max(1, len(rated))
        self.several = self.count > 1
        pairs = np.where(self.several, self.count * (self.count - 1), 1.0)
        agreeing = (rated * (rated - 1)).sum(axis=1)
        self.observed = np.where(self.several, agreeing / pairs, 0.0)

    def coefficient(self, chance: float, slope: Floats, level: float) -> Agreement:
        """(observed - chance) / (1 - chance) with the linearised variance over cases."""
        n, n_several = len(self.count), int(self.several.sum())
        if n_several == 0 or chance >= 1:
            return Agreement(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, chance, n)
        observed = float(self.observed.sum()) / n_several
        value = (observed - chance) / (1 - chance)
        own = np.where(self.several, n / n_several * (self.observed - chance) / (1 - chance), 0.0)
        own = own - 2 * (1 - value) * (slope - chance) / (1 - chance)
        return _with_interval(value, observed, chance, own - value, level)


def _with_interval(
    value: float, observed: float, chance: float, deviations: Floats, level: float
) -> Agreement:
    """Interval by t from the deviations of the cases' contributions."""
    n = len(deviations)
    if n < 2:
        return Agreement(value, np.nan, np.nan, np.nan, np.nan, observed, chance, n)
    se = float(np.sqrt((deviations**2).sum() / (n * (n - 1))))
    if se < 1e-12:
        return Agreement(value, 0.0, np.nan, np.nan, np.nan, observed, chance, n)
    half = quantile(level, n - 1) * se
    p = two_sided(value / se, n - 1)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Agreement(value, se, low, high, p, observed, chance, n)
