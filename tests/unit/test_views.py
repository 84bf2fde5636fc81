import dataclasses

import numpy as np
import pytest
import torch

from model.card.card import VIEWS
from model.errors import CheckpointError
from model.inference.predictor import Predictor
from model.inference.scoring import score
from model.inference.views import look_at, view
from tests.support.model_world import noise, tiny_card, tiny_network


def test_the_eight_views_are_all_turns_and_mirrors_of_a_square():
    square = torch.arange(9.0).reshape(1, 1, 3, 3)
    found = {tuple(view(square, number).flatten().tolist()) for number in range(8)}
    plain = square.numpy()[0, 0]
    turned = [np.rot90(side, k) for side in (plain, plain.T) for k in range(4)]
    assert found == {tuple(side.flatten().tolist()) for side in turned}
    torch.testing.assert_close(view(square, 0), square)


def test_with_all_views_a_mirrored_or_turned_picture_gets_the_same_answer():
    predictor = Predictor(tiny_network(), dataclasses.replace(tiny_card(), views=8))
    image = noise(64, 64)
    turned = [image, image[:, ::-1], np.rot90(image), np.rot90(image, 2)[::-1]]
    rows = predictor.predict([np.ascontiguousarray(side) for side in turned]).probabilities
    np.testing.assert_allclose(rows, rows[[0]].repeat(4, axis=0), atol=1e-5)


def test_one_view_is_the_plain_network_and_scoring_agrees_with_the_mean():
    network, images = tiny_network(), torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        plain = network(images, auxiliary=False).logits
        torch.testing.assert_close(look_at(network, images).logits, plain)
        four = look_at(network, images, views=4).logits
    batches = [(images, torch.zeros(3, dtype=torch.int64))]
    found = score(network, batches, device=torch.device("cpu"), views=4)
    np.testing.assert_allclose(found.logits, four.numpy(), rtol=1e-5)
    assert not torch.allclose(four, plain)


@pytest.mark.parametrize("views", [0, 3, "8"])
def test_a_card_with_another_number_of_views_is_refused(views):
    assert views not in VIEWS
    with pytest.raises(CheckpointError, match="1, 2, 4, 8 views"):
        dataclasses.replace(tiny_card(), views=views)
