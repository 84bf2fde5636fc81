"""Coarse descriptors of grey pictures, and the pairs that might show the same picture."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.arrays import Floats, Floats32, Ints
from data.duplicates.fingerprints import SIDE_PX

_WAVES = 8
# Below this contrast a picture is one colour, and its descriptor would be noise.
_MIN_NORM = 60.0
_BLOCK = 256
_PLACES = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))
_ZOOMS = (0.92, 0.84)


class View(NamedTuple):
    """A part of a picture, as shares of its sides from the top left, and one of its 8 attitudes.

    Bits of `attitude`: 4 = swap axes, then 2 = mirror top to bottom, then 1 = mirror left to right.
    """

    top: float
    left: float
    side: float
    attitude: int


class Candidates(NamedTuple):
    """Pairs of rows: `first` whole looks like `view` (index into VIEWS) of `second`."""

    first: Ints
    second: Ints
    view: Ints


_WINDOWS = [(0.0, 0.0, 1.0)] + [
    (top * (1 - zoom), left * (1 - zoom), zoom)
    for zoom, (top, left) in itertools.product(_ZOOMS, _PLACES)
]
VIEWS = [View(*window, attitude) for window in _WINDOWS for attitude in range(8)]


def candidates(
    thumbs: npt.NDArray[np.uint8],
    units: Ints,
    *,
    min_cosine: float = 0.9,
    per_picture: int = 200,
) -> Candidates:
    """Pairs of pictures of different units that might be the same, also turned or a bit cropped.

    `thumbs` is `(n, 96, 96)` uint8, `units` `(n,)`; pictures of one unit are never paired. Every
    picture is compared with 88 views of every other: 8 attitudes of the whole and of 10 parts. The
    descriptor is the picture's 8 x 8 lowest cosine waves without the mean, weighted by frequency
    (a picture's spectrum falls with it) and scaled to length 1. Each picture gives at most its
    `per_picture` most similar partners, so that thousands of equal pictures do not take forever.
    Memory: 22 kB per picture.
    """
    whole = _normed(_waves(thumbs))
    views = _all_views(thumbs)
    found = [
        _block(whole, views, units, start, min_cosine, per_picture)
        for start in range(0, len(thumbs), _BLOCK)
    ]
    return _once(np.concatenate(found) if found else np.empty((0, 4)), len(thumbs))


def _all_views(thumbs: npt.NDArray[np.uint8]) -> Floats32:
    """`(88, n, 64)`."""
    views = np.empty((len(VIEWS), len(thumbs), _WAVES**2), np.float32)
    for number, (top, left, side) in enumerate(_WINDOWS):
        height = round(SIDE_PX * side)
        y, x = round(SIDE_PX * top), round(SIDE_PX * left)
        waves = _waves(thumbs[:, y : y + height, x : x + height])
        for attitude in range(8):
            views[8 * number + attitude] = _normed(_turned(waves, attitude))
    return views


def _waves(pictures: npt.NDArray[np.uint8]) -> Floats32:
    """Weighted cosine coefficients `(n, 8, 8)` of `(n, side, side)` pictures."""
    side = pictures.shape[1]
    wave = np.arange(_WAVES, dtype=np.float32)
    basis = np.cos(np.pi * wave[:, None] * (np.arange(side) + 0.5) / side) / np.sqrt(side / 2)
    basis = basis.astype(np.float32)
    weights = np.hypot(wave[:, None], wave).astype(np.float32)
    result = np.empty((len(pictures), _WAVES, _WAVES), np.float32)
    for start in range(0, len(pictures), _BLOCK):
        part = pictures[start : start + _BLOCK].astype(np.float32)
        result[start : start + _BLOCK] = basis @ part @ basis.T * weights
    return result


def _turned(waves: Floats32, attitude: int) -> Floats32:
    """Mirroring a picture changes the sign of its odd waves, swapping its axes transposes them."""
    sign = np.where(np.arange(_WAVES) % 2, -1, 1).astype(np.float32)
    if attitude & 4:
        waves = waves.transpose(0, 2, 1)
    if attitude & 2:
        waves = waves * sign[:, None]
    return waves * sign if attitude & 1 else waves


def _normed(waves: Floats32) -> Floats32:
    flat = waves.reshape(len(waves), -1)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.where(norm > _MIN_NORM, flat / np.maximum(norm, _MIN_NORM), 0).astype(np.float32)


def _block(
    whole: Floats32,
    views: Floats32,
    units: Ints,
    start: int,
    min_cosine: float,
    per_picture: int,
) -> Floats:
    """Rows of first, second, view and cosine for one block of first pictures."""
    rows = whole[start : start + _BLOCK]
    best = rows @ views[0].T
    for view in views[1:]:
        np.maximum(best, rows @ view.T, out=best)
    best[units[start : start + _BLOCK, None] == units[None, :]] = -1
    if best.shape[1] > per_picture:
        _keep_most(best, per_picture)
    first, second = np.nonzero(best >= min_cosine)
    chosen = np.empty(len(first))
    for step in range(0, len(first), 4096):
        part = slice(step, step + 4096)
        cosines = np.einsum("pd,vpd->pv", rows[first[part]], views[:, second[part]])
        chosen[part] = cosines.argmax(axis=1)
    return np.column_stack([first + start, second, chosen, best[first, second]])


def _keep_most(best: Floats32, count: int) -> None:
    """Set all but the `count` largest of each row to -1; of equal ones the first are kept."""
    limit = np.partition(best, -count, axis=1)[:, -count, None]
    best[best < limit] = -1
    for row in np.flatnonzero((best >= limit).sum(axis=1) > count):
        above = int((best[row] > limit[row]).sum())
        best[row, np.flatnonzero(best[row] == limit[row])[count - above :]] = -1


def _once(found: Floats, n: int) -> Candidates:
    """Each pair in the direction in which it is more similar."""
    first, second, view = found[:, :3].astype(np.intp).T
    key = np.minimum(first, second) * n + np.maximum(first, second)
    order = np.lexsort((-found[:, 3], key))
    _, where = np.unique(key[order], return_index=True)
    kept = order[where]
    return Candidates(first[kept], second[kept], view[kept])
