"""The training loss: main cross-entropy plus the weighted auxiliary ones."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from data.arrays import Floats
from model.errors import ModelError
from model.network.network import Output


def total_loss(
    output: Output,
    target: Tensor,
    *,
    aux_weights: float | Sequence[float] = 0.3,
    label_smoothing: float = 0.0,
    adjustment: Tensor | None = None,
) -> Tensor:
    """Scalar loss of a batch: main + sum of w_i x auxiliary_i.

    `target` is (n,) int64 in [0, k), or (n, k) shares of the classes. `adjustment` (k,) is added to
    the logits of every head, see `prior_adjustment`. `aux_weights` is one weight for every head or
    one per head, shallow to deep; without auxiliary logits only the main term is left. The paper's
    weights are not public: 0.3 for each is this project's setting (Szegedy et al. 2015, section 5).
    """
    heads = output.aux_logits
    weights = (
        [aux_weights] * len(heads) if isinstance(aux_weights, int | float) else list(aux_weights)
    )
    if heads and len(weights) != len(heads):
        raise ModelError(
            f"Expected one auxiliary weight or {len(heads)} (one per stage), but got "
            f"{len(weights)}; give that many."
        )

    def of(logits: Tensor) -> Tensor:
        shifted = logits if adjustment is None else logits + adjustment
        return functional.cross_entropy(shifted, target, label_smoothing=label_smoothing)

    loss = of(output.logits)
    for weight, logits in zip(weights, heads, strict=False):
        loss = loss + weight * of(logits)
    return loss


def prior_adjustment(shares: Floats, *, strength: float) -> Tensor | None:
    """What is added to the logits in training: (k,) `strength` x log of the classes' shares.

    `shares` (k,) are those of the images drawn, in [0, 1]. The network then need not learn that
    rare classes are rare, and without the term answers as if all were equally common. A class
    without cases counts as a thousandth. None for strength 0.
    Reference: Menon et al. 2021, "Long-tail learning via logit adjustment", eq. 10.
    """
    if not strength:
        return None
    return torch.from_numpy(strength * np.log(np.maximum(shares, 0.001))).float()


def mixup(images: Tensor, labels: Tensor, *, n_classes: int, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each image with another of the batch, and their classes alike.

    (n, 3, h, w) and (n,) int64 to (n, 3, h, w) and (n, k) shares that sum to 1. One share of the
    batch from Beta(alpha, alpha), drawn from torch's generator. Reference: Zhang et al. 2018.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    partner = torch.randperm(len(labels)).to(images.device)
    targets = functional.one_hot(labels, n_classes).to(images.dtype)
    return torch.lerp(images[partner], images, share), torch.lerp(targets[partner], targets, share)
