"""From pixels to the network's input and back; built from the card, for training and serving."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from data.arrays import Floats32, Rgb
from model.card.card import Preprocessing

_SHRINK = {"area": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
# Enlarging by area would give blocks.
_ENLARGE = {"area": cv2.INTER_LINEAR, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


@dataclass(frozen=True)
class Placement:
    """Where a resized image of `width` x `height` px lies on the network's square input.

    `left` and `top` are the input's corner in the resized image: positive when cropped, negative
    when padded.
    """

    width: int
    height: int
    left: int
    top: int


def place(shape: tuple[int, ...], preprocessing: Preprocessing) -> Placement:
    """How an image of `shape` (h, w, ...) is laid on the input; no side shrinks below 1 px."""
    height, width = shape[:2]
    side = min(height, width) if preprocessing.fit == "crop" else max(height, width)
    scale = preprocessing.size_px / side
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    left = (new_width - preprocessing.size_px) // 2
    top = (new_height - preprocessing.size_px) // 2
    return Placement(new_width, new_height, left, top)


def fit_square(image: Rgb, preprocessing: Preprocessing) -> Rgb:
    """(h, w, 3) uint8 of any size to (size_px, size_px, 3) uint8, as the card says."""
    size = preprocessing.size_px
    spot = place(image.shape, preprocessing)
    enlarging = spot.width > image.shape[1]
    method = (_ENLARGE if enlarging else _SHRINK)[preprocessing.interpolation]
    resized = cv2.resize(image, (spot.width, spot.height), interpolation=method)
    if preprocessing.fit == "crop":
        return np.ascontiguousarray(
            resized[spot.top : spot.top + size, spot.left : spot.left + size]
        )
    square = np.zeros((size, size, 3), dtype=np.uint8)
    square[-spot.top : -spot.top + spot.height, -spot.left : -spot.left + spot.width] = resized
    return square


def normalise(square: Rgb, preprocessing: Preprocessing) -> Tensor:
    """(s, s, 3) uint8 to a (3, s, s) float32 tensor, centred and scaled as the card says."""
    scaled = square.astype(np.float32) / 255
    mean = np.array(preprocessing.mean, dtype=np.float32)
    centred = (scaled - mean) / np.array(preprocessing.std, dtype=np.float32)
    return torch.from_numpy(np.ascontiguousarray(centred.transpose(2, 0, 1)))


@dataclass(frozen=True)
class Serving:
    """The transform of evaluation and serving: no randomness."""

    preprocessing: Preprocessing

    def __call__(self, image: Rgb, _rng: np.random.Generator | None = None) -> Tensor:
        """(h, w, 3) uint8 to (3, s, s) float32; one of (s, s, 3) is taken as fitted already."""
        size = self.preprocessing.size_px
        if image.shape[:2] != (size, size):
            image = fit_square(image, self.preprocessing)
        return normalise(image, self.preprocessing)


def unfit(saliency: Floats32, *, shape: tuple[int, ...], preprocessing: Preprocessing) -> Floats32:
    """Bring a (s, s) map of the input back to the image's own (h, w); 0 where that was cut off."""
    size = preprocessing.size_px
    spot = place(shape, preprocessing)
    canvas = np.zeros((spot.height, spot.width), dtype=np.float32)
    if preprocessing.fit == "crop":
        canvas[spot.top : spot.top + size, spot.left : spot.left + size] = saliency
    else:
        canvas = saliency[-spot.top : -spot.top + spot.height, -spot.left : -spot.left + spot.width]
    height, width = shape[:2]
    resized = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.float32)
