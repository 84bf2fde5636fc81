"""Logits averaged over mirrored and turned copies: a lesion has no upright side."""

import torch
from torch import Tensor

from model.network import SkinNet


def view(images: Tensor, number: int) -> Tensor:
    """One of the eight copies of (n, c, s, s) squares; number 0 is the original.

    The first two mirror left and right, the first four also top and bottom, and 4 to 7 are those
    turned by a quarter.
    """
    moved = images.transpose(2, 3) if number & 4 else images
    axes = [axis for bit, axis in ((1, 3), (2, 2)) if number & bit]
    return moved.flip(axes) if axes else moved


def mean_logits(network: SkinNet, images: Tensor, *, views: int = 1) -> Tensor:
    """(n, k) logits of the main classifier, averaged over the first `views` copies (1, 2, 4, 8).

    `images` is (n, 3, s, s), as the card says. The cost grows in proportion to `views`.
    """
    return logits_and_features(network, images, views=views)[0]


def logits_and_features(
    network: SkinNet, images: Tensor, *, views: int = 1
) -> tuple[Tensor, Tensor]:
    """As `mean_logits`, and the (n, d) features of the images as they are."""
    layout = network.memory_format
    copies = (view(images, number).contiguous(memory_format=layout) for number in range(views))
    outputs = [network(copy, auxiliary=False) for copy in copies]
    return torch.stack([output.logits for output in outputs]).mean(dim=0), outputs[0].features
