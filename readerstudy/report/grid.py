"""A table of small numbers as a picture: one pixel per cell, so that it stays light."""

from collections.abc import Sequence

import numpy as np

from data.images import encode

Rgb = tuple[int, int, int]


def grid_png(cells: bytes, *, width: int, colours: Sequence[Rgb]) -> bytes:
    """`cells`: row by row, each the number of its colour."""
    numbers = np.frombuffer(cells, dtype=np.uint8).reshape(-1, width)
    return encode(np.array(colours, dtype=np.uint8)[numbers])
