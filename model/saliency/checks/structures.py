"""Does a map lie on what makes the diagnosis? Only phantoms know where that is."""

import math

import numpy as np

from data.arrays import Bools, Floats32


def share_inside(saliency: Floats32, mask: Bools) -> float:
    """Share of a non-negative (s, s) map's sum on the mask; nan without signal or mask.

    Reference: the energy-based pointing game of Wang et al. 2020 (Score-CAM, eq. 7).

    >>> share_inside(np.array([[3.0, 1.0]], np.float32), np.array([[True, False]]))
    0.75
    """
    total = float(saliency.sum(dtype=np.float64))
    if total <= 0 or not mask.any():
        return math.nan
    return float(saliency[mask].sum(dtype=np.float64)) / total


def is_hit(saliency: Floats32, mask: Bools) -> float:
    """Pointing game: 1 when the largest value lies on the mask, else 0; nan as `share_inside`.

    Several equal maxima count by the share of them that lies on the mask. No tolerance is given.
    Reference: Zhang et al. 2018 (excitation backprop).
    """
    if not mask.any() or saliency.max() <= 0:
        return math.nan
    return float(mask[saliency == saliency.max()].mean())
