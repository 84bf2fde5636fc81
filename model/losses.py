"""The training loss: main cross-entropy plus the weighted auxiliary ones."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from model.errors import ModelError
from model.network import Output


def total_loss(
    output: Output,
    target: Tensor,
    *,
    aux_weights: float | Sequence[float] = 0.3,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Scalar loss of a batch: main + sum of w_i x auxiliary_i.

    `target` is (n,) int64 in [0, k). `aux_weights` is one weight for every head or one per head,
    shallow to deep; without auxiliary logits only the main term is left. The paper's weights are
    not public: 0.3 for each is this project's setting (Szegedy et al. 2015, section 5).
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
    loss = functional.cross_entropy(output.logits, target, label_smoothing=label_smoothing)
    for weight, logits in zip(weights, heads, strict=False):
        loss = loss + weight * functional.cross_entropy(
            logits, target, label_smoothing=label_smoothing
        )
    return loss
