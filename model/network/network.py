"""A timm backbone with one auxiliary classifier per stage.

Reference: Zhu et al. 2021 (Front Med 8:626369): EfficientNet-b4 with "seven auxiliary classifiers
to each of the intermediate layer groups". That the seven groups are the seven MBConv stages is this
project's reading; pooling, dropout and a linear layer per head are settings, not the paper's.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import timm
import torch
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor, nn
from torch.nn import functional

from model.errors import UNREADABLE_WEIGHTS, ModelError

# The smallest side that every timm convolutional backbone accepts (Inception-v3 needs 75 px).
_PROBE_PX = 96
_OWN = "backbone."
_EARLY = 2


class Output(NamedTuple):
    """What one forward pass gives for a batch of n images and k classes.

    `logits` is (n, k); `aux_logits` holds one (n, k) per stage, shallow to deep, empty when the
    network has no auxiliary heads or was asked for none; `features` is (n, d), pooled, before the
    last layer.
    """

    logits: Tensor
    aux_logits: tuple[Tensor, ...]
    features: Tensor


class AuxiliaryHead(nn.Module):
    """Global average pooling, dropout and a linear layer: (n, c, h, w) to (n, k)."""

    def __init__(self, channels: int, n_classes: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(channels, n_classes)

    def forward(self, stage: Tensor) -> Tensor:
        """Classify from one stage alone."""
        logits: Tensor = self.linear(self.dropout(stage.mean(dim=(2, 3))))
        return logits


class SkinNet(nn.Module):
    """Backbone, main classifier and auxiliary classifiers.

    EfficientNets and their kin get one head per stage of blocks (seven for b0 to b7 and lite),
    every other backbone one per entry of timm's `feature_info` that is not its stem. `size_px`
    matters to backbones of a fixed input size alone.
    """

    def __init__(
        self,
        backbone: str,
        n_classes: int,
        *,
        auxiliary: bool = True,
        size_px: int = 224,
        dropout: float = 0.4,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.backbone_name = backbone
        # Transformers and mixers are built for one size of image.
        self.sized = {"img_size": size_px} if has_fixed_size(backbone) else {}
        self.backbone = _make_backbone(backbone, drop_path, self.sized)
        self._options = _stage_options(self.backbone)
        width, channels = self._probe()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, n_classes)
        self.auxiliary = nn.ModuleList(
            AuxiliaryHead(c, n_classes, dropout=dropout / 2) for c in channels if auxiliary
        )

    def forward(self, images: Tensor, *, auxiliary: bool = True) -> Output:
        """(n, 3, h, w) float, normalised as the card says, to an Output."""
        if not (auxiliary and self.auxiliary):
            features = self._pool(self.backbone.forward_features(images))
            return Output(self.head(self.dropout(features)), (), features)
        last, stages = self._stages(images)
        features = self._pool(last)
        aux = tuple(head(stage) for head, stage in zip(self.auxiliary, stages, strict=True))
        return Output(self.head(self.dropout(features)), aux, features)

    def look(self, images: Tensor) -> tuple[Output, Tensor]:
        """As `forward` without auxiliary classifiers, and (n, s) of what kind the pictures are.

        That is the mean and the deviation over the picture of every channel of the first two
        stages, before anything is known of diseases; each of the four parts has length 1.
        """
        last, stages = self._stages(images)
        features = self._pool(last)
        parts = [
            functional.normalize(part)
            for stage in stages[:_EARLY]
            for part in (stage.mean(dim=(2, 3)), stage.std(dim=(2, 3), correction=0))
        ]
        return Output(self.head(features), (), features), torch.cat(parts, dim=1)

    @property
    def memory_format(self) -> torch.memory_format:
        """How images and weights lie in memory: channels last is faster on every device."""
        # torch 2.14 frees memory twice in the backward pass of these on CPUs.
        if self.backbone_name.startswith(("repvgg", "mobileone")):
            return torch.contiguous_format
        return torch.channels_last

    @property
    def last_convolution(self) -> nn.Module:
        """The deepest convolution, where Grad-CAM looks (`conv_head` of an EfficientNet)."""
        named = getattr(self.backbone, "conv_head", None)
        if isinstance(named, nn.Module):
            return named
        found = [m for m in self.backbone.modules() if isinstance(m, nn.Conv2d)]
        if not found:
            raise ModelError(
                f"Expected a backbone with convolutions, but {self.backbone_name} has none; "
                "choose another saliency method than grad-cam."
            )
        return found[-1]

    def _stages(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        last, stages = self.backbone.forward_intermediates(images, **self._options)
        return last, stages

    def _pool(self, last: Tensor) -> Tensor:
        features: Tensor = self.backbone.forward_head(last, pre_logits=True)
        return features

    def _probe(self) -> tuple[int, list[int]]:
        """Widths of the features and of each stage, read off one blank image."""
        side = self.sized.get("img_size", _PROBE_PX)
        self.backbone.eval()
        with torch.no_grad():
            last, stages = self._stages(torch.zeros(1, 3, side, side))
            width = int(self._pool(last).shape[1])
        self.backbone.train()
        return width, [int(stage.shape[1]) for stage in stages]


def has_fixed_size(name: str) -> bool:
    """Whether a backbone takes images of the one size that it was built for."""
    return timm.is_model(name) and bool(timm.get_pretrained_cfg_value(name, "fixed_input_size"))


def takes_drop_path(name: str) -> bool:
    """Whether timm's backbone has stochastic depth. Raises ModelError for an unknown name."""
    _check_name(name)
    sized = has_fixed_size(name)
    size = {"img_size": timm.get_pretrained_cfg_value(name, "input_size")[-1]} if sized else {}
    try:
        _make_backbone(name, 0.1, size)
    except ModelError:
        return False
    return True


def pixel_statistics(name: str) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation per channel with which the ImageNet weights of a backbone were trained.

    Of RGB in 0 to 1. Raises ModelError for a name that timm does not know.

    >>> pixel_statistics("tf_efficientnet_lite0")
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    """
    _check_name(name)
    mean, std = (timm.get_pretrained_cfg_value(name, field) for field in ("mean", "std"))
    return mean or IMAGENET_DEFAULT_MEAN, std or IMAGENET_DEFAULT_STD


def _check_name(name: str) -> None:
    if not timm.is_model(name):
        close = timm.list_models(f"*{name[:12]}*")[:5]
        raise ModelError(
            f"Expected the name of a timm backbone, but got {name!r}; "
            f"{'did you mean ' + ', '.join(close) if close else 'see timm.list_models()'}?"
        )


def _make_backbone(name: str, drop_path: float, sized: dict[str, int]) -> Any:
    _check_name(name)
    options = {"drop_path_rate": drop_path} if drop_path else {}
    try:
        backbone = timm.create_model(name, num_classes=0, **options, **sized)
    except TypeError as error:
        raise ModelError(
            f"Expected a backbone with stochastic depth, but timm's {name} has none; "
            "train it with --drop-path 0."
        ) from error
    # Each family refuses a size in its own way.
    except (AssertionError, RuntimeError, ValueError) as error:
        native = timm.get_pretrained_cfg_value(name, "input_size")[-1]
        raise ModelError(
            f"Expected a size that timm's {name} can be built for, but got {sized}; "
            f"train it with --size-px {native}."
        ) from error
    if not hasattr(backbone, "forward_intermediates"):
        raise ModelError(
            f"Expected a backbone that gives its stages, but timm's {name} cannot; "
            "choose one with forward_intermediates, e.g. efficientnet_b4 or resnet50."
        )
    return backbone


def _stage_options(backbone: Any) -> dict[str, Any]:
    """Arguments of `forward_intermediates` that make it give every stage and no stem."""
    parameters = inspect.signature(backbone.forward_intermediates).parameters
    if "extra_blocks" in parameters and hasattr(backbone, "blocks"):
        return {"extra_blocks": True, "indices": list(range(1, len(backbone.blocks) + 1))}
    info = backbone.feature_info
    entries = list(getattr(info, "info", info))
    # A backbone that halves the image in its stem lists the stem as its first entry.
    first = 1 if len(entries) > 1 and entries[0]["reduction"] == 2 else 0
    return {"indices": list(range(first, len(entries)))}


def load_backbone_weights(network: SkinNet, weights: str) -> None:
    """Fill the backbone in place: "none", "imagenet" (timm's, downloaded) or a local file.

    A file is a checkpoint of this project, or safetensors or a PyTorch state dict with timm's
    names; classifiers in it are left out. Raises ModelError when it cannot be had or does not fit.
    """
    if weights == "none":
        return
    state = _imagenet(network) if weights == "imagenet" else _read(Path(weights))
    own = network.backbone.state_dict()
    wanted = {name: tensor for name, tensor in state.items() if name in own}
    wrong = [n for n, tensor in own.items() if n not in wanted or wanted[n].shape != tensor.shape]
    if wrong:
        raise ModelError(
            f"Expected weights of {network.backbone_name}, but {len(wrong)} of {len(own)} tensors "
            f"are missing or of another shape (first: {wrong[0]}); choose that backbone's file."
        )
    network.backbone.load_state_dict(wanted)


def _imagenet(network: SkinNet) -> Mapping[str, Tensor]:
    backbone = network.backbone_name
    try:
        model = timm.create_model(backbone, pretrained=True, **network.sized)
    # The hub's client raises a different family of errors per version and per cause.
    except Exception as error:
        raise ModelError(
            f"Expected ImageNet weights of {backbone} from the hub, but fetching them failed "
            f"({type(error).__name__}); go online, give a file with --weights FILE, or train from "
            "scratch with --weights none."
        ) from error
    state: Mapping[str, Tensor] = model.state_dict()
    return state


def _read(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise ModelError(
            f"Expected --weights to be none, imagenet or a file, but {str(path)!r} is not there; "
            "check the path."
        )
    try:
        if path.suffix == ".safetensors":
            return _backbone_of(safetensors.torch.load_file(path))
        # weights_only: a pickle that runs code is refused.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE_WEIGHTS as error:
        raise _no_weights(path, type(error).__name__) from error
    if not isinstance(state, Mapping):
        raise _no_weights(path, f"it holds a {type(state).__name__}")
    inner = state.get("state_dict", state.get("model", state))
    if not isinstance(inner, Mapping) or not all(isinstance(t, Tensor) for t in inner.values()):
        raise _no_weights(path, "it holds something else than tensors by name")
    return _backbone_of(inner)


def _backbone_of(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Names as timm has them: those of this project's own checkpoints have the part in front."""
    own = {n.removeprefix(_OWN): tensor for n, tensor in state.items() if n.startswith(_OWN)}
    return own or state


def _no_weights(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"Expected {path.name} to hold weights (safetensors or a plain state dict), but reading "
        f"it failed ({reason}); fetch it again."
    )
