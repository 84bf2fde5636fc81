"""Logits averaged over mirrored and turned copies: a lesion has no upright side."""

from typing import NamedTuple

import torch
from torch import Tensor

from model.network.network import SkinNet


def view(images: Tensor, number: int) -> Tensor:
    """One of the eight copies of (n, c, s, s) squares; number 0 is the original.

    The first two mirror left and right, the first four also top and bottom, and 4 to 7 are those
    turned by a quarter.
    """
    moved = images.transpose(2, 3) if number & 4 else images
    axes = [axis for bit, axis in ((1, 3), (2, 2)) if number & bit]
    return moved.flip(axes) if axes else moved


class Seen(NamedTuple):
    """What a network says of n pictures: (n, k) logits over all views.

    Of the pictures as they are: `features` (n, d) before the last layer, and `style` (n, s) of the
    first stages (SkinNet.look).
    """

    logits: Tensor
    features: Tensor
    style: Tensor


def look_at(network: SkinNet, images: Tensor, *, views: int = 1) -> Seen:
    """Logits averaged over the first `views` copies (1, 2, 4, 8) of (n, 3, s, s) squares.

    The cost grows in proportion to `views`.
    """
    layout = network.memory_format
    first, style = network.look(images.contiguous(memory_format=layout))
    copies = (view(images, n).contiguous(memory_format=layout) for n in range(1, views))
    others = [network(copy, auxiliary=False).logits for copy in copies]
    return Seen(torch.stack([first.logits, *others]).mean(dim=0), first.features, style)
