import numpy as np
import pytest
import torch

from model.card.card import Preprocessing
from model.card.preprocessing import Serving
from model.errors import ModelError
from model.training.augmentation import Augmentation, Training, move, recolour
from tests.support.model_world import noise

STILL = Augmentation(1, rotation=False, flip=False, brightness=0, contrast=0, saturation=0)
WAY = Preprocessing(size_px=64)


def test_without_any_change_training_sees_what_serving_sees():
    image = noise()
    trained = Training(WAY, STILL)(image, np.random.default_rng(0))
    torch.testing.assert_close(trained, Serving(WAY)(image), rtol=0, atol=0)


def test_the_generator_alone_decides_the_view():
    transform, image = Training(WAY, Augmentation()), noise()
    views = [transform(image, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])


def test_moving_invents_no_colour():
    image = np.full((64, 64, 3), (200, 120, 90), dtype=np.uint8)
    for seed in range(20):
        moved = move(image, Augmentation(), np.random.default_rng(seed))
        np.testing.assert_array_equal(moved, image)


def test_mirroring_alone_is_an_exact_mirror():
    image = noise(64, 64)
    only_flip = Augmentation(1, rotation=False, brightness=0, contrast=0, saturation=0)
    seen = [move(image, only_flip, np.random.default_rng(seed)) for seed in range(8)]
    as_is = [np.array_equal(view, image) for view in seen]
    mirrored = [np.array_equal(view, image[:, ::-1]) for view in seen]
    assert any(as_is)
    assert any(mirrored)
    assert all(a or m for a, m in zip(as_is, mirrored, strict=True))


def test_a_crop_keeps_at_least_its_share():
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, axis=0)
    image = np.repeat(ramp, 3, axis=2)
    crop = Augmentation(0.8, rotation=False, flip=False)
    for seed in range(20):
        view = move(image, crop, np.random.default_rng(seed))
        assert int(view.max()) - int(view.min()) >= 0.75 * 255


def test_recolouring_keeps_grey_grey():
    grey = np.repeat(noise(64, 64)[..., :1], 3, axis=2)
    changed = recolour(grey, Augmentation(), np.random.default_rng(3)).astype(int)
    assert np.ptp(changed, axis=2).max() <= 1
    assert not np.array_equal(changed, grey)


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"scale": 1.2}, {"contrast": 1}])
def test_impossible_changes_are_refused(wrong):
    with pytest.raises(ModelError, match="augmentation"):
        Augmentation(**wrong)
