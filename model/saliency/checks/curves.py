"""Deletion and insertion: whether the answer depends on the pixels that a map marks first."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from data.arrays import Floats, Ints
from model.network.network import SkinNet

Kind = Literal["deletion", "insertion"]
STEPS = 10
_BATCH = 8
# A blur so strong that no structure is left: the deviation as a share of the side.
_BLUR = 1 / 16


def curve(
    network: SkinNet,
    image: Tensor,
    saliency: npt.NDArray[np.floating],
    *,
    target: int,
    kind: Kind,
    seed: int,
    temperature: float = 1.0,
    steps: int = STEPS,
) -> Floats:
    """(steps + 1,) probability of the target class, as pixels go or come in falling order.

    "deletion" starts from the normalised (3, s, s) image and sets pixels to the training images'
    mean colour; "insertion" starts from the image blurred beyond recognition and puts pixels back.
    Equal values of the (s, s) map come in an order drawn from the seed.
    Reference: Petsiuk et al. 2018 (RISE), with `steps` steps and a wider blur.
    """
    mixes = _mixes(image, _order(saliency, seed), kind=kind, steps=steps)
    with torch.inference_mode():
        logits = torch.cat(
            [network(part, auxiliary=False).logits for part in torch.split(mixes, _BATCH)]
        )
    found: Floats = (logits.double() / temperature).softmax(dim=1)[:, target].cpu().numpy()
    return found


def area(values: Floats) -> float:
    """Area under a curve over the share of pixels, in [0, 1], by trapezoids.

    >>> area(np.array([1.0, 0.5, 0.0]))
    0.5
    """
    return float(np.trapezoid(values, dx=1 / (len(values) - 1)))


def _order(saliency: npt.NDArray[np.floating], seed: int) -> Ints:
    """Pixels in falling order; equal ones would else come row by row."""
    drawn = np.random.default_rng(seed).permutation(saliency.size)
    order: Ints = drawn[np.argsort(-saliency.ravel()[drawn], kind="stable")]
    return order


def _mixes(image: Tensor, order: Ints, *, kind: Kind, steps: int) -> Tensor:
    start, end = (image, torch.zeros_like(image))
    if kind == "insertion":
        start, end = (blurred(image), image)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    ranks = torch.from_numpy(rank.reshape(image.shape[1:]))
    counts = np.rint(np.linspace(0, order.size, steps + 1)).astype(int)
    return torch.stack([torch.where(ranks < int(n), end, start) for n in counts])


def blurred(image: Tensor) -> Tensor:
    """The picture without its structures: Gaussian blur, deviation a sixteenth of the side."""
    sigma = image.shape[-1] * _BLUR
    # Padding by reflection needs a kernel no wider than the image.
    side = min(2 * round(3 * sigma) + 1, 2 * (image.shape[-1] - 1) - 1)
    soft: Tensor = gaussian_blur(image, [side, side], [sigma, sigma])
    return soft
