"""All that is learned about trained weights: temperature and thresholds, then how good they are."""

import dataclasses
import math
from pathlib import Path

import pandas as pd
import torch

from model.card.card import ModelCard, ScopeLimit, write_card
from model.card.tuning import Tuning, save_tuning
from model.errors import ModelError
from model.inference.scoring import Scores, loader_of, score
from model.metrics.classification import all_metrics
from model.metrics.metric import Metric, proportion
from model.metrics.out_of_distribution import (
    FALSE_ALARMS,
    Known,
    fit_known,
    foreign_scores,
    limit_at,
)
from model.metrics.prediction_sets import MISSES, SetRule, choose_sets, set_metrics
from model.metrics.reliability import answer_bins
from model.metrics.temperature import ThresholdRule, choose_thresholds, fit_temperature, softmax
from model.network.network import SkinNet
from model.training.config import TrainConfig, resolve
from model.training.data_module import (
    PartDataset,
    Parts,
    cases_hash,
    make_parts,
    read_cases,
    split_cases,
)

_SERVED = "joint"


def settle(
    network: SkinNet,
    card: ModelCard,
    parts: Parts,
    *,
    folder: Path,
    workers: int,
    misses: float = MISSES,
    by_class: bool = False,
) -> ModelCard:
    """Fit on the tuning part, judge on the test part, write the card and what lies beside it.

    Fitted are the temperature, the thresholds, from which score on an image is foreign, and the
    prediction sets (model.metrics.prediction_sets, with `misses` and `by_class`); what known images
    look like comes from training images. `network` are the weights as they were
    written (fp16 rounded). The test part chooses nothing.
    """

    def scored(part: PartDataset, views: int) -> Scores:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        batches = loader_of(part, workers=workers)
        return score(network.to(device), batches, device=device, views=views)

    training, tuning, test = (
        scored(part, views)
        for part, views in ((parts.known, 1), (parts.tuning, card.views), (parts.test, card.views))
    )
    known = fit_known(training.features, training.style, training.truth)
    card = _tuned(card, tuning, known)
    card = dataclasses.replace(card, sets=_sets(card, tuning, misses=misses, by_class=by_class))
    card = save_tuning(Tuning(tuning.logits, tuning.truth, known), card, folder)
    card = _judged(card, test, known)
    write_card(card, folder / f"{card.name}.json")
    return card


def _tuned(card: ModelCard, tuning: Scores, known: Known) -> ModelCard:
    temperature = fit_temperature(tuning.logits, tuning.truth)
    probabilities = softmax(tuning.logits, temperature=temperature)
    thresholds = choose_thresholds(
        probabilities, tuning.truth, card.taxonomy.codes, rule=ThresholdRule()
    )
    scores = foreign_scores(tuning.logits, tuning.features, tuning.style, known)[_SERVED]
    limit = ScopeLimit(_SERVED, limit_at(scores), FALSE_ALARMS, len(scores))
    return dataclasses.replace(
        card,
        temperature=temperature,
        thresholds=thresholds,
        scope=limit if math.isfinite(limit.limit) else None,
    )


def _sets(card: ModelCard, tuning: Scores, *, misses: float, by_class: bool) -> SetRule:
    probabilities = softmax(tuning.logits, temperature=card.temperature)
    return choose_sets(
        probabilities, tuning.truth, card.taxonomy.codes, misses=misses, by_class=by_class
    )


def _judged(card: ModelCard, test: Scores, known: Known) -> ModelCard:
    probabilities = softmax(test.logits, temperature=card.temperature)
    alarms = [] if card.scope is None else [false_alarms(card.scope, test, known)]
    return dataclasses.replace(
        card,
        metrics=(*metrics_of(card, test), *alarms),
        answers=answer_bins(probabilities, test.truth),
    )


def false_alarms(limit: ScopeLimit, test: Scores, known: Known) -> Metric:
    """The share of held-out images that are called foreign, with Wilson's interval."""
    scores = foreign_scores(test.logits, test.features, test.style, known)[limit.score]
    return proportion("scope", "false alarms", "", scores > limit.limit)


def metrics_of(card: ModelCard, scores: Scores) -> tuple[Metric, ...]:
    """All metrics of `scores`, with the card's temperature, thresholds and prediction sets."""
    probabilities = softmax(scores.logits, temperature=card.temperature)
    codes = card.taxonomy.codes
    return (
        *all_metrics(probabilities, scores.truth, codes, thresholds=card.thresholds),
        *set_metrics(card.sets, probabilities, scores.truth, codes),
    )


def config_of(card: ModelCard, *, data: str) -> TrainConfig:
    """The settings of the training that made a checkpoint, its data lying at `data` now."""
    settings = card.provenance.get("settings")
    if not isinstance(settings, dict):
        raise ModelError(
            f"Expected the card of {card.name} to name the settings of its training, but it does "
            "not; train it with SkinReader."
        )
    given = {"data": data, **_moved_split(settings, data)} if data else {}
    return resolve(file=None, flags={**settings, **given})


def _moved_split(settings: dict[str, object], data: str) -> dict[str, str]:
    """A stored split that moved with the manifest; the hash of the data tells another one."""
    stored = Path(str(settings.get("split", "")))
    beside = Path(data).parent / stored.name
    return {"split": str(beside)} if not stored.is_file() and beside.is_file() else {}


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
            f"{data or 'the data of its card'} has {found[:12]}; give the same manifest, its rows "
            "in the same order, or the same folder as --data."
        )
