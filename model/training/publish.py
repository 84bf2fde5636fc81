"""The end of a training: the checkpoint is written, settled and published."""

import shutil
from pathlib import Path

import torch

from data.taxonomy import Taxonomy, load_taxonomy
from data.version import code_version, made_now, versions
from model.card.card import ModelCard
from model.card.tuning import SUFFIX as TUNING_SUFFIX
from model.card.weights import WEIGHTS_SUFFIX, load_checkpoint, save_checkpoint
from model.errors import ModelError
from model.network.network import SkinNet
from model.training.calibrate import settle
from model.training.config import TrainConfig, to_plain
from model.training.data_module import PHANTOM, Parts, preprocessing_of
from model.training.run_folder import Progress, Run, read_state

SYNTHETIC_DOMAIN = "Trained on synthetic images only; it knows nothing about real skin."
UNKNOWN_DOMAIN = "Trained on the images named in the provenance; untested on any others."


def finish(config: TrainConfig, *, run: Run, parts: Parts, progress: Progress) -> ModelCard:
    """Write the checkpoint of the best epoch into the run's folder and judge the written file.

    The metrics are those of the fp16 file, on the held-out part, which chose nothing.
    """
    taxonomy = load_taxonomy(config.taxonomy)
    network = best_network(config, run=run, taxonomy=taxonomy)
    card = save_checkpoint(network, _card(config, taxonomy, parts, progress), run.folder)
    written, card = load_checkpoint(run.folder / f"{card.name}{WEIGHTS_SUFFIX}")
    card = settle(written, card, parts, folder=run.folder, workers=config.workers)
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


def _card(config: TrainConfig, taxonomy: Taxonomy, parts: Parts, progress: Progress) -> ModelCard:
    """The card before anything was fitted or measured."""
    synthetic = config.data == PHANTOM
    return ModelCard(
        name=config.name,
        backbone=config.backbone,
        taxonomy=taxonomy,
        preprocessing=preprocessing_of(config),
        thresholds=dict.fromkeys(taxonomy.codes, 0.5),
        temperature=1.0,
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
        "versions": {**versions(), "threads": str(torch.get_num_threads())},
    }


def _publish(card: ModelCard, *, source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for suffix in (WEIGHTS_SUFFIX, TUNING_SUFFIX, ".json"):
        shutil.copyfile(source / f"{card.name}{suffix}", target / f"{card.name}{suffix}")
