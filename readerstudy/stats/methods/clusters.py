"""Several cases of one patient: sums within clusters in the place of independent cases."""

import numpy as np

from data.arrays import Bools, Floats, Ints


def by_cluster(influence: Floats, cluster: Ints) -> Floats:
    """(J, n) influence of cases to (J, G) influence of their clusters.

    `cluster`: (n,) intp, any labels. Influences are added within clusters and rescaled so that
    variances have the factor G / (G - 1) of G independent clusters instead of n / (n - 1); with
    every case a cluster of its own nothing changes. One cluster gives nan.

    Reference: Rao & Scott 1992; Obuchowski 1998 (clustered sensitivity and specificity).

    >>> rows = np.array([[0.1, -0.1, 0.2, -0.2]])
    >>> bool(np.allclose(by_cluster(rows, np.arange(4)), rows))
    True
    >>> by_cluster(rows, np.array([0, 0, 1, 1])).shape
    (1, 2)
    """
    labels, place = np.unique(cluster, return_inverse=True)
    n, groups = len(cluster), len(labels)
    if groups < 2:
        return np.full((len(influence), groups), np.nan)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(groups))
    summed = np.add.reduceat(influence[:, order], starts, axis=1)
    return np.asarray(summed * np.sqrt((n - 1) / n * groups / (groups - 1)))


def area_by_cluster(influence: Floats, cluster: Ints, *, n_positive: int) -> Floats:
    """The same for areas under the curve: (R, m + n) influences, positives first, to (R, G).

    Clusters may hold both kinds of cases. The sums of either kind have the factor of the clusters
    that hold the kind, as Obuchowski has it; the cross term has the root of their product, where
    she has that of all clusters together. One cluster of a kind gives nan.

    Reference: Obuchowski 1997, eq. 3-5.
    """
    labels, place = np.unique(cluster, return_inverse=True)
    total = np.zeros((len(influence), len(labels)))
    for part in (slice(None, n_positive), slice(n_positive, None)):
        summed = by_cluster(influence[:, part], place[part])
        total[:, np.unique(place[part])] += summed
    return total


def design_effects(right: Floats, there: Bools, cluster: Ints) -> Floats:
    """(R,) how many dependent cases are worth one independent, at least 1.

    `right`, `there`: (R, m) as in `moments.proportion_influence`; `cluster`: (m,). The variance
    over clusters by that over cases; a proportion of 0 or 1, which has neither, counts its
    clusters.

    Reference: Korn & Graubard 1998; Saha, Miller & Wang 2016.

    >>> twice = np.array([[1.0, 1, 0, 0, 1, 1, 0, 0]])
    >>> pairs = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> design_effects(twice, np.ones((1, 8), bool), pairs).round(2)
    array([2.33])
    """
    labels, place = np.unique(cluster, return_inverse=True)
    member = np.zeros((len(cluster), len(labels)))
    member[np.arange(len(cluster)), place] = 1.0
    count = there.sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        theta = (right * there).sum(axis=1) / count
        residual = np.where(there, right - theta[:, None], 0.0) @ member
        groups = ((there @ member) > 0).sum(axis=1)
        variance = (residual**2).sum(axis=1) * groups / (groups - 1) / count**2
        single = theta * (1 - theta) / (count - 1)
        effect = np.where(single > 0, variance / single, count / groups)
    return np.where(np.isfinite(effect), np.maximum(effect, 1.0), 1.0)


def clustered_mcnemar(difference: Floats, cluster: Ints) -> Floats:
    """(R,) chi-square with one degree of freedom of paired answers; nan without a difference.

    `difference`: (R, m) model right minus reader right, 0 where a cell is missing.

    Reference: Durkalski, Palesch, Lipsitz & Rust 2003.

    >>> clustered_mcnemar(np.array([[1.0, 1, -1, 0]]), np.array([0, 0, 1, 2]))
    array([0.2])
    """
    labels, place = np.unique(cluster, return_inverse=True)
    member = np.zeros((len(cluster), len(labels)))
    member[np.arange(len(cluster)), place] = 1.0
    summed = difference @ member
    squares = (summed**2).sum(axis=1)
    statistic: Floats = np.divide(
        summed.sum(axis=1) ** 2, squares, out=np.full(len(squares), np.nan), where=squares > 0
    )
    return statistic
