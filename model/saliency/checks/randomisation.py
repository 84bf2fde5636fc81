"""Model-parameter randomisation: a map that survives random weights explains the picture alone.

Reference: Adebayo et al. 2018 (Sanity checks for saliency maps).
"""

import copy
import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from scipy import stats
from torch import nn

from data.arrays import Floats, Floats32
from model.network.network import SkinNet

PARTS = 4
CLASSIFIER = "classifier"
MODES = ("cascading", "independent")
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def layer_groups(network: SkinNet, *, parts: int = PARTS) -> dict[str, list[nn.Module]]:
    """Layers with weights, from the classifier down to the picture, in `parts` + 1 groups.

    The backbone's layers are divided, in their order, into parts of about as many layers each.
    The auxiliary classifiers are left out: no answer and no map depends on them.
    """
    layers = [m for m in network.backbone.modules() if hasattr(m, "reset_parameters")]
    chunks = np.array_split(np.arange(len(layers)), parts)
    groups: dict[str, list[nn.Module]] = {CLASSIFIER: [network.head]}
    for number in range(parts, 0, -1):
        name = f"backbone, part {number} of {parts}"
        groups[name] = [layers[i] for i in chunks[number - 1]]
    return groups


def randomised(
    network: SkinNet, group: str, *, mode: str, seed: int, parts: int = PARTS
) -> SkinNet:
    """A copy with random weights in one group ("independent"), or also in all groups above it.

    Each layer draws as it did when it was made (`reset_parameters`); the statistics of batch
    normalisation go too. The same seed gives the same copy.
    """
    copied = copy.deepcopy(network)
    groups = layer_groups(copied, parts=parts)
    names = list(groups)
    chosen = names[: names.index(group) + 1] if mode == "cascading" else [group]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _reset([layer for name in chosen for layer in groups[name]])
    return copied


def _reset(layers: Sequence[nn.Module]) -> None:
    with torch.no_grad():
        for layer in layers:
            layer.reset_parameters()  # type: ignore[operator]


def rank_correlation(a: Floats32, b: Floats32) -> float:
    """Spearman's correlation of two maps' pixels; nan when one of them is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(stats.spearmanr(a, b, axis=None).statistic)


def ssim(a: Floats32, b: Floats32) -> float:
    """Structural similarity of two (h, w) maps in [0, 1], sides of at least 11 px; 1 for equal.

    nan when one of them is constant: two empty maps are not alike, they say nothing.

    Reference: Wang et al. 2004, eq. 13, Gaussian window of 11 px with deviation 1.5.
    """
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = _mean(x), _mean(y)
    var_x, var_y = _mean(x * x) - mean_x**2, _mean(y * y) - mean_y**2
    covariance = _mean(x * y) - mean_x * mean_y
    similar = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    local = similar / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))
    edge = _WINDOW // 2
    return float(local[edge:-edge, edge:-edge].mean())


def _mean(values: Floats) -> Floats:
    found: Floats = cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA)
    return found
