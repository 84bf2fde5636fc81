"""Empirical areas under the ROC curve with DeLong's placements."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from data.arrays import Bools, Floats
from data.measures.proportions import interval


@dataclass(frozen=True, eq=False)
class Placements:
    """Placement values of R raters on m positives and n negatives.

    `positive`: (R, m) float64, the share of a rater's negatives below each positive (ties half).
    `negative`: (R, n), the share of positives above each negative. Both are 0 in absent cells.
    `there_positive`, `there_negative`: bool, the cells that are there. `auc`: (R,), nan without a
    positive or a negative.
    """

    positive: Floats
    negative: Floats
    there_positive: Bools
    there_negative: Bools
    auc: Floats

    @property
    def n_positive(self) -> Floats:
        """(R,) positives of each rater."""
        return np.asarray(self.there_positive.sum(axis=1), dtype=np.float64)

    @property
    def n_negative(self) -> Floats:
        """(R,) negatives of each rater."""
        return np.asarray(self.there_negative.sum(axis=1), dtype=np.float64)


def placements(positives: Floats, negatives: Floats) -> Placements:
    """Placements by midranks, in one sort for all raters.

    `positives`: (R, m) and `negatives`: (R, n) float64 scores, a higher one meaning the class; nan
    where a rater has none. Ties count one half.

    Reference: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014.

    >>> placed = placements(np.array([[3.0, 2.0]]), np.array([[2.0, 1.0]]))
    >>> placed.auc, placed.positive
    (array([0.875]), array([[1.  , 0.75]]))
    """
    there_p, there_n = ~np.isnan(positives), ~np.isnan(negatives)
    # Absent positives sink below and absent negatives rise above everything: neither then counts
    # as a success for a cell that is there.
    p, n = np.where(there_p, positives, -np.inf), np.where(there_n, negatives, np.inf)
    joint = rankdata(np.concatenate([p, n], axis=1), axis=1)
    m = p.shape[1]
    below = joint[:, :m] - rankdata(p, axis=1)
    above = m - (joint[:, m:] - rankdata(n, axis=1))
    count_p, count_n = there_p.sum(axis=1), there_n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        v10 = np.where(there_p, below / count_n[:, None], 0.0)
        v01 = np.where(there_n, above / count_p[:, None], 0.0)
        auc = np.where((count_p > 0) & (count_n > 0), v10.sum(axis=1) / count_p, np.nan)
    return Placements(v10, v01, there_p, there_n, auc)


def delong_influence(placements: Placements) -> Floats:
    """(R, m + n) matrix whose product with its transpose is DeLong's covariance matrix.

    Each rater's own cells are used; the product is DeLong's only where raters share their cells.
    Fewer than two positives or negatives give nan.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        m, n = placements.n_positive[:, None], placements.n_negative[:, None]
        m, n = np.where(m > 1, m, np.nan), np.where(n > 1, n, np.nan)
        auc = placements.auc[:, None]
        p = np.where(placements.there_positive, placements.positive - auc, 0.0) / np.sqrt(
            m * (m - 1)
        )
        q = np.where(placements.there_negative, placements.negative - auc, 0.0) / np.sqrt(
            n * (n - 1)
        )
    return np.concatenate([p, q], axis=1)


def delong_variance(placements: Placements) -> Floats:
    """(R,) DeLong variances S10/m + S01/n; nan with fewer than two positives or negatives."""
    return np.asarray((delong_influence(placements) ** 2).sum(axis=1))


def normal_interval(estimate: Floats, se: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Normal limits clipped to [0, 1]; nan where the standard error is nan or 0."""
    half = norm.isf((1 - level) / 2) * np.where(se > 0, se, np.nan)
    return np.clip(estimate - half, 0, 1), np.clip(estimate + half, 0, 1)


def logit_interval(estimate: Floats, se: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Limits that are normal on the logit scale; nan at 0 and 1.

    Reference: Pepe 2003, p. 107.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (estimate > 0) & (estimate < 1) & (se > 0)
        half = norm.isf((1 - level) / 2) * np.where(
            inside, se / (estimate * (1 - estimate)), np.nan
        )
        centre = logit(estimate)
        return expit(centre - half), expit(centre + half)


def separated_interval(
    auc: float, *, n_positive: int, n_negative: int, level: float = 0.95
) -> tuple[float, float]:
    """Exact limits of an empirical AUC of 0 or 1; nan for any other.

    Pair every case of the rarer kind with one of the other, no case twice: min(m, n) independent
    trials, each won with a probability of the true AUC, all won (or all lost). Clopper and
    Pearson's limits for them hold the truth at least as often as they say, whatever the scores'
    distribution; the pairs that are left out make them wide.

    Reference: Clopper & Pearson 1934.

    >>> low, high = separated_interval(1.0, n_positive=10, n_negative=40)
    >>> print(f"{low:.3f} {high:.0f}")
    0.692 1
    """
    pairs = min(n_positive, n_negative)
    if auc not in (0.0, 1.0) or not pairs:
        return np.nan, np.nan
    low, high = interval(auc * pairs, pairs, method="clopper-pearson", level=level)
    return float(low), float(high)
