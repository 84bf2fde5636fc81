"""Near-duplicates: the same picture saved anew, resized, mirrored, turned or a bit cropped."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from data.arrays import Floats32, Ints
from data.duplicates.candidates import VIEWS, View, candidates
from data.duplicates.fingerprints import SIDE_PX, Grey

# Chosen on copies of real pictures against pictures of other lesions; docs/data.md has the rates.
MIN_LIKENESS = 0.85
_MIN_FIRST_LOOK = 0.8
_SMALL_PX = 48
_MARGIN_PX = 9
_STEPS = 30
_MIN_OVERLAP = 0.4


class Near(NamedTuple):
    """Rows of two pictures that show the same, and how alike their details are, at most 1."""

    first: int
    second: int
    likeness: float


def near_duplicates(
    thumbs: npt.NDArray[np.uint8],
    units: Ints,
    *,
    min_likeness: float = MIN_LIKENESS,
) -> list[Near]:
    """All pairs of pictures of different units that show the same picture.

    `thumbs` is `(n, 96, 96)` uint8 (see data.duplicates.fingerprints), `units` `(n,)` integers.
    Three looks, each dearer and stricter than the one before: coarse descriptors of all pairs
    (data.duplicates.candidates), a search for the details of one picture's middle in the other, and
    an affine registration whose likeness is the correlation of fine details where the two overlap.
    Colour does not count. A picture of one colour is never a near-duplicate. Sorted by likeness.
    Reference: registration by Evangelidis and Psarakis 2008 (OpenCV's findTransformECC).
    """
    pairs = candidates(thumbs, units)

    def look(number: int) -> Near:
        first, second = int(pairs.first[number]), int(pairs.second[number])
        view = VIEWS[pairs.view[number]]
        return Near(first, second, likeness(thumbs[first], thumbs[second], view))

    count = len(pairs.first)
    # OpenCV releases Python's lock, so that threads are enough.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        looks = pool.map(look, range(count), chunksize=64)
        found = [
            near
            for near in tqdm(looks, total=count, desc="comparing", unit="pair")
            if near.likeness >= min_likeness
        ]
    return sorted(found, key=lambda near: (-near.likeness, near.first, near.second))


def likeness(one: Grey, other: Grey, view: View) -> float:
    """How alike the details of `one` and of the `view` of `other` are: from -1 (not) to 1."""
    turned = _turned(other, view.attitude)
    if _first_look(one, turned, view.side) < _MIN_FIRST_LOOK:
        return -1.0
    return _registered(one, turned, view)


def _turned(picture: Grey, attitude: int) -> Grey:
    if attitude & 4:
        picture = picture.T
    if attitude & 2:
        picture = picture[::-1]
    if attitude & 1:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def _details(picture: npt.NDArray[np.generic], fine: float, coarse: float) -> Floats32:
    """What lies between two scales, in px."""
    values = picture.astype(np.float32)
    detail = cv2.GaussianBlur(values, (0, 0), fine) - cv2.GaussianBlur(values, (0, 0), coarse)
    return np.asarray(detail, dtype=np.float32)


def _first_look(one: Grey, other: Grey, side: float) -> float:
    """The best correlation of the middle of `one` anywhere in `other`, at three sizes."""
    small = cv2.resize(one, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    middle = _details(small, 0.6, 2.0)[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]
    where = cv2.resize(other, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    best = -1.0
    for factor in (0.94, 1.0, 1.06):
        size = round(_SMALL_PX / side * factor)
        scaled = cv2.resize(where, (size, size), interpolation=cv2.INTER_LINEAR)
        match = cv2.matchTemplate(_details(scaled, 0.6, 2.0), middle, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(match.max()))
    return best


def _registered(one: Grey, other: Grey, view: View) -> float:
    warp = _start(view)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, 1e-4)
    try:
        _, warp = cv2.findTransformECC(
            _details(one, 1.2, 6), _details(other, 1.2, 6), warp, cv2.MOTION_AFFINE, stop, None, 1
        )
    except cv2.error:  # it does not converge: these are two pictures
        return -1.0
    scale = float(np.sqrt(abs(np.linalg.det(warp[:, :2]))))
    return _overlap_correlation(one, other, warp) if 0.6 < scale < 1.6 else -1.0


def _start(view: View) -> Floats32:
    """From px of the whole picture to px of the turned other one, as the view has it."""
    top, left = view.top, view.left
    if view.attitude & 4:
        top, left = left, top
    if view.attitude & 2:
        top = 1 - view.side - top
    if view.attitude & 1:
        left = 1 - view.side - left
    return np.array([[view.side, 0, left * SIDE_PX], [0, view.side, top * SIDE_PX]], np.float32)


def _overlap_correlation(one: Grey, other: Grey, warp: Floats32) -> float:
    size, back = (SIDE_PX, SIDE_PX), cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(
        other.astype(np.float32),
        warp,
        size,
        flags=cv2.INTER_LINEAR | back,
        borderMode=cv2.BORDER_REFLECT,
    )
    inside = cv2.warpAffine(np.ones((SIDE_PX, SIDE_PX), np.uint8), warp, size, flags=back)
    inside = cv2.erode(inside, np.ones((7, 7), np.uint8), borderValue=0) > 0
    if inside.mean() < _MIN_OVERLAP:
        return -1.0
    a, b = _details(one, 0.8, 2.5)[inside], _details(moved, 0.8, 2.5)[inside]
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread > 0 else -1.0
