"""Maps that know nothing of the network: what a saliency map must beat to mean something."""

from collections.abc import Callable

import cv2
import numpy as np
from torch import Tensor

from data.arrays import Floats32


def _random(image: Tensor, rng: np.random.Generator) -> Floats32:
    return rng.random(image.shape[1:], dtype=np.float32)


def _edges(image: Tensor, _: np.random.Generator) -> Floats32:
    grey = np.ascontiguousarray(image.mean(dim=0).cpu().numpy(), dtype=np.float32)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    strength: Floats32 = np.hypot(across, down)
    return strength


def _centre(image: Tensor, _: np.random.Generator) -> Floats32:
    height, width = image.shape[1:]
    y, x = np.mgrid[:height, :width]
    squared = ((y + 0.5) / height - 0.5) ** 2 + ((x + 0.5) / width - 0.5) ** 2
    spot: Floats32 = np.exp(-squared / (2 * 0.25**2)).astype(np.float32)
    return spot


# Noise; the strength of the picture's edges (Sobel); a Gaussian in the middle (deviation: a quarter
# of the side), because that is where people put a lesion.
BASELINES: dict[str, Callable[[Tensor, np.random.Generator], Floats32]] = {
    "random": _random,
    "edges": _edges,
    "centre": _centre,
}


def baseline(image: Tensor, name: str, *, seed: int) -> Floats32:
    """Non-negative (s, s) map of a normalised (3, s, s) image; only "random" uses the seed."""
    return BASELINES[name](image, np.random.default_rng(seed))
