"""What is compared to find one picture twice: a hash of its pixels and a small grey copy."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from data.images import ImageError, Rgb, decode

SIDE_PX = 96

Grey = npt.NDArray[np.uint8]


class Fingerprint(NamedTuple):
    """`pixels`: SHA-256 of size and decoded pixels; `thumb`: `(96, 96)` uint8, squeezed to fit."""

    pixels: str
    thumb: Grey


def fingerprint(image: Rgb) -> Fingerprint:
    """Of `(height, width, 3)` uint8 pixels; the file's format and metadata do not count."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    thumb = cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return Fingerprint(digest.hexdigest(), np.asarray(thumb, dtype=np.uint8))


def fingerprints(paths: Sequence[Path]) -> tuple[list[Fingerprint | None], list[str]]:
    """One fingerprint per path, None where it cannot be read, and a sentence for each of these."""
    # Decoders release Python's lock, so that threads are enough.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        read = tqdm(pool.map(_read, paths), total=len(paths), desc="reading", unit="image")
        found = list(read)
    prints = [one if isinstance(one, Fingerprint) else None for one in found]
    return prints, [one for one in found if isinstance(one, str)]


def _read(path: Path) -> Fingerprint | str:
    try:
        return fingerprint(decode(path))
    except (ImageError, OSError) as error:
        return f"{path}: {error}"
