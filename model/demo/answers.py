"""What the checkpoints of the demo say to one picture, and which of them know such pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.taxonomy import Disease
from model.card import ModelCard
from model.predictor import Predictor
from model.transforms import Rgb

# In limits of a checkpoint of real images: four of five smartphone photographs lie within, one
# drawing in ten. Those who ask a checkpoint of drawings seldom bring one.
_NEAR = 1.3


@dataclass(frozen=True)
class Answer:
    """Classes in falling order of probability, and `likely`, those of the prediction set.

    `is_foreign` is None and `likely` empty where the checkpoint was not settled for it.
    """

    checkpoint: str
    ranked: list[tuple[Disease, float]]
    is_foreign: bool | None
    likely: tuple[Disease, ...] = ()

    def to_rows(self) -> list[dict[str, Any]]:
        """For programs."""
        return [
            {
                "code": disease.code,
                "name_en": disease.name_en,
                "name_zh": disease.name_zh,
                "malignant": disease.malignant,
                "probability": probability,
            }
            for disease, probability in self.ranked
        ]


def ask(predictor: Predictor, image: Rgb) -> Answer:
    """`image` (h, w, 3) uint8."""
    prediction = predictor.predict([image])
    scored = zip(prediction.codes, prediction.probabilities[0].tolist(), strict=True)
    taxonomy = predictor.card.taxonomy
    ranked = [(taxonomy[c], p) for c, p in sorted(scored, key=lambda item: -item[1])]
    foreign, rule = prediction.foreign, predictor.card.sets
    held = [] if rule is None else rule.holds(prediction.probabilities)[0].tolist()
    inside = {code for code, holds in zip(prediction.codes, held, strict=False) if holds}
    return Answer(
        predictor.card.name,
        ranked,
        None if foreign is None else bool(foreign[0]),
        tuple(disease for disease, _ in ranked if disease.code in inside),
    )


@dataclass(frozen=True)
class Offer:
    """Another checkpoint for a foreign picture: one that knows it, or that it is merely near to."""

    card: ModelCard
    is_known: bool


def who_knows(
    predictors: Mapping[str, Predictor],
    inputs: Mapping[str, Rgb],
    answer: Answer,
    *,
    is_drawing: bool = False,
) -> list[Offer]:
    """The other checkpoints inside or near whose domain a picture lies that is foreign to this one.

    `inputs` is the picture for each checkpoint, by name. A checkpoint trained on drawings alone
    does not tell all photographs from them, one of real images does: a picture that is near to
    those, known or not, is foreign to drawings, unless it `is_drawing`, and is not offered to them.
    Else nobody is asked for a known picture.
    """
    asked = predictors[answer.checkpoint]
    takes_photographs = asked.card.synthetic and not is_drawing
    if not (answer.is_foreign or takes_photographs):
        return []
    offers = []
    for name, other in predictors.items():
        is_asked = answer.is_foreign or not other.card.synthetic
        if name == answer.checkpoint or not is_asked or _is_photograph(asked, other, inputs):
            continue
        limit = _NEAR if takes_photographs and not other.card.synthetic else 1
        found = other.foreignness([inputs[name]])
        if found is not None and found[0] <= limit:
            offers.append(Offer(other.card, is_known=bool(found[0] <= 1)))
    return offers


def _is_photograph(asked: Predictor, other: Predictor, inputs: Mapping[str, Rgb]) -> bool:
    """Whether a checkpoint of real images says so of a picture that one of drawings may know."""
    if asked.card.synthetic or not other.card.synthetic:
        return False
    found = asked.foreignness([inputs[asked.card.name]])
    return found is not None and bool(found[0] <= _NEAR)
