"""All that is learned about trained weights: temperature and thresholds, then how good they are."""

import dataclasses
from pathlib import Path

import pandas as pd
import torch

from model.calibration import ThresholdRule, choose_thresholds, fit_temperature, softmax
from model.card import ModelCard, write_card
from model.config import TrainConfig, resolve
from model.errors import ModelError
from model.metrics import all_metrics
from model.network import SkinNet
from model.parts import (
    PartDataset,
    Parts,
    cases_hash,
    make_parts,
    read_cases,
    split_cases,
)
from model.rates import Metric
from model.scoring import Scores, loader_of, score
from model.tuning import Tuning, save_tuning


def settle(
    network: SkinNet, card: ModelCard, parts: Parts, *, folder: Path, workers: int
) -> ModelCard:
    """Fit temperature and thresholds on the tuning part, judge on the test part, write the card.

    `network` are the weights as they were written (fp16 rounded). Also writes the tuning part's
    logits beside the card, in `folder`. The test part chooses nothing.
    """

    def scored(part: PartDataset) -> Scores:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        batches = loader_of(part, workers=workers)
        return score(network.to(device), batches, device=device, views=card.views)

    tuning = scored(parts.tuning)
    card = _tuned(card, tuning)
    card = save_tuning(Tuning(tuning.logits, tuning.truth), card, folder)
    card = dataclasses.replace(card, metrics=metrics_of(card, scored(parts.test)))
    write_card(card, folder / f"{card.name}.json")
    return card


def _tuned(card: ModelCard, tuning: Scores) -> ModelCard:
    temperature = fit_temperature(tuning.logits, tuning.truth)
    probabilities = softmax(tuning.logits, temperature=temperature)
    thresholds = choose_thresholds(
        probabilities, tuning.truth, card.taxonomy.codes, rule=ThresholdRule()
    )
    return dataclasses.replace(card, temperature=temperature, thresholds=thresholds)


def metrics_of(card: ModelCard, scores: Scores) -> tuple[Metric, ...]:
    """All metrics of `scores`, with the card's temperature and thresholds."""
    probabilities = softmax(scores.logits, temperature=card.temperature)
    codes = card.taxonomy.codes
    return all_metrics(probabilities, scores.truth, codes, thresholds=card.thresholds)


def config_of(card: ModelCard, *, data: str) -> TrainConfig:
    """The settings of the training that made a checkpoint, its data lying at `data` now."""
    settings = card.provenance.get("settings")
    if not isinstance(settings, dict):
        raise ModelError(
            f"Expected the card of {card.name} to name the settings of its training, but it does "
            "not; train it with SkinReader."
        )
    given = {"data": data} if data else {}
    return resolve(file=None, flags={**settings, **given})


def cases_of(card: ModelCard, *, data: str, part: str) -> pd.DataFrame:
    """The manifest's rows at `data`: all of them, or one part of the training's own split.

    `part` is "" (all), "train", "tuning" or "test". Raises ModelError when a part is asked for and
    the cases, labels or images are not those of the training.
    """
    cases = read_cases(data, taxonomy=card.taxonomy)
    if not part:
        return cases
    config = config_of(card, data=data)
    parts = split_cases(config, cases)
    _check_hash(card, cases_hash(cases, parts if config.split else None), data=data)
    return cases[parts == part].reset_index(drop=True)


def parts_of(card: ModelCard, *, data: str) -> Parts:
    """The very parts that a checkpoint was trained, tuned and tested on.

    Raises ModelError when the cases, labels or images at `data` are not those of the training.
    """
    parts = make_parts(config_of(card, data=data))
    _check_hash(card, parts.data_hash, data=data)
    return parts


def _check_hash(card: ModelCard, found: str, *, data: str) -> None:
    if found != card.data_hash:
        raise ModelError(
            f"Expected the data that {card.name} was trained on (hash {card.data_hash[:12]}), but "
            f"{data or 'the data of its card'} has {found[:12]}; give the same manifest or folder "
            "as --data."
        )
