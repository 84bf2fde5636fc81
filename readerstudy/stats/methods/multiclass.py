"""Areas over all classes at once."""

from itertools import combinations

import numpy as np

from data.arrays import Floats, Ints
from data.measures.auc import delong_influence, placements
from readerstudy.stats.methods.clusters import by_cluster


def hand_till(truth: Ints, scores: Floats) -> float:
    """Hand and Till's M: mean over pairs of classes of the two pairwise AUCs.

    `truth`: (n,) intp. `scores`: (n, k) float64, higher means the class. Classes without a case
    are left out; fewer than two classes give nan.

    Reference: Hand & Till 2001, eq. 7.

    >>> hand_till(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]))
    1.0
    """
    present = [c for c in range(scores.shape[1]) if (truth == c).any()]
    areas = []
    for i, j in combinations(present, 2):
        # By the score of i the cases of i should be above those of j, by that of j below.
        first, second = (scores[truth == c][:, [i, j]].T for c in (i, j))
        above, below = placements(first, second).auc
        areas += [above, 1 - below]
    return float(np.mean(areas)) if areas else np.nan


def macro_auc(truth: Ints, scores: Floats, *, cluster: Ints | None = None) -> tuple[float, float]:
    """Mean one-vs-rest AUC over the classes that have cases, and its DeLong standard error.

    The classes share their cases, so their influences are added case by case, and within `cluster`
    (n,) if that is given.

    >>> area, se = macro_auc(np.array([0, 0, 1, 1]), np.eye(2)[[0, 1, 0, 1]])
    >>> print(f"{area:.2f} {se:.3f}")
    0.50 0.354
    """
    present = [c for c in range(scores.shape[1]) if 0 < (truth == c).sum() < len(truth)]
    if not present:
        return np.nan, np.nan
    areas, influence = [], np.zeros(len(truth))
    for c in present:
        is_class = truth == c
        placed = placements(scores[None, is_class, c], scores[None, ~is_class, c])
        areas.append(placed.auc[0])
        order = np.concatenate([np.flatnonzero(is_class), np.flatnonzero(~is_class)])
        influence[order] += delong_influence(placed)[0] / len(present)
    if cluster is not None:
        influence = by_cluster(influence[None], cluster)[0]
    return float(np.mean(areas)), float(np.sqrt((influence**2).sum()))
