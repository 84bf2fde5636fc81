"""What is compared to find one picture twice: a hash of its pixels and a small grey copy."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from data.arrays import Rgb
from data.decoding import decode_each

SIDE_PX = 96
_LOOK_PX = 256
_BLACK, _WHITE, _COMPRESSED = 16, 239, 8
# Share of a bar's pixels that may differ: compression rings beside the picture.
_STRAY = 0.02

Grey = npt.NDArray[np.uint8]


class Fingerprint(NamedTuple):
    """`pixels`: SHA-256 of size and decoded pixels.

    `thumb`: `(96, 96)` uint8, without a frame of one colour, squeezed to fit.
    """

    pixels: str
    thumb: Grey


def fingerprint(image: Rgb) -> Fingerprint:
    """Of `(height, width, 3)` uint8 pixels; the file's format and metadata do not count."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY))
    thumb = cv2.resize(unframed(grey), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return Fingerprint(digest.hexdigest(), np.asarray(thumb, dtype=np.uint8))


def unframed(grey: Grey) -> Grey:
    """`(h, w)` without bars along its sides that were added to fill a shape; at least half is left.

    A bar is black or white as far as compression lets it be, or exactly of another colour.
    """
    shape = [min(side, _LOOK_PX) for side in grey.shape]
    small = cv2.resize(grey, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    top, bottom = _inner(small, grey.shape[0])
    left, right = _inner(small.T, grey.shape[1])
    is_left = (bottom - top) * (right - left) * 2 >= grey.size
    return grey[top:bottom, left:right] if is_left else grey


def _inner(small: npt.NDArray[np.generic], side: int) -> tuple[int, int]:
    """The first row that is no bar, and the one after the last, of a picture of `side` rows."""
    rows = small.astype(np.int16)
    first = rows[:, :1]
    spread = np.where((first < _BLACK) | (first > _WHITE), _COMPRESSED, 0)
    is_bar = (np.abs(rows - first) > spread).mean(axis=1) <= _STRAY
    inside = np.flatnonzero(~is_bar)
    if not len(inside):
        return 0, side
    scale = side / len(rows)
    return round(inside[0] * scale), round((inside[-1] + 1) * scale)


def fingerprints(paths: Sequence[Path]) -> tuple[list[Fingerprint | None], list[str]]:
    """One fingerprint per path, None where it cannot be read, and a sentence for each of these."""
    found = list(decode_each(paths, fingerprint, doing="reading"))
    prints = [one if isinstance(one, Fingerprint) else None for one in found]
    return prints, [one for one in found if isinstance(one, str)]
