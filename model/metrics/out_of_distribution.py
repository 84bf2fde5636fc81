"""What a checkpoint knows: how far an image lies from those it was trained on.

For all scores a higher one is more foreign. They are of the logits (energy, max logit), of the
features (distance to the nearest class), of the first stages (style: distance to the middle of all
known pictures), or of features and first stages together (joint).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from data.arrays import Floats, Ints

FALSE_ALARMS = 0.05
SCORES = ("joint", "distance", "style", "energy", "max logit")
OF_ONE_VIEW = ("joint", "distance", "style")
N_COMPONENTS = 64
_LEAST = 1e-9
# The group of a card's metrics whose images are not foreign.
KNOWN = "held-out images of its own"


@dataclass(frozen=True)
class Scope:
    """The features of known images: a centre per class and how they scatter around it.

    `centres` (c, d) of the c classes with cases; `basis` (d, m) the m directions of most scatter,
    orthonormal; `variances` (m,) along them, and `rest`, the mean variance along every other one.
    """

    centres: Floats
    basis: Floats
    variances: Floats
    rest: float

    def distance(self, features: Floats) -> Floats:
        """(n, d) features to the (n,) Mahalanobis distance from the nearest class.

        Features are brought to length 1 first. Reference: Lee et al. 2018 (one covariance for all
        classes); its form with m components: Tipping & Bishop 1999; length 1: Mueller & Hein 2025.
        """
        rows = unit(features)
        squares = [self._squared(rows - centre) for centre in self.centres]
        found: Floats = np.sqrt(np.min(squares, axis=0))
        return found

    @property
    def n_directions(self) -> int:
        """d: the expected square of a known image's distance, were all as in training."""
        return int(self.centres.shape[1])

    def _squared(self, away: Floats) -> Floats:
        along = away @ self.basis
        beside = np.maximum((away**2).sum(axis=1) - (along**2).sum(axis=1), 0)
        found: Floats = (along**2 / self.variances).sum(axis=1) + beside / self.rest
        return found

    def to_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """For a file: `from_arrays` reads it back, as it is after `fit_scope`."""
        return {
            f"{prefix}.centres": self.centres.astype(np.float16),
            # safetensors writes memory as it lies: a transposed array would come back scrambled.
            f"{prefix}.basis": np.ascontiguousarray(self.basis, dtype=np.float16),
            f"{prefix}.variances": self.variances.astype(np.float32),
            f"{prefix}.rest": np.array([self.rest], dtype=np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> "Scope":
        """Read what `to_arrays` made. Raises KeyError when something is missing."""
        centres, basis, variances, rest = (
            arrays[f"{prefix}.{name}"].astype(np.float64)
            for name in ("centres", "basis", "variances", "rest")
        )
        return cls(centres, basis, variances, float(rest[0]))


def unit(features: Floats) -> Floats:
    """(n, d) rows brought to length 1; a row of zeros stays."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    found: Floats = features / np.maximum(length, _LEAST)
    return found


def fit_scope(features: Floats, truth: Ints) -> Scope:
    """From the features (n, d) of known images, with their classes `truth` (n,).

    Rounded as a file keeps it, so that a threshold fitted on it holds for the file too.
    """
    rows = unit(features)
    present, own = np.unique(truth, return_inverse=True)
    centres = np.array([rows[truth == c].mean(axis=0) for c in present])
    away = rows - centres[own]
    n, d = away.shape
    m = max(1, min(N_COMPONENTS, n // 4, d - 1))
    _, sizes, directions = np.linalg.svd(away, full_matrices=False)
    variances = sizes**2 / n
    rest = variances[m:].sum() / max(1, d - m)
    floor = max(float(variances.sum()) / d * 1e-3, _LEAST)
    fitted = Scope(
        centres, directions[:m].T, np.maximum(variances[:m], floor), max(float(rest), floor)
    )
    return Scope.from_arrays(fitted.to_arrays(""), "")


@dataclass(frozen=True)
class Known:
    """What known images look like: to the classifier, and to the first stages.

    `style` is None where a file was written before it was measured.
    """

    features: Scope
    style: Scope | None = None

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file: `from_arrays` reads it back, as it is after `fit_known`."""
        style = self.style.to_arrays("style") if self.style else {}
        return {**self.features.to_arrays("scope"), **style}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Known":
        """Read what `to_arrays` made. Raises KeyError when something is missing."""
        has_style = any(name.startswith("style.") for name in arrays)
        style = Scope.from_arrays(arrays, "style") if has_style else None
        return cls(Scope.from_arrays(arrays, "scope"), style)


def fit_known(features: Floats, style: Floats, truth: Ints) -> Known:
    """From known images: features around the centre of each class, style around one."""
    return Known(fit_scope(features, truth), fit_scope(style, np.zeros_like(truth)))


def foreign_scores(
    logits: Floats, features: Floats, style: Floats, known: Known
) -> dict[str, Floats]:
    """Every score of SCORES that was measured, (n,) each, of what a network says to n images.

    "joint" is the root of the sum of both squared distances, each divided by its number of
    directions (decision 081); style and joint are missing where style was not measured.
    """
    distance = known.features.distance(features)
    found = {"distance": distance}
    if known.style is not None:
        found["style"] = known.style.distance(style)
        parts = ((distance, known.features), (found["style"], known.style))
        # Each square by what it is expected to be: 1,280 features do not drown 80 numbers of style.
        found["joint"] = np.sqrt(sum(d**2 / scope.n_directions for d, scope in parts))
    return {**found, **logit_scores(logits)}


def logit_scores(logits: Floats) -> dict[str, Floats]:
    """The scores of (n, k) logits alone, (n,) each.

    Reference of the energy: Liu et al. 2020; of the largest logit: Hendrycks et al. 2022.
    """
    return {"energy": -special.logsumexp(logits, axis=1), "max logit": -logits.max(axis=1)}


def limit_at(scores: Floats, *, false_alarms: float = FALSE_ALARMS) -> float:
    """The limit that a further known image exceeds with a chance of at most `false_alarms`.

    `scores` (n,) of known images that fitted nothing; infinite when there are too few of them to
    promise that (fewer than 19 for 5%). Reference: Vovk et al. 2005 (conformal quantile).
    """
    rank = int(np.ceil((len(scores) + 1) * (1 - false_alarms) - 1e-9))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else np.inf
