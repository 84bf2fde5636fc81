"""A tiny real network with its checkpoint, shared by the tests of model/."""

from pathlib import Path

import numpy as np
import torch

from data.taxonomy import PUMCH14, Taxonomy
from model.card.card import ModelCard, Preprocessing
from model.card.weights import load_checkpoint, save_checkpoint
from model.inference.predictor import Predictor
from model.network.network import SkinNet

THREE = PUMCH14.subset(("BCC", "MN", "SK"), name="three")
BACKBONE = "test_efficientnet"


def tiny_network(*, n_classes: int = 3, auxiliary: bool = True) -> SkinNet:
    torch.manual_seed(0)
    return SkinNet(BACKBONE, n_classes, auxiliary=auxiliary).eval()


def tiny_card(*, taxonomy: Taxonomy = THREE, fit: str = "crop", name: str = "tiny") -> ModelCard:
    return ModelCard(
        name=name,
        backbone=BACKBONE,
        taxonomy=taxonomy,
        preprocessing=Preprocessing(size_px=64, fit=fit),
        thresholds=dict.fromkeys(taxonomy.codes, 0.4),
        temperature=2.0,
        domain="Random weights for tests.",
    )


def tiny_checkpoint(folder: Path, *, taxonomy: Taxonomy = THREE) -> ModelCard:
    network = tiny_network(n_classes=len(taxonomy))
    return save_checkpoint(network, tiny_card(taxonomy=taxonomy), folder)


def tiny_predictor(folder: Path) -> Predictor:
    tiny_checkpoint(folder)
    return Predictor(*load_checkpoint("tiny", folder=folder))


def noise(height: int = 80, width: int = 100, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
