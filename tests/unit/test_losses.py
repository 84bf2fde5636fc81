import math

import numpy as np
import pytest
import torch

from model.errors import ModelError
from model.network.network import Output
from model.training.losses import mixup, prior_adjustment, total_loss

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


def test_the_adjustment_is_the_balanced_softmax_of_every_head():
    shares = np.array([0.7, 0.2, 0.1])
    shift = prior_adjustment(shares, strength=1.0)
    # With equal logits the adjusted softmax is the shares themselves.
    expected = -np.log(shares[TARGET.numpy()]).mean()
    assert float(total_loss(output(0), TARGET, adjustment=shift)) == pytest.approx(expected)
    both = total_loss(output(1), TARGET, aux_weights=1.0, adjustment=shift)
    assert float(both) == pytest.approx(2 * expected)


def test_no_strength_is_no_adjustment_and_a_missing_class_stays_finite():
    assert prior_adjustment(np.array([0.5, 0.5]), strength=0.0) is None
    assert torch.isfinite(prior_adjustment(np.array([1.0, 0.0]), strength=1.0)).all()


def test_mixup_blends_images_and_classes_by_the_same_share():
    labels = torch.arange(6)
    # Image i holds the one-hot row of class i, so that any blend must equal its own target.
    images = torch.eye(6).reshape(6, 6, 1, 1)
    torch.manual_seed(1)
    mixed, targets = mixup(images, labels, n_classes=6, alpha=1.0)
    torch.testing.assert_close(mixed.reshape(6, 6), targets)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(6))
    assert ((targets > 0).sum(dim=1) > 1).any()
    torch.manual_seed(1)
    torch.testing.assert_close(mixup(images, labels, n_classes=6, alpha=1.0)[0], mixed)
