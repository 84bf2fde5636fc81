"""Which pixels moved the score of one class: captum's methods behind one signature.

Every method explains the logit of the target class. The map that is shown has no sign: it tells
where, not for or against; `attribute` gives the signed values too. Afterwards the network is as it
was, also when a method fails.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, NoiseTunnel, Saliency
from torch import Tensor, nn

from data.arrays import Floats32
from model.errors import ModelError
from model.network.network import SkinNet

_CLIP_PERCENTILE = 99.0
_SMOOTH_SAMPLES = 16
_SMOOTH_NOISE = 0.15
_IG_STEPS = 24
# Samples and path points are worked through in batches of this many, to bound the memory.
_BATCH = 4
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _logits_of(network: SkinNet) -> Callable[[Tensor], Tensor]:
    """The form that captum explains: a function with one tensor as its result."""

    def forward(images: Tensor) -> Tensor:
        logits: Tensor = network(images, auxiliary=False).logits
        return logits

    return forward


def _gradient(network: SkinNet, image: Tensor, target: int, *, signed: bool) -> Tensor:
    """Gradient of the logit. Reference: Simonyan et al. 2014."""
    found: Tensor = Saliency(_logits_of(network)).attribute(image, target=target, abs=not signed)
    return found


def _smoothgrad(network: SkinNet, image: Tensor, target: int, *, signed: bool) -> Tensor:
    """Mean gradient over noisy copies. Reference: Smilkov et al. 2017 (noise 15%)."""
    spread = float(image.detach().max() - image.detach().min())
    # captum draws from torch's global generator: fixed here, so that a map can be repeated.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        gradients: Tensor = NoiseTunnel(Saliency(_logits_of(network))).attribute(
            image,
            target=target,
            abs=not signed,
            nt_type="smoothgrad",
            nt_samples=_SMOOTH_SAMPLES,
            nt_samples_batch_size=_BATCH,
            stdevs=_SMOOTH_NOISE * max(spread, 1e-6),
        )
    return gradients


def _integrated(network: SkinNet, image: Tensor, target: int, *, signed: bool) -> Tensor:
    """Share of the logit, from the training images' mean colour. Sundararajan et al. 2017."""
    attributed: Tensor = IntegratedGradients(_logits_of(network)).attribute(
        image, target=target, n_steps=_IG_STEPS, internal_batch_size=_BATCH
    )
    return attributed if signed else attributed.sum(dim=1, keepdim=True).abs()


def _grad_cam(network: SkinNet, image: Tensor, target: int, *, signed: bool) -> Tensor:
    """Evidence for the class at the last convolution. Reference: Selvaraju et al. 2017."""
    layer = LayerGradCam(_logits_of(network), network.last_convolution)
    coarse = layer.attribute(image, target=target, relu_attributions=not signed)
    fine: Tensor = LayerAttribution.interpolate(coarse, image.shape[2:], "bilinear")
    return fine


@dataclass(frozen=True)
class Method:
    """One way to explain a logit.

    `attribute(network, image, target, signed=...)` gives (1, c, s, s) with c 1 or 3; without a sign
    it is what the map shows, channel by channel. `sign` says what became of the sign: "absolute"
    maps show what speaks for and what against the class alike, "positive" ones drop what speaks
    against. `is_share`: a pixel's value is its share of the logit, not a slope.
    """

    attribute: Callable[..., Tensor]
    sign: Literal["absolute", "positive"]
    is_share: bool


METHODS: dict[str, Method] = {
    "gradient": Method(_gradient, "absolute", is_share=False),
    "smoothgrad": Method(_smoothgrad, "absolute", is_share=False),
    "integrated-gradients": Method(_integrated, "absolute", is_share=True),
    "grad-cam": Method(_grad_cam, "positive", is_share=True),
}


def attribute(
    network: SkinNet, image: Tensor, *, target: int, method: str, signed: bool = False
) -> Tensor:
    """What a method says of one image, not scaled: (3, s, s) float to (s, s) or (3, s, s) float32.

    Unsigned it is the map that `explain` scales: the largest value over the channels. Signed it
    keeps the channels (Grad-CAM's one value is given to each) and the sign, positive for evidence
    for the class. Raises ModelError for an unknown method or class.
    """
    if method not in METHODS:
        raise ModelError(
            f"Expected a saliency method ({', '.join(METHODS)}), but got {method!r}; choose one."
        )
    if not 0 <= target < network.head.out_features:
        raise ModelError(
            f"Expected a class from 0 to {network.head.out_features - 1}, but got {target}; "
            "choose one of the card's."
        )
    # A copy that requires gradients, so that they flow although the weights are frozen.
    inputs = image.detach().clone()[None].to(memory_format=torch.channels_last).requires_grad_()
    with frozen(network), torch.enable_grad():
        found = METHODS[method].attribute(network, inputs, target, signed=signed)[0].detach()
    return found.expand(image.shape) if signed else found.amax(dim=0)


def explain(network: SkinNet, image: Tensor, *, target: int, method: str) -> Floats32:
    """Map of one image: (3, s, s) float, normalised as the card says, to (s, s) float32 in [0, 1].

    1 stands for the 99th percentile of the image's own map and above, so maps of two images cannot
    be compared in strength; a map without any signal is all 0. Raises ModelError for an unknown
    method or class.
    """
    found = attribute(network, image, target=target, method=method)
    return normalise(found.cpu().numpy())


def normalise(found: npt.NDArray[np.floating]) -> Floats32:
    """Non-negative (h, w) to [0, 1] by its 99th percentile; all 0 when there is no signal."""
    clean = np.nan_to_num(np.asarray(found, dtype=np.float64), posinf=0.0)
    # A sparse map may be 0 at its 99th percentile: then its maximum is the scale.
    top = float(np.percentile(clean, _CLIP_PERCENTILE)) or float(clean.max())
    if top <= 0:
        return np.zeros(clean.shape, dtype=np.float32)
    return np.clip(clean / top, 0, 1).astype(np.float32)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients for weights inside; everything as before outside."""
    modes = [(module, module.training) for module in network.modules()]
    weights = [(p, p.requires_grad, p.grad) for p in network.parameters()]
    hooks = [(getattr(m, kind), dict(getattr(m, kind))) for m, _ in modes for kind in _HOOKS]
    network.eval().requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for weight, required, gradient in weights:
            weight.requires_grad_(required)
            weight.grad = gradient
        for held, before in hooks:
            held.clear()
            held.update(before)
