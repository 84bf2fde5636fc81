"""`python -m data.phantom SHEET.jpg` draws a contact sheet: a class a row, light to dark skin."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from data.phantom.drawing import CODES, draw_phantom


def contact_sheet(*, columns: int, size: int, seed: int = 0) -> NDArray[np.uint8]:
    """Every class in a row of `columns` phantoms: (14 * size, columns * size, 3) uint8 sRGB."""
    rows = [
        _row(label, row, columns=columns, size=size, seed=seed) for row, label in enumerate(CODES)
    ]
    return np.concatenate(rows, axis=0)


def _row(label: str, row: int, *, columns: int, size: int, seed: int) -> NDArray[np.uint8]:
    pictures = [
        draw_phantom(label, seed=seed + 100 * row + k, size=size, skin_type=1 + 6 * k // columns)
        for k in range(columns)
    ]
    strip = np.concatenate([p.image for p in pictures], axis=1)
    white, black, font = (255, 255, 255), (0, 0, 0), cv2.FONT_HERSHEY_SIMPLEX
    for colour, width in ((black, 3), (white, 1)):
        cv2.putText(strip, label, (5, 16), font, 0.5, colour, width, cv2.LINE_AA)
    return strip


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheet as a JPEG or PNG, after the ending of its name."""
    parser = argparse.ArgumentParser(prog="python -m data.phantom", description=__doc__)
    parser.add_argument("path", type=Path, help="picture to write, .jpg or .png")
    parser.add_argument("--columns", type=int, default=6, help="phantoms of each class")
    parser.add_argument("--size", type=int, default=128, help="side of a phantom in pixels")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    given = parser.parse_args(arguments)
    sheet = contact_sheet(columns=given.columns, size=given.size, seed=given.seed)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 80] if given.path.suffix != ".png" else []
    _, stream = cv2.imencode(given.path.suffix, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), quality)
    given.path.write_bytes(stream.tobytes())


if __name__ == "__main__":
    main()
