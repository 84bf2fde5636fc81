"""What a checkpoint is, as data that travels with its weights."""

import json
import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from data.csv_tables import is_text
from data.errors import UserError
from data.taxonomy import Taxonomy
from model.errors import CheckpointError
from model.metrics.metric import Metric, SubgroupMetric
from model.metrics.prediction_sets import SetRule
from model.metrics.reliability import Bin

Fit = Literal["crop", "pad"]
Interpolation = Literal["area", "bilinear", "bicubic"]
FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
LARGEST_PX = 4096
_TEXTS = (
    *("name", "backbone", "domain", "licence", "made_at", "code_version"),
    *("data_hash", "sha256", "tuning_sha256"),
)
# How many of the eight mirrored and turned copies of a square are averaged (model.inference.views).
VIEWS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the network's input.

    The aspect ratio is kept: `fit` "crop" makes the shorter side `size_px` and cuts the centre out,
    "pad" makes the longer side `size_px` and fills with black. `mean` and `std` are per channel, of
    values in [0, 1].
    """

    size_px: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    interpolation: Interpolation = "area"
    fit: Fit = "crop"

    def __post_init__(self) -> None:
        wrong = (
            not 8 <= self.size_px <= LARGEST_PX
            or self.fit not in get_args(Fit)
            or self.interpolation not in get_args(Interpolation)
            or len(self.mean) != 3
            or len(self.std) != 3
            or min(self.std) <= 0
        )
        if wrong:
            raise CheckpointError(
                f"Expected a usable preprocessing, but got {asdict(self)}; use a size from 8 to "
                f"{LARGEST_PX} px, fit {' or '.join(get_args(Fit))}, interpolation "
                f"{', '.join(get_args(Interpolation))}, and three means and positive deviations."
            )


@dataclass(frozen=True)
class ScopeLimit:
    """An image whose `score` (see model.metrics.out_of_distribution) exceeds `limit` is foreign.

    The limit was chosen so that of images like those of the training the share `false_alarms` is
    called foreign, on `n` cases of the tuning part.
    """

    score: str
    limit: float
    false_alarms: float
    n: int


@dataclass(frozen=True)
class ModelCard:
    """The facts of one checkpoint; written beside its weights as JSON.

    `thresholds` are probabilities in [0, 1], one per class, chosen on the tuning split;
    `temperature` divides the logits; `views` is the number of mirrored and turned copies whose
    logits are averaged; `domain` says in a sentence what the network has seen and what its answers
    are worth elsewhere; `sha256` is that of the weights file, `tuning_sha256` that of the file with
    the tuning part's logits (model.card.tuning), empty when there is none. `metrics` and `answers`
    (how often answers of a given probability were right) are of the held-out part; `scope` says
    from which score on an image counts as foreign, `outside` how well that works
    (model.commands.out_of_distribution); `sets` which classes belong to an image's prediction set.
    """

    name: str
    backbone: str
    taxonomy: Taxonomy
    preprocessing: Preprocessing
    thresholds: dict[str, float]
    temperature: float
    domain: str
    auxiliary: bool = True
    views: int = 1
    synthetic: bool = False
    provenance: dict[str, Any] = field(default_factory=dict)
    data_hash: str = ""
    metrics: tuple[Metric, ...] = ()
    subgroups: tuple[SubgroupMetric, ...] = ()
    answers: tuple[Bin, ...] = ()
    scope: ScopeLimit | None = None
    outside: tuple[SubgroupMetric, ...] = ()
    sets: SetRule | None = None
    licence: str = "Apache-2.0"
    sha256: str = ""
    tuning_sha256: str = ""
    made_at: str = ""
    code_version: str = ""

    def __post_init__(self) -> None:
        self._check_texts()
        missing = [
            code
            for code in self.taxonomy.codes
            if not math.isfinite(self.thresholds.get(code, math.nan))
        ]
        if self.views not in VIEWS:
            raise CheckpointError(
                f"Expected card {self.name!r} to ask for {', '.join(map(str, VIEWS))} views, but "
                f"it asks for {self.views!r}; write the card again."
            )
        if self.sets and tuple(self.sets.limits) != self.taxonomy.codes:
            raise CheckpointError(
                f"Expected card {self.name!r} to have one limit of prediction sets for each class "
                f"in order, but it has them for {', '.join(self.sets.limits) or 'none'}; write the "
                "card again."
            )
        if missing or not 0 < self.temperature < math.inf:
            raise CheckpointError(
                f"Expected card {self.name!r} to have a positive temperature and a threshold per "
                f"class, but temperature is {self.temperature} and thresholds lack "
                f"{', '.join(missing) or 'none'}; write the card again."
            )

    def _check_texts(self) -> None:
        given = {name: getattr(self, name) for name in _TEXTS}
        wrong = [n for n, text in given.items() if not isinstance(text, str) or not is_text(text)]
        # Files beside the weights are called by it.
        if wrong or not NAME.fullmatch(self.name):
            raise CheckpointError(
                f"Expected text in {', '.join(wrong or ['name'])} of the card, and a name of "
                f"letters, digits, '.', '_' and '-', but got name {self.name!r}; take the card "
                "that came with the weights."
            )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready copy, undefined numbers as null; `from_dict` reads it back."""
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        content["taxonomy"] = self.taxonomy.to_dict()
        content["preprocessing"] = asdict(self.preprocessing)
        content["metrics"] = [metric.to_dict() for metric in self.metrics]
        content["subgroups"] = [found.to_dict() for found in self.subgroups]
        content["outside"] = [found.to_dict() for found in self.outside]
        content["answers"] = [asdict(found) for found in self.answers]
        for name in ("scope", "sets"):
            found = getattr(self, name)
            content[name] = asdict(found) if found else None
        return {"format": FORMAT, **content}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ModelCard":
        """Read what `to_dict` wrote. Raises CheckpointError naming what does not fit."""
        try:
            return cls(**_arguments(content))
        except CheckpointError:
            raise
        except (UserError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError(
                f"Expected a model card, but it cannot be read ({error}); "
                "take the card that came with the weights."
            ) from error


def _arguments(content: dict[str, Any]) -> dict[str, Any]:
    if content.get("format") != FORMAT:
        raise CheckpointError(
            f"Expected a model card of format {FORMAT}, but got {content.get('format')!r}; "
            "update SkinReader, or take the card that came with the weights."
        )
    known = {f.name for f in fields(ModelCard)}
    arguments = {name: value for name, value in content.items() if name in known}
    preprocessing = dict(content["preprocessing"])
    preprocessing["mean"] = tuple(map(float, preprocessing["mean"]))
    preprocessing["std"] = tuple(map(float, preprocessing["std"]))
    arguments["preprocessing"] = Preprocessing(**preprocessing)
    arguments["taxonomy"] = Taxonomy.from_dict(content["taxonomy"])
    arguments["metrics"] = tuple(Metric.from_dict(m) for m in content.get("metrics", ()))
    for name in ("subgroups", "outside"):
        arguments[name] = tuple(map(SubgroupMetric.from_dict, content.get(name, ())))
    arguments["answers"] = tuple(Bin(**found) for found in content.get("answers", ()))
    for name, kind in (("scope", ScopeLimit), ("sets", SetRule)):
        found = content.get(name)
        arguments[name] = kind(**found) if found else None
    arguments["thresholds"] = {k: float(v) for k, v in content["thresholds"].items()}
    arguments["temperature"] = float(content["temperature"])
    return arguments


def read_card(path: Path) -> ModelCard:
    """Read a card from its JSON file. Raises CheckpointError when it is missing or damaged."""
    if not path.is_file():
        raise CheckpointError(
            f"Expected the card {path.name} beside the weights, but it is not there; "
            "copy both files of the checkpoint."
        )
    try:
        content = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"Expected {path.name} to be JSON, but it cannot be read; copy the checkpoint again."
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(
            f"Expected {path.name} to be a model card, but it holds a {type(content).__name__}; "
            "copy the checkpoint again."
        )
    return ModelCard.from_dict(content)


def _refuse_constant(text: str) -> None:
    """NaN and Infinity are no JSON, and no card was written with them."""
    raise ValueError(text)


def write_card(card: ModelCard, path: Path) -> None:
    """Write the card as indented UTF-8 JSON."""
    text = json.dumps(card.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", "utf-8")
