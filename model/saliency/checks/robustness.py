"""Two of captum's metrics on a map: whether it holds still, and foretells the score."""

from collections.abc import Callable
from typing import Any

import torch
from captum.metrics import infidelity, sensitivity_max
from torch import Tensor

from model.network.network import SkinNet
from model.saliency.methods import attribute

# Grey levels by which every value of a pixel may change: nobody would see it.
GREY_LEVELS = 2.0
PERTURBATIONS = 4
SQUARES = 16
_SIDE = 1 / 5
_BATCH = 8


def largest_change(
    network: SkinNet, image: Tensor, *, target: int, method: str, std: tuple[float, ...], seed: int
) -> float:
    """Sensitivity-max: the largest relative change of the unscaled map, in its Frobenius norm.

    The largest of PERTURBATIONS draws that change each value by up to GREY_LEVELS; `std` is the
    card's. 0: it holds still; 1: it changes by as much as itself.
    Reference: Yeh et al. 2019; captum.metrics.sensitivity_max.
    """

    def explained(inputs: Any, **_: Any) -> Tensor:
        images = inputs[0] if isinstance(inputs, tuple) else inputs
        return torch.stack(
            [attribute(network, one, target=target, method=method) for one in images]
        )[:, None]

    radius = GREY_LEVELS / 255 / (sum(std) / len(std))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        found = sensitivity_max(
            explained, image[None], perturb_radius=radius, n_perturb_samples=PERTURBATIONS
        )
    return float(found)


def misfit(
    network: SkinNet, image: Tensor, attribution: Tensor, *, target: int, is_share: bool, seed: int
) -> float:
    """Infidelity: mean squared error with which a map foretells the logit's changes.

    The changes come from SQUARES squares, side a fifth of the image's, set to the mean colour; the
    map gets its best scale. `attribution` is (3, s, s), signed where it has a sign; `is_share` as
    in `Method`. An empty map gives the mean squared change itself, and no map is worse.
    Reference: Yeh et al. 2019, eq. 1 and 2; captum.metrics.infidelity.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the same squares for every map
        found = infidelity(
            lambda images: network(images, auxiliary=False).logits,
            _blank_squares(is_share=is_share),
            image[None],
            attribution[None],
            target=target,
            n_perturb_samples=SQUARES,
            max_examples_per_batch=_BATCH,
            normalize=True,
        )
    return float(found)


def _blank_squares(*, is_share: bool) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def perturb(images: Tensor) -> tuple[Tensor, Tensor]:
        """What is taken away and what is left; a map of shares is summed as it is."""
        size = images.shape[-1]
        side = max(1, round(size * _SIDE))
        mask = torch.zeros_like(images)
        for one in mask:
            top, left = torch.randint(0, size - side + 1, (2,)).tolist()
            one[:, top : top + side, left : left + side] = 1
        return (mask if is_share else images * mask), images * (1 - mask)

    return perturb
