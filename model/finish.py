"""The end of a training: thresholds and temperature, the checkpoint, its held-out evaluation."""

import dataclasses
import shutil
from pathlib import Path

import torch

from data.taxonomy import Taxonomy, load_taxonomy
from model.calibration import fit_temperature, softmax, youden_thresholds
from model.card import ModelCard, write_card
from model.checkpoint import WEIGHTS_SUFFIX, load_checkpoint, save_checkpoint
from model.config import TrainConfig, to_plain
from model.errors import ModelError
from model.metrics import Metric, all_metrics
from model.network import SkinNet
from model.parts import PHANTOM, Parts, preprocessing_of
from model.runs import Progress, Run, read_state
from model.scoring import Scores, loader_of, score
from model.version import code_version, made_now

SYNTHETIC_DOMAIN = "Trained on synthetic images only; it knows nothing about real skin."
UNKNOWN_DOMAIN = "Trained on the images named in the provenance; untested on any others."


def finish(config: TrainConfig, *, run: Run, parts: Parts, progress: Progress) -> ModelCard:
    """Write the checkpoint of the best epoch into the run's folder and judge the written file.

    The metrics are those of the fp16 file, on the held-out part, which chose nothing.
    """
    taxonomy = load_taxonomy(config.taxonomy)
    network = best_network(config, run=run, taxonomy=taxonomy)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.half().float().to(device)
    tuning = score(
        network,
        loader_of(parts.tuning, workers=config.workers),
        device=device,
        views=config.views,
    )
    card = save_checkpoint(network, _card(config, parts, progress, tuning), run.folder)
    written, card = load_checkpoint(run.folder / f"{card.name}{WEIGHTS_SUFFIX}")
    test = score(
        written.to(device),
        loader_of(parts.test, workers=config.workers),
        device=device,
        views=card.views,
    )
    card = dataclasses.replace(card, metrics=metrics_of(card, test))
    write_card(card, run.folder / f"{card.name}.json")
    if config.publish:
        _publish(card, source=run.folder, target=Path(config.publish))
    return card


def best_network(config: TrainConfig, *, run: Run, taxonomy: Taxonomy) -> SkinNet:
    """The network of the best epoch. Raises ModelError when no epoch has ended."""
    if not run.best.is_file():
        raise ModelError(
            f"Expected {run.best} with the best weights, but no epoch had a macro AUC; "
            "give the tuning part cases of at least two classes."
        )
    network = SkinNet(
        config.backbone, len(taxonomy), auxiliary=config.auxiliary, size_px=config.size_px
    )
    network.load_state_dict(read_state(run.best))
    network.to(memory_format=network.memory_format)
    return network


def metrics_of(card: ModelCard, scores: Scores) -> tuple[Metric, ...]:
    """All metrics of `scores`, with the card's temperature and thresholds."""
    probabilities = softmax(scores.logits, temperature=card.temperature)
    codes = card.taxonomy.codes
    return all_metrics(probabilities, scores.truth, codes, thresholds=card.thresholds)


def _card(config: TrainConfig, parts: Parts, progress: Progress, tuning: Scores) -> ModelCard:
    taxonomy = load_taxonomy(config.taxonomy)
    temperature = fit_temperature(tuning.logits, tuning.truth)
    probabilities = softmax(tuning.logits, temperature=temperature)
    synthetic = config.data == PHANTOM
    return ModelCard(
        name=config.name,
        backbone=config.backbone,
        taxonomy=taxonomy,
        preprocessing=preprocessing_of(config),
        thresholds=youden_thresholds(probabilities, tuning.truth, taxonomy.codes),
        temperature=temperature,
        domain=config.domain or (SYNTHETIC_DOMAIN if synthetic else UNKNOWN_DOMAIN),
        auxiliary=config.auxiliary,
        views=config.views,
        synthetic=synthetic,
        provenance=_provenance(config, parts, progress),
        data_hash=parts.data_hash,
        licence=config.licence,
        made_at=made_now(),
        code_version=code_version(),
    )


def _provenance(config: TrainConfig, parts: Parts, progress: Progress) -> dict[str, object]:
    length = config.epoch_size or len(parts.train)
    return {
        "settings": to_plain(config),
        "seed": config.seed,
        "best_epoch": progress.best_epoch + 1,
        "n_training_images_drawn": length * progress.epoch,
        "n_tuning": len(parts.tuning),
        "n_test": len(parts.test),
        "training_seconds": round(progress.seconds),
        "thresholds_method": "Youden index on the tuning part",
        "temperature_method": "least negative log-likelihood on the tuning part",
        "torch": torch.__version__,
    }


def _publish(card: ModelCard, *, source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for suffix in (WEIGHTS_SUFFIX, ".json"):
        shutil.copyfile(source / f"{card.name}{suffix}", target / f"{card.name}{suffix}")
