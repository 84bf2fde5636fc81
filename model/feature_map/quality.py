"""How far a map of features can be trusted: neighbours of one class, neighbours kept."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from data.arrays import Floats, Ints
from model.feature_map.tsne import FeatureMap
from model.metrics.bootstrap import PERCENTILE, mean_interval

Points = npt.NDArray[np.floating]
K = 10
_SAMPLE = 2000


def purity(points: Points, labels: Ints, *, k: int = K) -> Floats:
    """(n,) share of each point's k nearest others that have its label."""
    k = min(k, len(points) - 1)
    _, rows = NearestNeighbors().fit(points).kneighbors(n_neighbors=k)
    same: Floats = (labels[rows] == labels[:, None]).mean(axis=1)
    return same


def trustworthiness(before: Points, after: Points, *, k: int = K) -> Floats:
    """(n,) per point: 1 when its k nearest on the map are near in features too; the mean is T(k).

    Reference: Venna and Kaski 2001. Needs memory for n x n ranks. k is at most (n - 1) / 2, as the
    measure is not defined beyond.
    """
    n = len(before)
    k = min(k, (n - 1) // 2)
    distances = pairwise_distances(before)
    np.fill_diagonal(distances, np.inf)
    ranks = np.empty((n, n), dtype=np.int32)
    np.put_along_axis(
        ranks, distances.argsort(axis=1), np.arange(1, n + 1, dtype=np.int32)[None], 1
    )
    _, rows = NearestNeighbors().fit(after).kneighbors(n_neighbors=k)
    excess = np.clip(np.take_along_axis(ranks, rows, axis=1) - k, 0, None).sum(axis=1)
    kept: Floats = 1 - 2 / (k * (2 * n - 3 * k - 1)) * excess
    return kept


def quality(found: FeatureMap, *, seed: int = 1) -> list[dict[str, object]]:
    """Purity in features and on the map, and trustworthiness: records with n, interval, method.

    Of at most 2,000 cases, drawn by the seed.
    """
    some = np.sort(np.random.default_rng(seed).permutation(len(found))[:_SAMPLE])
    reduced, positions, labels = found.reduced[some], found.positions[some], found.labels[some]
    shares = np.bincount(labels) / len(labels)
    parts = {
        f"purity of {K} nearest, features": purity(reduced, labels),
        f"purity of {K} nearest, map": purity(positions, labels),
        f"trustworthiness, {K} nearest": trustworthiness(reduced, positions),
    }
    rows = []
    for name, values in parts.items():
        estimate, low, high = mean_interval(values)
        rows.append(_record(name, estimate, low, high, len(values)))
    rows.append({"quantity": "purity by chance", "estimate": float((shares**2).sum())})
    return rows


def _record(name: str, estimate: float, low: float, high: float, n: int) -> dict[str, object]:
    limits = {"ci_low": low, "ci_high": high}
    return {"quantity": name, "estimate": estimate, **limits, "n": n, "method": PERCENTILE}
