"""Train a network on a manifest, a folder or phantoms; one command for one device or many."""

import os
from pathlib import Path

import torch
from lightning_fabric import Fabric

from data.taxonomy import load_taxonomy
from model.card.card import ModelCard
from model.errors import ModelError
from model.network.network import SkinNet, has_fixed_size, load_backbone_weights
from model.training.config import TrainConfig
from model.training.data_module import Parts, check_images, make_parts
from model.training.loop import Trainer
from model.training.publish import finish
from model.training.run_folder import Progress, open_run


def train(config: TrainConfig, *, out: Path) -> ModelCard | None:
    """Train into `out`, or go on where it was cut off, to the same result.

    Returns the card of the finished checkpoint; None on the helping processes of several devices.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    set_deterministic(is_on=config.deterministic)
    fabric = make_fabric(config)
    fabric.launch()
    run = open_run(out, config, write=fabric.is_global_zero)
    parts = make_parts(config)
    fresh = not run.state.is_file()
    _check_classes(parts)
    if fresh:
        check_images(parts)
    network = make_network(config, fresh=fresh)
    trainer = Trainer(fabric=fabric, config=config, parts=parts, network=network, run=run)
    if trainer.steps < 1:
        raise ModelError(
            f"Expected at least one full batch per epoch, but {trainer.length} images do not fill "
            f"{config.batch_size} x {fabric.world_size}; lower --batch-size."
        )
    progress = _trained(trainer)
    if not fabric.is_global_zero:
        return None
    return finish(config, run=run, parts=parts, progress=progress)


def _trained(trainer: Trainer) -> Progress:
    try:
        return trainer.train()
    except RuntimeError as error:
        advice = _advice(str(error), is_deterministic=trainer.config.deterministic)
        if not advice:
            raise
        reason = str(error).splitlines()[0]
        raise ModelError(f"Expected to train to the end, but {reason}; {advice}.") from error


def _advice(reason: str, *, is_deterministic: bool) -> str:
    """What the one who gave the command can do about torch's error; empty if nothing."""
    if is_deterministic and "deterministic" in reason:
        return "leave --deterministic out, or take another backbone or device"
    if "out of memory" in reason or "can't allocate memory" in reason:
        return "lower --batch-size or --size-px"
    return ""


def set_deterministic(*, is_on: bool) -> None:
    """Refuse, or allow again, operations whose results differ from run to run (on GPUs).

    With them refused, torch raises RuntimeError naming an operation that has no other form; `train`
    makes a sentence of it.
    """
    if is_on:
        # cuBLAS reads the environment of the process, when it is first used.
        os.putenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(is_on)


def _check_classes(parts: Parts) -> None:
    """What a macro AUC, and a training, cannot do without."""
    for name, part in (("training", parts.train), ("tuning", parts.tuning)):
        found = len(set(part.labels))
        if found < 2:
            raise ModelError(
                f"Expected cases of at least two classes in the {name} part, but {len(part)} cases "
                f"are of {found}; add cases of other classes, or change --tuning-share or --seed."
            )


def make_fabric(config: TrainConfig) -> Fabric:
    """Lightning Fabric for the devices, nodes and precision asked for."""
    many = config.devices * config.nodes > 1
    try:
        return Fabric(
            accelerator=config.accelerator,
            devices=config.devices,
            num_nodes=config.nodes,
            strategy="ddp" if many else "auto",
            precision=choose_precision(config.precision),
        )
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            "Expected an accelerator, devices, nodes and a precision that this machine has, but "
            f"got {config.accelerator}, {config.devices}, {config.nodes}, {config.precision} "
            f"({error}); change them."
        ) from error


def choose_precision(asked: str) -> str:
    """Mixed precision on CUDA, where it helps; on CPUs it measured no faster."""
    if asked != "auto":
        return asked
    if not torch.cuda.is_available():
        return "32-true"
    return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"


def make_network(config: TrainConfig, *, fresh: bool) -> SkinNet:
    """The network with its first weights, drawn from the seed; resumed runs need no backbone."""
    if config.growing_sizes and has_fixed_size(config.backbone):
        raise ModelError(
            f"Expected a backbone that takes images of any size for --growing-sizes, but "
            f"{config.backbone} does not; leave --growing-sizes out."
        )
    torch.manual_seed(config.seed)
    network = SkinNet(
        config.backbone,
        len(load_taxonomy(config.taxonomy)),
        auxiliary=config.auxiliary,
        size_px=config.size_px,
        dropout=config.dropout,
        drop_path=config.drop_path,
    )
    if fresh:
        load_backbone_weights(network, config.weights)
    return network
