"""What the checkpoints of the demo say to one picture, and which of them know such pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.arrays import Rgb
from data.taxonomy import Disease
from model.card.card import ModelCard
from model.inference.predictor import Prediction, Predictor

# In limits of a checkpoint of real images: four of five smartphone photographs lie within, one
# drawing in ten. Those who ask a checkpoint of drawings seldom bring one.
_NEAR = 1.3


@dataclass(frozen=True)
class Answer:
    """Classes in falling order of probability, and `likely`, those of the prediction set.

    `foreignness` (model.inference.predictor) is None and `likely` empty where the checkpoint was
    not settled for it.
    """

    checkpoint: str
    ranked: list[tuple[Disease, float]]
    foreignness: float | None
    likely: tuple[Disease, ...] = ()

    @property
    def is_foreign(self) -> bool | None:
        """Whether the picture lies outside what the checkpoint knows; None if nobody measured."""
        return None if self.foreignness is None else self.foreignness > 1

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


def answer_of(prediction: Prediction, card: ModelCard) -> Answer:
    """What the checkpoint of `card` predicts of one picture."""
    scored = zip(prediction.codes, prediction.probabilities[0].tolist(), strict=True)
    taxonomy = card.taxonomy
    ranked = [(taxonomy[c], p) for c, p in sorted(scored, key=lambda item: -item[1])]
    foreignness, rule = prediction.foreignness, card.sets
    held = [] if rule is None else rule.holds(prediction.probabilities)[0].tolist()
    inside = {code for code, holds in zip(prediction.codes, held, strict=False) if holds}
    return Answer(
        card.name,
        ranked,
        None if foreignness is None else float(foreignness[0]),
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
    asks_drawings = (answer.foreignness or 0) > (1 if asked.card.synthetic else _NEAR)
    offers = []
    for name, other in predictors.items():
        if name == answer.checkpoint or (other.card.synthetic and not asks_drawings):
            continue
        limit = _NEAR if takes_photographs and not other.card.synthetic else 1
        found = other.foreignness([inputs[name]])
        if found is not None and found[0] <= limit:
            offers.append(Offer(other.card, is_known=bool(found[0] <= 1)))
    return offers
