"""How well `python -m data check` finds copies: python tools/check_rates.py MANIFEST."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.arrays import Rgb
from data.duplicates.fingerprints import fingerprint
from data.duplicates.registration import near_duplicates
from data.images import decode, encode
from data.manifest import read_manifest

Change = Callable[[Rgb, np.random.Generator], Rgb]


def jpeg(image: Rgb, quality: int) -> Rgb:
    return decode(encode(np.ascontiguousarray(image), format="JPEG", quality=quality))


def scaled(image: Rgb, x: float, y: float) -> Rgb:
    return cv2.resize(np.ascontiguousarray(image), None, fx=x, fy=y, interpolation=cv2.INTER_AREA)


def cropped(image: Rgb, share: float, rng: np.random.Generator) -> Rgb:
    """Takes `share` off each side's length, at a random place."""
    height, width = (round(side * (1 - share)) for side in image.shape[:2])
    top = int(rng.integers(0, image.shape[0] - height + 1))
    left = int(rng.integers(0, image.shape[1] - width + 1))
    return image[top : top + height, left : left + width]


def filled(image: Rgb) -> Rgb:
    """A picture of 4:3 on a black square."""
    bar = image.shape[1] // 8
    return cv2.copyMakeBorder(
        scaled(image, 1, 0.75 * image.shape[1] / image.shape[0]),
        bar,
        bar,
        0,
        0,
        cv2.BORDER_CONSTANT,
    )


CHANGES: dict[str, Change] = {
    "JPEG, quality 30": lambda i, _: jpeg(i, 30),
    "half the size": lambda i, _: scaled(i, 0.5, 0.5),
    "1.6 times the size": lambda i, _: scaled(i, 1.6, 1.6),
    "height x 0.8": lambda i, _: scaled(i, 1, 0.8),
    "mirrored": lambda i, _: i[:, ::-1],
    "turned by 90°": lambda i, _: np.rot90(i),
    "axes swapped, JPEG 50": lambda i, _: jpeg(i.transpose(1, 0, 2), 50),
    "brighter by 15% + 10": lambda i, _: np.clip(i * 1.15 + 10, 0, 255).astype(np.uint8),
    "cropped by 5%": lambda i, rng: cropped(i, 0.05, rng),
    "cropped by 10%": lambda i, rng: cropped(i, 0.10, rng),
    "cropped by 10%, turned, JPEG 50": lambda i, rng: jpeg(np.rot90(cropped(i, 0.10, rng), 3), 50),
    "filled up to a square in black, JPEG 85": lambda i, _: jpeg(filled(i), 85),
    "cropped by 20%": lambda i, rng: cropped(i, 0.20, rng),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--copies", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    paths = [Path(path) for path in read_manifest(options.manifest)["path"]]
    thumbs = np.stack([fingerprint(decode(path)).thumb for path in paths])
    among = near_duplicates(thumbs, np.arange(len(thumbs)))
    pairs = len(thumbs) * (len(thumbs) - 1) // 2
    print(f"{len(among)} of {pairs} pairs of different rows: {[tuple(n) for n in among]}")
    rng = np.random.default_rng(options.seed)
    chosen = np.sort(rng.choice(len(paths), options.copies, replace=False))
    for name, change in CHANGES.items():
        copies = np.stack(
            [fingerprint(np.ascontiguousarray(change(decode(paths[r]), rng))).thumb for r in chosen]
        )
        report(name, thumbs, copies, chosen)
    crowd = np.concatenate([corner(thumbs, top, left) for top in (0, 43) for left in (0, 43)])
    began = time.perf_counter()
    near_duplicates(crowd, np.arange(len(crowd)))
    print(f"{len(crowd)} pictures (quarters): {time.perf_counter() - began:.0f} s")


def report(name: str, thumbs: np.ndarray, copies: np.ndarray, chosen: np.ndarray) -> None:
    units = np.repeat([0, 1], [len(thumbs), len(copies)])
    found = {tuple(sorted(n[:2])) for n in near_duplicates(np.concatenate([thumbs, copies]), units)}
    true = {(int(row), len(thumbs) + place) for place, row in enumerate(chosen)}
    n_pairs = len(thumbs) * len(copies) - len(true)
    print(f"| {name} | {len(found & true)} of {len(true)} | {len(found - true)} of {n_pairs} |")


def corner(thumbs: np.ndarray, top: int, left: int) -> np.ndarray:
    return np.stack([cv2.resize(t[top : top + 53, left : left + 53], (96, 96)) for t in thumbs])


if __name__ == "__main__":
    main()
