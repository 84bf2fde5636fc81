"""Train a network on a manifest, a folder or phantoms; one command for one device or many."""

import sys
from pathlib import Path

import torch
from lightning_fabric import Fabric

from data.taxonomy import load_taxonomy
from model.config import TrainConfig
from model.errors import ModelError
from model.loop import Trainer
from model.network import SkinNet, load_backbone_weights
from model.parts import make_parts
from model.runs import Progress, open_run


def train(config: TrainConfig, *, out: Path) -> Progress:
    """Train into `out`, or go on where it was cut off, to the same result."""
    if config.threads:
        torch.set_num_threads(config.threads)
    fabric = make_fabric(config)
    fabric.launch()
    run = open_run(out, config)
    parts = make_parts(config)
    network = make_network(config, fresh=not run.state.is_file())
    trainer = Trainer(fabric=fabric, config=config, parts=parts, network=network, run=run)
    if trainer.steps < 1:
        raise ModelError(
            f"Expected at least one full batch per epoch, but {trainer.length} images do not fill "
            f"{config.batch_size} x {fabric.world_size}; lower --batch-size."
        )
    progress = trainer.train()
    if fabric.is_global_zero:
        # Imported late: a training needs none of it before its end.
        from model.finish import finish

        finish(config, run=run, parts=parts, progress=progress)
    return progress


def make_fabric(config: TrainConfig) -> Fabric:
    """Lightning Fabric for the devices, nodes and precision asked for."""
    precision = config.precision
    if precision == "auto":
        mixed = "bf16-mixed" if _has_bf16() else "16-mixed"
        precision = mixed if torch.cuda.is_available() else "32-true"
    many = config.devices * config.nodes > 1
    try:
        return Fabric(
            devices=config.devices,
            num_nodes=config.nodes,
            strategy="ddp" if many else "auto",
            precision=precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            f"Expected devices, nodes and precision that this machine has, but got "
            f"{config.devices}, {config.nodes}, {config.precision} ({error}); change them."
        ) from error


def _has_bf16() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def make_network(config: TrainConfig, *, fresh: bool) -> SkinNet:
    """The network with its first weights, drawn from the seed; resumed runs need no backbone."""
    torch.manual_seed(config.seed)
    network = SkinNet(
        config.backbone,
        len(load_taxonomy(config.taxonomy)),
        auxiliary=config.auxiliary,
        dropout=config.dropout,
        drop_path=config.drop_path,
    )
    if fresh:
        load_backbone_weights(network, config.weights)
    return network
