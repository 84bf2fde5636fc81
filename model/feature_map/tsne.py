"""The map of features: known cases in two dimensions, and a new image among them.

t-SNE (van der Maaten and Hinton 2008) of the network's pooled features, by openTSNE, after a
principal component analysis. Distances across the map mean little; neighbours mean something.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from openTSNE import TSNE, TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from data.arrays import Floats32, Ints
from model.card.card import ModelCard
from model.errors import ModelError

COMPONENTS = 50
PERPLEXITY = 30.0
FEWEST = 20
NEAREST = 5
_SAMPLE = 2000


class Neighbour(NamedTuple):
    """A known case: its row in the map, and its distance in the reduced features."""

    row: int
    distance: float


@dataclass(frozen=True)
class FeatureMap:
    """Known cases of one checkpoint (`sha256` of its weights).

    `positions` (n, 2) float32; `reduced` (n, p) float32 principal components, from features (d,) by
    `mean` (d,) and `axes` (p, d); `labels` (n,) indices into `codes`. `about` says what the images
    are, and holds the map's quality. Nothing here changes when a new image is placed.
    """

    sha256: str
    codes: tuple[str, ...]
    case_ids: tuple[str, ...]
    labels: Ints
    positions: Floats32
    reduced: Floats32
    mean: Floats32
    axes: Floats32
    perplexity: float
    about: dict[str, Any]
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    def place(self, features: Floats32, card: ModelCard) -> Floats32:
        """Positions (m, 2) of new images' features (m, d); the map itself does not move.

        Reference: Policar et al. 2019. Raises ModelError for the features of another checkpoint.
        """
        reduced = self._reduce(features, card)
        # openTSNE keeps what it interpolates between calls.
        with self._lock:
            placed = self._embedding.transform(reduced, perplexity=5)
        found: Floats32 = np.asarray(placed, dtype=np.float32)
        return found

    def nearest(
        self, features: Floats32, card: ModelCard, *, k: int = NEAREST
    ) -> list[list[Neighbour]]:
        """The k known cases nearest in feature space, nearest first, for each row of (m, d)."""
        distances, rows = self._index.kneighbors(self._reduce(features, card), n_neighbors=k)
        return [
            [Neighbour(int(r), float(d)) for r, d in zip(*both, strict=True)]
            for both in zip(rows, distances, strict=True)
        ]

    def share_nearer(self, neighbours: Sequence[Neighbour]) -> float:
        """Share of the known cases that lie nearer to their own neighbours, in [0, 1].

        Near 1 for an image unlike all known ones. Of at most 2,000 known cases, as many neighbours.
        """
        own = self._own_distances[:, : len(neighbours)].mean(axis=1)
        return float((own < np.mean([n.distance for n in neighbours])).mean())

    @cached_property
    def _index(self) -> NearestNeighbors:
        return NearestNeighbors().fit(self.reduced)

    @cached_property
    def _own_distances(self) -> Floats32:
        some = np.random.default_rng(0).permutation(len(self))[:_SAMPLE]
        distances, _ = self._index.kneighbors(self.reduced[some], n_neighbors=NEAREST + 1)
        own: Floats32 = distances[:, 1:]
        return own

    @cached_property
    def _embedding(self) -> TSNEEmbedding:
        affinities = PerplexityBasedNN(
            self.reduced, perplexity=self.perplexity, n_jobs=1, random_state=0
        )
        return TSNEEmbedding(self.positions.astype(np.float64), affinities, random_state=0)

    def _reduce(self, features: Floats32, card: ModelCard) -> Floats32:
        if card.sha256 != self.sha256 or features.shape[1:] != self.mean.shape:
            raise ModelError(
                f"Expected features of the checkpoint that this map was made with (its hash begins "
                f"{self.sha256[:12]}), but got those of {card.name} ({card.sha256[:12]}); make a "
                "map of that checkpoint with python -m model map."
            )
        reduced: Floats32 = ((features - self.mean) @ self.axes.T).astype(np.float32)
        return reduced


def fit_map(
    features: Floats32,
    labels: Ints,
    *,
    case_ids: Sequence[str],
    card: ModelCard,
    perplexity: float = PERPLEXITY,
    seed: int = 1,
) -> FeatureMap:
    """Lay out (n, d) features of labelled cases; the same seed gives the same map.

    The perplexity falls to a third of the other cases where there are few. Raises ModelError for
    fewer than FEWEST cases, and for a perplexity below 1.
    """
    if not perplexity >= 1:
        raise ModelError(
            f"Expected --perplexity to be at least 1, but got {perplexity:g}; 5 to 50 is usual."
        )
    if len(features) < FEWEST:
        raise ModelError(
            f"Expected at least {FEWEST} cases for a map, but got {len(features)}; give more."
        )
    n_components = min(COMPONENTS, *features.shape, len(features) - 1)
    pca = PCA(n_components, random_state=seed).fit(features)
    # As it is stored, so that a map and its copy on disk place alike.
    axes, mean = (v.astype(np.float16).astype(np.float32) for v in (pca.components_, pca.mean_))
    reduced = ((features - mean) @ axes.T).astype(np.float16).astype(np.float32)
    perplexity = min(perplexity, (len(features) - 1) / 3)
    positions = TSNE(perplexity=perplexity, random_state=seed, n_jobs=1).fit(reduced)
    return FeatureMap(
        sha256=card.sha256,
        codes=card.taxonomy.codes,
        case_ids=tuple(case_ids),
        labels=labels,
        positions=np.asarray(positions, dtype=np.float32),
        reduced=reduced,
        mean=mean,
        axes=axes,
        perplexity=perplexity,
        about={},
    )
