import numpy as np
import pytest

from model.errors import ModelError
from model.saliency.overlay import overlay
from tests.support.model_world import noise

RAMP = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (80, 1))


def test_opacity_0_is_the_image_and_1_the_map():
    image = noise()
    np.testing.assert_array_equal(overlay(image, RAMP, opacity=0), image)
    np.testing.assert_array_equal(
        overlay(image, RAMP, opacity=1), overlay(255 - image, RAMP, opacity=1)
    )


def test_half_opacity_lies_halfway():
    image = noise()
    ends = [overlay(image, RAMP, opacity=end).astype(float) for end in (0, 1)]
    assert np.abs(overlay(image, RAMP, opacity=0.5) - np.mean(ends, axis=0)).max() <= 1


def test_more_saliency_is_always_lighter():
    colours = overlay(noise(), RAMP, opacity=1)[0].astype(float)
    lightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -0.5).all()
    assert lightness[-1] - lightness[0] > 150


def test_arguments_are_left_alone():
    image, saliency = noise(), RAMP.copy()
    overlay(image, saliency, opacity=0.7)
    np.testing.assert_array_equal(image, noise())
    np.testing.assert_array_equal(saliency, RAMP)


@pytest.mark.parametrize(
    ("saliency", "opacity"), [(RAMP[:10], 0.5), (RAMP, 1.5), (RAMP, -0.1), (RAMP, np.nan)]
)
def test_a_foreign_map_or_opacity_is_refused(saliency, opacity):
    with pytest.raises(ModelError, match="Expected"):
        overlay(noise(), saliency, opacity=opacity)
