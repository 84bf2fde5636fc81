import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.card.card import Preprocessing
from model.card.preprocessing import Serving, fit_square, normalise, unfit
from tests.support.model_world import noise

CROP = Preprocessing(size_px=64)
PAD = Preprocessing(size_px=64, fit="pad")


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([CROP, PAD]))
def test_every_shape_gives_the_square_input_and_a_map_of_its_own_size(height, width, way):
    image = noise(height, width)
    assert fit_square(image, way).shape == (64, 64, 3)
    back = unfit(np.ones((64, 64), dtype=np.float32), shape=image.shape, preprocessing=way)
    assert back.shape == (height, width)
    assert back.dtype == np.float32


def test_cropping_keeps_the_centre_and_the_aspect():
    image = np.zeros((64, 128, 3), dtype=np.uint8)
    image[:, 32:96] = 200
    np.testing.assert_array_equal(fit_square(image, CROP), 200)


def test_padding_keeps_everything_on_black():
    square = fit_square(np.full((32, 64, 3), 200, dtype=np.uint8), PAD)
    assert (square[16:48] == 200).all()
    assert (square[:16] == 0).all()
    assert (square[48:] == 0).all()


def test_map_is_zero_where_the_network_did_not_look():
    back = unfit(np.ones((64, 64), dtype=np.float32), shape=(100, 200, 3), preprocessing=CROP)
    assert (back[:, 55:145] > 0.99).all()
    assert (back[:, :45] == 0).all()


def test_a_bright_spot_comes_back_to_its_place():
    image = np.zeros((120, 200, 3), dtype=np.uint8)
    image[60:66, 110:116] = 255
    for way in (CROP, PAD):
        grey = fit_square(image, way)[..., 0].astype(np.float32)
        row, column = np.unravel_index(
            unfit(grey, shape=image.shape, preprocessing=way).argmax(), (120, 200)
        )
        assert abs(row - 62.5) < 3
        assert abs(column - 112.5) < 3


def test_normalising_takes_mean_and_deviation_out():
    way = Preprocessing(size_px=8, mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1))
    tensor = normalise(np.full((8, 8, 3), 255, dtype=np.uint8), way)
    assert tensor.shape == (3, 8, 8)
    torch.testing.assert_close(tensor[:, 0, 0], torch.tensor([2.0, 1.0, 0.5]))


def test_serving_twice_gives_the_same_and_leaves_the_image():
    image = noise()
    before = image.copy()
    torch.testing.assert_close(Serving(CROP)(image), Serving(CROP)(image), rtol=0, atol=0)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("interpolation", ["area", "bilinear", "bicubic"])
def test_every_interpolation_keeps_a_flat_image_flat(interpolation):
    way = Preprocessing(size_px=64, interpolation=interpolation)
    for side in (20, 200):
        np.testing.assert_array_equal(fit_square(np.full((side, side, 3), 90, np.uint8), way), 90)
