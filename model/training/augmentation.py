"""Random changes of training images; every one is a function of the generator it is given."""

from dataclasses import dataclass

import cv2
import numpy as np
from torch import Tensor

from data.arrays import Rgb
from model.card.card import Preprocessing
from model.card.preprocessing import fit_square, normalise
from model.errors import ModelError

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be changed; all are settings, not the paper's.

    `scale` is the least share of the side that a random crop keeps, `rotation` turns by any angle,
    `flip` mirrors; `brightness`, `contrast` and `saturation` are the largest relative changes.
    Colour carries the diagnosis, so hue is left alone.
    """

    scale: float = 0.75
    rotation: bool = True
    flip: bool = True
    brightness: float = 0.15
    contrast: float = 0.15
    saturation: float = 0.15

    def __post_init__(self) -> None:
        changes = (self.brightness, self.contrast, self.saturation)
        if not (0 < self.scale <= 1 and all(0 <= change < 1 for change in changes)):
            raise ModelError(
                "Expected an augmentation scale in (0, 1] and colour changes in [0, 1), but got "
                f"{self}; choose values in these ranges."
            )


@dataclass(frozen=True)
class Training:
    """The transform of training: the serving transform after a random view of the image."""

    preprocessing: Preprocessing
    augmentation: Augmentation

    def __call__(self, image: Rgb, rng: np.random.Generator) -> Tensor:
        """(h, w, 3) uint8 to (3, s, s) float32; the same `rng` state gives the same tensor."""
        square = fit_square(image, self.preprocessing)
        moved = move(square, self.augmentation, rng)
        return normalise(recolour(moved, self.augmentation, rng), self.preprocessing)


def move(square: Rgb, augmentation: Augmentation, rng: np.random.Generator) -> Rgb:
    """Crop, turn and mirror in one resampling of an (s, s, 3) uint8 image; edges are reflected."""
    size = square.shape[0]
    kept = rng.uniform(augmentation.scale, 1)
    shift = rng.uniform(-0.5, 0.5, size=2) * (1 - kept) * size
    angle = rng.uniform(0, 360) if augmentation.rotation else 0.0
    mirrored = augmentation.flip and rng.random() < 0.5
    centre = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), angle, 1 / kept)
    matrix[:, 2] += shift / kept
    if mirrored:
        matrix[0] = [-matrix[0, 0], -matrix[0, 1], size - 1 - matrix[0, 2]]
    moved = cv2.warpAffine(
        square, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, dtype=np.uint8)


def recolour(square: Rgb, augmentation: Augmentation, rng: np.random.Generator) -> Rgb:
    """Change brightness, contrast and saturation of an (s, s, 3) uint8 image."""
    brightness, contrast, saturation = (
        1 + np.float32(rng.uniform(-change, change))
        for change in (augmentation.brightness, augmentation.contrast, augmentation.saturation)
    )
    pixels = square.astype(np.float32) * brightness
    mean = pixels.mean(axis=(0, 1), keepdims=True)
    pixels = (pixels - mean) * contrast + mean
    grey = (pixels @ _GREY)[..., None]
    pixels = (pixels - grey) * saturation + grey
    result: Rgb = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return result
