"""The checks of saliency maps give what Quantus and scikit-image give for the same thing."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from model.saliency.checks.curves import curve
from model.saliency.checks.randomisation import layer_groups, randomised, rank_correlation, ssim
from model.saliency.checks.structures import is_hit, share_inside
from model.saliency.methods import attribute
from tests.golden.saliency_peers import FILE, SEED, Small, inputs

PEERS = json.loads(FILE.read_text("utf-8"))
IMAGES, MAPS, MASKS, CLASSES = inputs()


def test_pointing_game_and_share_are_those_of_quantus():
    hits = [is_hit(m, mask) for m, mask in zip(MAPS, MASKS, strict=True)]
    shares = [share_inside(m, mask) for m, mask in zip(MAPS, MASKS, strict=True)]
    assert hits == PEERS["PointingGame"]
    assert shares == pytest.approx(PEERS["RelevanceMassAccuracy"], rel=1e-6)


def test_deletion_goes_through_the_values_of_quantus_pixel_flipping():
    network = Small().eval()
    for image, saliency, target, expected in zip(
        IMAGES, MAPS, CLASSES, PEERS["PixelFlipping"], strict=True
    ):
        found = curve(
            network,
            torch.from_numpy(image),
            saliency,
            target=int(target),
            kind="deletion",
            seed=0,
            steps=16,
        )
        # Ours begins with the whole image, theirs after the first step.
        np.testing.assert_allclose(found[1:], expected, rtol=1e-5)


def test_independent_randomisation_is_that_of_quantus():
    network, layers = Small().eval(), {"backbone.0": 1, "backbone.2": 2}
    names = {"head": "classifier"} | {k: f"backbone, part {v} of 2" for k, v in layers.items()}
    assert set(layer_groups(network, parts=2)) == set(names.values())
    peers = {k: v for k, v in PEERS["MPRT independent, Spearman"].items() if k != "original"}
    assert set(peers) == set(names)
    for layer, expected in peers.items():
        other = randomised(
            network, names[layer], mode="independent", seed=SEED + 1, parts=2
        )  # Quantus adds the 1
        found = [
            rank_correlation(*(gradient(n, image, int(target)) for n in (network, other)))
            for image, target in zip(IMAGES, CLASSES, strict=True)
        ]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def gradient(network, image, target):
    return attribute(network, torch.from_numpy(image), target=target, method="gradient").numpy()


def test_structural_similarity_is_that_of_scikit_image():
    found = [ssim(a, b) for a, b in pairwise(MAPS)]
    assert found == pytest.approx(PEERS["skimage structural_similarity, Gaussian"], rel=1e-9)
