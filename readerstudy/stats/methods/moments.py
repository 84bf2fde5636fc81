"""Means, mean squares and covariances of readers' figures of merit."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats
from data.measures.auc import Placements


@dataclass(frozen=True)
class Moments:
    """What a one-treatment Obuchowski-Rockette analysis needs of J readers' figures of merit.

    `mean`: their mean. `ms`: their sample variance (nan for one reader). `var`: mean variance of
    one reader's figure over cases. `cov2`: mean covariance of two readers' (nan for one reader).
    `n_clusters`: independent groups of cases; None where every case is one.
    """

    mean: float
    ms: float
    var: float
    cov2: float
    n_readers: int
    n_cases: int
    n_clusters: int | None = None


def moments(
    theta: Floats, influence: Floats, *, n_cases: int, n_clusters: int | None = None
) -> Moments:
    """Moments without a J x J matrix.

    `theta`: (J,) figures of merit. `influence`: (J, n) such that its product with its transpose is
    the covariance matrix over cases. With S_k the sum of column k, the mean covariance of two
    readers is (sum S_k^2 - sum of squares) / (J (J - 1)).

    Reference: Hillis 2007, section 5.3.
    """
    n_readers = len(theta)
    squares = float((influence**2).sum())
    total = influence.sum(axis=0)
    pairs = n_readers * (n_readers - 1)
    several = n_readers > 1
    return Moments(
        mean=float(theta.mean()) if n_readers else np.nan,
        ms=float(theta.var(ddof=1)) if several else np.nan,
        var=squares / n_readers if n_readers else np.nan,
        cov2=float(total @ total - squares) / pairs if several else np.nan,
        n_readers=n_readers,
        n_cases=n_cases,
        n_clusters=n_clusters,
    )


def proportion_influence(right: Floats, there: Bools) -> tuple[Floats, Floats]:
    """Readers' proportions (J,) and their jackknife influence (J, m).

    `right`: (J, m) float64 0 or 1. `there`: (J, m) bool. A case without any cell is no case; a
    reader without a cell has nan; a reader with one cell has a proportion but no influence (nan).
    """
    some = there.any(axis=0)
    right, there = right[:, some], there[:, some]
    count = there.sum(axis=1, keepdims=True).astype(np.float64)
    total = (right * there).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        theta = total / count
        without = (total - right) / (count - 1)
    change = np.where(there, without - theta, 0.0)
    return theta[:, 0], _jackknife(np.where(count > 1, change, np.nan))


def auc_jackknife(placements: Placements) -> Floats:
    """(R, m + n) influence of leaving out each case; nan with fewer than two of either kind."""
    m, n = placements.n_positive[:, None], placements.n_negative[:, None]
    auc = placements.auc[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(placements.there_positive, (auc - placements.positive) / (m - 1), 0.0)
        q = np.where(placements.there_negative, (auc - placements.negative) / (n - 1), 0.0)
    change = np.concatenate([p, q], axis=1)
    some = np.concatenate(
        [placements.there_positive.any(axis=0), placements.there_negative.any(axis=0)]
    )
    return _jackknife(np.where((m > 1) & (n > 1), change, np.nan)[:, some])


def _jackknife(change: Floats) -> Floats:
    """Scale leave-one-out changes so that products are jackknife covariances."""
    n = change.shape[1]
    if n < 2:
        return np.full_like(change, np.nan)
    centred = change - change.mean(axis=1, keepdims=True)
    return np.asarray(centred * np.sqrt((n - 1) / n))
