import math

import pytest
import torch

from model.errors import ModelError
from model.losses import total_loss
from model.network import Output

FLAT = torch.zeros(4, 3)
TARGET = torch.tensor([0, 1, 2, 0])


def output(n_heads):
    return Output(FLAT, (FLAT,) * n_heads, FLAT)


@pytest.mark.parametrize(
    ("n_heads", "weights", "parts"),
    [(0, 0.3, 1.0), (7, 0.3, 1 + 7 * 0.3), (2, (0.5, 0.25), 1.75), (7, 0, 1.0)],
)
def test_loss_is_main_plus_the_weighted_auxiliary_losses(n_heads, weights, parts):
    loss = total_loss(output(n_heads), TARGET, aux_weights=weights)
    assert float(loss) == pytest.approx(parts * math.log(3), rel=1e-6)


def test_label_smoothing_keeps_a_sure_answer_from_being_free():
    sure = torch.nn.functional.one_hot(TARGET, 3) * 50.0
    assert float(total_loss(Output(sure, (), sure), TARGET, label_smoothing=0.1)) > 1


def test_a_wrong_number_of_weights_is_refused():
    with pytest.raises(ModelError, match=r"one auxiliary weight or 7.*but got 2"):
        total_loss(output(7), TARGET, aux_weights=(0.1, 0.2))
