"""Every setting of a training, with its default; a YAML file changes defaults, flags win."""

import argparse
import math
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin

from data import documents
from data.texts import listed, quoted
from model.card.card import LARGEST_PX, NAME, VIEWS
from model.errors import ModelError


def setting(default: Any, text: str) -> Any:
    """A field of the configuration with the sentence that `--help` and the docs show."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class TrainConfig:
    """None of these values is the paper's: it does not publish them."""

    data: str = setting("", "manifest CSV, folder with one sub-folder per class, or 'phantom'")
    name: str = setting("skinreader", "name of the checkpoint")
    taxonomy: str = setting("PUMCH14", "shipped taxonomy or JSON file")
    backbone: str = setting("efficientnet_b4", "name of a timm backbone")
    weights: str = setting("imagenet", "imagenet, none, or a local file of backbone weights")
    auxiliary: bool = setting(True, "one auxiliary classifier per stage")
    aux_weight: tuple[float, ...] = setting((0.3,), "weight of the auxiliary losses: one, or each")
    size_px: int = setting(224, "side of the network's square input")
    fit: str = setting("crop", "crop the centre, or pad, to a square")
    growing_sizes: tuple[int, ...] = setting(
        (), "smaller training inputs in px for the first epochs, in equal shares with size_px"
    )
    epochs: int = setting(20, "number of epochs")
    epoch_size: int = setting(0, "images per epoch; 0: as many as the training part has")
    batch_size: int = setting(32, "images per step and device")
    learning_rate: float = setting(1e-3, "peak learning rate of AdamW")
    weight_decay: float = setting(0.02, "weight decay of AdamW (not on biases and norms)")
    warmup: float = setting(0.1, "share of the steps that raise the rate; 0.25 makes a one-cycle")
    clip_norm: float = setting(1.0, "largest norm of the gradient")
    ema: float = setting(0.0, "decay per step of the averaged weights that are kept; 0: no average")
    label_smoothing: float = setting(0.05, "share of the target spread over all classes")
    dropout: float = setting(0.4, "dropout before the main classifier; half of it before others")
    drop_path: float = setting(0.1, "stochastic depth of the backbone")
    balance: float = setting(
        1.0, "1: classes take turns; 0: as frequent as they are; 0.5: by square roots"
    )
    logit_adjustment: float = setting(
        0.0, "share of the classes' log frequencies that is added to the logits in training"
    )
    mixup: float = setting(0.0, "alpha of mixup: images blended in pairs; 0: none")
    crop_scale: float = setting(0.75, "least share of the side kept by a random crop")
    rotation: bool = setting(True, "turn by any angle")
    flip: bool = setting(True, "mirror")
    brightness: float = setting(0.15, "largest relative change of brightness")
    contrast: float = setting(0.15, "largest relative change of contrast")
    saturation: float = setting(0.15, "largest relative change of saturation")
    tuning_share: float = setting(0.15, "share of the cases for choosing epoch and thresholds")
    test_share: float = setting(0.2, "share of the cases held out")
    split: str = setting("", "stored split (`python -m data split`); the two shares do not count")
    views: int = setting(1, "mirrored and turned copies averaged when serving: 1, 2, 4 or 8")
    keep: str = setting("best", "epoch that is kept: best by tuning macro AUC, or last")
    patience: int = setting(0, "epochs without a better macro AUC before stopping; 0: never")
    seed: int = setting(1, "of weights, splits, order and augmentation")
    deterministic: bool = setting(False, "only operations that give the same bits each time")
    save_every: int = setting(50, "steps between two savings of the state")
    workers: int = setting(2, "processes that load images")
    threads: int = setting(0, "threads of torch on the CPU; 0: its own choice")
    precision: str = setting("auto", "auto (mixed on CUDA, else 32-true) or one of Fabric's names")
    accelerator: str = setting("auto", "auto, cpu, cuda or mps")
    devices: int = setting(1, "devices per node")
    nodes: int = setting(1, "number of nodes")
    phantom_sizes: tuple[int, ...] = setting((256,), "sides in px at which phantoms are drawn")
    phantom_nuisance: float = setting(1.0, "strength of hair, bubbles, blur and light in training")
    test_nuisance: float = setting(1.5, "the same for held-out phantoms")
    tuning_size: int = setting(560, "number of tuning phantoms")
    test_size: int = setting(1400, "number of held-out phantoms")
    domain: str = setting("", "sentence for the card: what it was trained on, what it cannot know")
    licence: str = setting("Apache-2.0", "licence of the weights")
    publish: str = setting("", "folder that gets the finished checkpoint as well")

    def __post_init__(self) -> None:
        _check_ranges(self)
        if not self.data:
            raise ModelError(
                "Expected data to train on, but got none; give --data MANIFEST, --data FOLDER or "
                "--data phantom."
            )


_LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("epochs", "save_every", "devices", "nodes", "tuning_size", "test_size"), (1, math.inf)
    ),
    # Batch norm has no variance over one image.
    "batch_size": (2, math.inf),
    "size_px": (16, LARGEST_PX),
    "growing_sizes": (16, LARGEST_PX),
    "phantom_sizes": (16, LARGEST_PX),
    **dict.fromkeys(("seed", "patience", "epoch_size"), (0, 2**31 - 1)),
    # Thousands of threads or processes end a program without a word.
    **dict.fromkeys(("workers", "threads"), (0, 512)),
    "learning_rate": (1e-12, 100),
    **dict.fromkeys(("weight_decay", "phantom_nuisance", "test_nuisance", "aux_weight"), (0, 100)),
    "clip_norm": (1e-12, math.inf),
    **dict.fromkeys(("brightness", "contrast", "saturation", "warmup", "balance"), (0, 1)),
    "logit_adjustment": (0, 4),
    "mixup": (0, 10),
    "crop_scale": (0.05, 1),
}
_SHARES = ("dropout", "ema", "drop_path", "label_smoothing", "tuning_share", "test_share")


def _check_ranges(config: TrainConfig) -> None:
    """All settings that are wrong at once: a training must not fail late for one of them."""
    wrong = [
        f"{name} = {value} (from {low:g} to {high:g})"
        for name, (low, high) in _LIMITS.items()
        for value in _each(getattr(config, name))
        if not low <= value <= high
    ]
    wrong += [
        f"{name} = {getattr(config, name)} (0 to below 1)"
        for name in _SHARES
        if not 0 <= getattr(config, name) < 1
    ]
    if config.tuning_share <= 0 or config.test_share <= 0 or _train_share(config) <= 0:
        wrong.append(
            f"tuning_share = {config.tuning_share} and test_share = {config.test_share} "
            "(each above 0, together below 1)"
        )
    if config.views not in VIEWS:
        wrong.append(f"views = {config.views} ({', '.join(map(str, VIEWS))})")
    if config.keep not in ("best", "last"):
        wrong.append(f"keep = {config.keep} (best or last)")
    if not NAME.fullmatch(config.name):
        wrong.append(f"name = {config.name!r} (letters, digits, '.', '_' and '-')")
    if wrong:
        raise ModelError(
            f"Expected settings in their ranges, but got {', '.join(wrong)}; change it."
        )


def _train_share(config: TrainConfig) -> float:
    return 1 - config.tuning_share - config.test_share


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag per setting; a flag that is not given leaves the file's value or the default."""
    for entry in fields(TrainConfig):
        flag = "--" + entry.name.replace("_", "-")
        text = f"{entry.metadata['help']} (default: {_shown(entry.default)})"
        kind: dict[str, Any] = {"type": entry.type}
        if entry.type is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        elif get_origin(entry.type) is tuple:
            kind = {"type": get_args(entry.type)[0], "nargs": "+"}
        parser.add_argument(
            flag, dest=entry.name, default=argparse.SUPPRESS, help=text.replace("%", "%%"), **kind
        )


def _shown(default: Any) -> str:
    if default in (MISSING, "", ()):
        return "none"
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def resolve(*, file: Path | None, flags: dict[str, Any]) -> TrainConfig:
    """Defaults, then the YAML file, then flags. Raises ModelError for a setting that is unknown."""
    values = _read_yaml(file) if file else {}
    known = {entry.name: entry for entry in fields(TrainConfig)}
    unknown = sorted(set(values) - set(known), key=str)
    if unknown:
        raise ModelError(
            f"Expected known settings in {file}, but got {listed(map(str, unknown))}; "
            "`python -m model train --help` lists them."
        )
    merged = {**values, **{name: flags[name] for name in known if name in flags}}
    return TrainConfig(**{name: _typed(known[name], value) for name, value in merged.items()})


def _typed(entry: Any, value: Any) -> Any:
    """YAML reads 1e-3 as text and lists as lists; the field's own type decides."""
    try:
        return _converted(entry.type, value)
    except (TypeError, ValueError):
        raise ModelError(
            f"Expected {entry.name} ({entry.metadata['help']}) like {_shown(entry.default)}, "
            f"but got {quoted(value)}; change it."
        ) from None


def _converted(kind: Any, value: Any) -> Any:
    if get_origin(kind) is tuple:
        parts = value if isinstance(value, list | tuple) else [value]
        return tuple(get_args(kind)[0](part) for part in parts)
    # bool("no") would be True.
    if kind is bool and not isinstance(value, bool):
        raise TypeError
    return kind(value)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = documents.read(path, "YAML")
    except documents.DocumentError as error:
        raise ModelError(
            f"Expected {path} to be a YAML file of settings, but reading it failed "
            f"({error}); check path and spelling."
        ) from error
    if not isinstance(content, dict):
        raise ModelError(
            f"Expected {path} to hold `name: value` lines, but it does not; see model/configs/."
        )
    return content


def to_plain(config: TrainConfig) -> dict[str, Any]:
    """The configuration as plain values, for YAML, cards and comparison."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
