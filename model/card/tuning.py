"""What lies beside a checkpoint: the tuning part's logits, and the features of known images."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from data.arrays import Floats, Ints
from data.manifest import file_sha256
from model.card.card import ModelCard
from model.card.weights import COMPANION, WEIGHTS_SUFFIX
from model.errors import CheckpointError
from model.metrics.out_of_distribution import Known
from model.metrics.temperature import ThresholdRule, choose_thresholds, softmax

SUFFIX = COMPANION + WEIGHTS_SUFFIX


@dataclass(frozen=True)
class Tuning:
    """`logits` (n, k) float64 before the temperature and `truth` (n,) int64 of the tuning part.

    `known` tells how foreign an image is; it was fitted on training images.
    """

    logits: Floats
    truth: Ints
    known: Known

    def thresholds(self, card: ModelCard, rule: ThresholdRule) -> dict[str, float]:
        """A threshold per class of the card, by `rule`."""
        probabilities = softmax(self.logits, temperature=card.temperature)
        return choose_thresholds(probabilities, self.truth, card.taxonomy.codes, rule=rule)


def thresholds_by(rule: ThresholdRule, card: ModelCard, folder: Path) -> dict[str, float]:
    """The card's own thresholds for Youden's rule, else chosen on the tuning part's logits."""
    if rule == ThresholdRule():
        return card.thresholds
    return load_tuning(card, folder).thresholds(card, rule)


def save_tuning(tuning: Tuning, card: ModelCard, folder: Path) -> ModelCard:
    """Write `<name>.tuning.safetensors` (logits as fp32); returns the card with its hash."""
    path = folder / f"{card.name}{SUFFIX}"
    arrays = tuning.known.to_arrays()
    arrays |= {"logits": tuning.logits.astype(np.float32), "truth": tuning.truth}
    # Not save_file: it makes a file that nobody else may read.
    path.write_bytes(save(arrays))
    return dataclasses.replace(card, tuning_sha256=file_sha256(path))


def load_tuning(card: ModelCard, folder: Path) -> Tuning:
    """Read what `save_tuning` wrote. Raises CheckpointError when it is missing or another one."""
    path = folder / f"{card.name}{SUFFIX}"
    if not (card.tuning_sha256 and path.is_file()):
        raise CheckpointError(
            f"Expected {path.name} beside the weights of {card.name}, but it is not there; copy it "
            f"too, or make it with `python -m model calibrate {card.name} --data …`."
        )
    if file_sha256(path) != card.tuning_sha256:
        raise CheckpointError(
            f"Expected the {path.name} that the card of {card.name} was written for, but its hash "
            "is another: it was cut short or changed; copy all files of the checkpoint again."
        )
    try:
        content = load_file(path)
        logits = content["logits"].astype(np.float64)
        tuning = Tuning(logits, content["truth"], Known.from_arrays(content))
    except (SafetensorError, KeyError) as error:
        raise _other(path) from error
    if logits.shape != (len(tuning.truth), len(card.taxonomy)):
        raise _other(path)
    return tuning


def _other(path: Path) -> CheckpointError:
    return CheckpointError(
        f"Expected {path.name} to hold logits, truth and scope for the classes of the card, but it "
        "does not; copy it again."
    )
