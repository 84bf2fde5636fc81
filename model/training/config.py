"""Every setting of a training, with its default; a YAML file changes defaults, flags win."""

import argparse
import math
from collections.abc import Callable
from dataclasses import MISSING, asdict, field, fields
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.dataclasses import dataclass

from data import documents
from data.texts import listed, quoted
from model.card.card import LARGEST_PX, NAME, VIEWS
from model.errors import ModelError

T = TypeVar("T")


def setting(default: Any, text: str) -> Any:
    """A field of the configuration with the sentence that `--help` and the docs show."""
    return field(default=default, metadata={"help": text})


def _only_if(holds: Callable[[Any], bool], rule: str) -> AfterValidator:
    """Refuses a value of the right type, saying by which rule; nan keeps none."""

    def check(value: T) -> T:
        if not holds(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def _between(low: float, high: float = math.inf) -> AfterValidator:
    return _only_if(lambda value: low <= value <= high, f"from {low:g} to {high:g}")


def _leaves_a_training_part(test_share: float, info: ValidationInfo) -> float:
    if 1 - info.data.get("tuning_share", 0) - test_share <= 0:
        raise ValueError("together with tuning_share below 1")
    return test_share


Count = Annotated[int, _between(1)]
Whole = Annotated[int, _between(0, 2**31 - 1)]
Side = Annotated[int, _between(16, LARGEST_PX)]
# Thousands of threads or processes end a program without a word.
Processes = Annotated[int, _between(0, 512)]
# Batch norm has no variance over one image.
BatchSize = Annotated[int, _between(2)]
Views = Annotated[int, _only_if(VIEWS.__contains__, ", ".join(map(str, VIEWS)))]
Fraction = Annotated[float, _between(0, 1)]
Strength = Annotated[float, _between(0, 100)]
Share = Annotated[float, _only_if(lambda share: 0 <= share < 1, "0 to below 1")]
PartOfCases = Annotated[float, _only_if(lambda share: 0 < share < 1, "above 0, below 1")]
Name = Annotated[str, _only_if(NAME.fullmatch, "letters, digits, '.', '_' and '-'")]
Kept = Annotated[str, _only_if(("best", "last").__contains__, "best or last")]
# A YAML file may give one value without brackets.
OneOrMore = Annotated[
    tuple[T, ...],
    BeforeValidator(lambda given: given if isinstance(given, list | tuple) else (given,)),
]


@dataclass(frozen=True, config=ConfigDict(coerce_numbers_to_str=True, validate_default=True))
class TrainConfig:
    """None of these values is the paper's: it does not publish them."""

    data: str = setting("", "manifest CSV, folder with one sub-folder per class, or 'phantom'")
    name: Name = setting("skinreader", "name of the checkpoint")
    taxonomy: str = setting("PUMCH14", "shipped taxonomy or JSON file")
    backbone: str = setting("efficientnet_b4", "name of a timm backbone")
    weights: str = setting("imagenet", "imagenet, none, or a local file of backbone weights")
    auxiliary: StrictBool = setting(True, "one auxiliary classifier per stage")
    aux_weight: OneOrMore[Strength] = setting(
        (0.3,), "weight of the auxiliary losses: one, or each"
    )
    size_px: Side = setting(224, "side of the network's square input")
    fit: str = setting("crop", "crop the centre, or pad, to a square")
    growing_sizes: OneOrMore[Side] = setting(
        (), "smaller training inputs in px for the first epochs, in equal shares with size_px"
    )
    epochs: Count = setting(20, "number of epochs")
    epoch_size: Whole = setting(0, "images per epoch; 0: as many as the training part has")
    batch_size: BatchSize = setting(32, "images per step and device")
    learning_rate: Annotated[float, _between(1e-12, 100)] = setting(
        1e-3, "peak learning rate of AdamW"
    )
    weight_decay: Strength = setting(0.02, "weight decay of AdamW (not on biases and norms)")
    warmup: Fraction = setting(
        0.1, "share of the steps that raise the rate; 0.25 makes a one-cycle"
    )
    clip_norm: Annotated[float, _between(1e-12)] = setting(1.0, "largest norm of the gradient")
    ema: Share = setting(0.0, "decay per step of the averaged weights that are kept; 0: no average")
    label_smoothing: Share = setting(0.05, "share of the target spread over all classes")
    dropout: Share = setting(0.4, "dropout before the main classifier; half of it before others")
    drop_path: Share = setting(0.1, "stochastic depth of the backbone")
    balance: Fraction = setting(
        1.0, "1: classes take turns; 0: as frequent as they are; 0.5: by square roots"
    )
    logit_adjustment: Annotated[float, _between(0, 4)] = setting(
        0.0, "share of the classes' log frequencies that is added to the logits in training"
    )
    mixup: Annotated[float, _between(0, 10)] = setting(
        0.0, "alpha of mixup: images blended in pairs; 0: none"
    )
    crop_scale: Annotated[float, _between(0.05, 1)] = setting(
        0.75, "least share of the side kept by a random crop"
    )
    rotation: StrictBool = setting(True, "turn by any angle")
    flip: StrictBool = setting(True, "mirror")
    brightness: Fraction = setting(0.15, "largest relative change of brightness")
    contrast: Fraction = setting(0.15, "largest relative change of contrast")
    saturation: Fraction = setting(0.15, "largest relative change of saturation")
    tuning_share: PartOfCases = setting(
        0.15, "share of the cases for choosing epoch and thresholds"
    )
    test_share: Annotated[PartOfCases, AfterValidator(_leaves_a_training_part)] = setting(
        0.2, "share of the cases held out"
    )
    split: str = setting("", "stored split (`python -m data split`); the two shares do not count")
    views: Views = setting(1, "mirrored and turned copies averaged when serving: 1, 2, 4 or 8")
    keep: Kept = setting("best", "epoch that is kept: best by tuning macro AUC, or last")
    patience: Whole = setting(0, "epochs without a better macro AUC before stopping; 0: never")
    seed: Whole = setting(1, "of weights, splits, order and augmentation")
    deterministic: StrictBool = setting(False, "only operations that give the same bits each time")
    save_every: Count = setting(50, "steps between two savings of the state")
    workers: Processes = setting(2, "processes that load images")
    threads: Processes = setting(0, "threads of torch on the CPU; 0: its own choice")
    precision: str = setting("auto", "auto (mixed on CUDA, else 32-true) or one of Fabric's names")
    accelerator: str = setting("auto", "auto, cpu, cuda or mps")
    devices: Count = setting(1, "devices per node")
    nodes: Count = setting(1, "number of nodes")
    phantom_sizes: OneOrMore[Side] = setting((256,), "sides in px at which phantoms are drawn")
    phantom_nuisance: Strength = setting(
        1.0, "strength of hair, bubbles, blur and light in training"
    )
    test_nuisance: Strength = setting(1.5, "the same for held-out phantoms")
    tuning_size: Count = setting(560, "number of tuning phantoms")
    test_size: Count = setting(1400, "number of held-out phantoms")
    domain: str = setting("", "sentence for the card: what it was trained on, what it cannot know")
    licence: str = setting("Apache-2.0", "licence of the weights")
    publish: str = setting("", "folder that gets the finished checkpoint as well")

    @model_validator(mode="wrap")
    @classmethod
    def _in_words(cls, values: Any, build: Callable[[Any], Self]) -> Self:
        try:
            return build(values)
        except ValidationError as error:
            raise ModelError(_words(error)) from None

    def __post_init__(self) -> None:
        if not self.data:
            raise ModelError(
                "Expected data to train on, but got none; give --data MANIFEST, --data FOLDER or "
                "--data phantom."
            )


def _words(error: ValidationError) -> str:
    """All settings out of their ranges at once: a training must not fail late for one of them."""
    faults = error.errors(include_url=False)
    for fault in faults:
        if fault["type"] != "value_error":
            entry = TrainConfig.__dataclass_fields__[str(fault["loc"][0])]
            return (
                f"Expected {entry.name} ({entry.metadata['help']}) like {_shown(entry.default)}, "
                f"but got {quoted(fault['input'])}; change it."
            )
    wrong = (
        f"{fault['loc'][0]} = {quoted(fault['input'])} ({fault['ctx']['error']})"
        for fault in faults
    )
    return f"Expected settings in their ranges, but got {', '.join(wrong)}; change it."


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag per setting; a flag that is not given leaves the file's value or the default."""
    types = get_type_hints(TrainConfig)
    for entry in fields(TrainConfig):
        of_entry = types[entry.name]
        flag = "--" + entry.name.replace("_", "-")
        text = f"{entry.metadata['help']} (default: {_shown(entry.default)})"
        kind: dict[str, Any] = {"type": of_entry}
        if of_entry is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        elif get_origin(of_entry) is tuple:
            kind = {"type": get_args(of_entry)[0], "nargs": "+"}
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
    known = {entry.name for entry in fields(TrainConfig)}
    unknown = sorted(set(values) - known, key=str)
    if unknown:
        raise ModelError(
            f"Expected known settings in {file}, but got {listed(map(str, unknown))}; "
            "`python -m model train --help` lists them."
        )
    return TrainConfig(**values | {name: flags[name] for name in known & set(flags)})


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
