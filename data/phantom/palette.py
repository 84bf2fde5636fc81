"""Colours of the phantoms: suggestions for drawing, not measurements."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.floating[Any]]


def rgb(code: str) -> Rgb:
    """Triple of sRGB in [0, 1] of a hex code such as "#C0303A"."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)


SHARP_VESSEL: Final = rgb("#C0303A")
DEEP_VESSEL: Final = rgb("#B0606A")
MILKY_PINK: Final = rgb("#E8B9B4")
VIOLET: Final = rgb("#A98296")
WHITE_SCALE: Final = rgb("#F2EFEA")
YELLOW_SCALE: Final = rgb("#E3CF9A")
CRUST: Final = rgb("#C99A3E")
PLUG: Final = rgb("#8F6B3A")
CYST: Final = rgb("#F4EBCF")
PUS: Final = rgb("#EADFA8")
ORANGE: Final = rgb("#DDA05A")
LIGHT_BROWN: Final = rgb("#B98A62")
MID_BROWN: Final = rgb("#8A5A3A")
DARK_BROWN: Final = rgb("#4F3222")
BLACK: Final = rgb("#211A18")
BLUE_GREY: Final = rgb("#6E7486")
SLATE: Final = rgb("#4F5768")
PEARL: Final = rgb("#EDE6E0")
SCAR: Final = rgb("#EFE3DC")
LACUNA_RED: Final = rgb("#B3202C")
LACUNA_BLUE: Final = rgb("#6E2A4B")
MAROON: Final = rgb("#5E1420")
ULCER: Final = rgb("#A6342F")
ULCER_CRUST: Final = rgb("#9A5B2C")
VEIL: Final = rgb("#D9D3D3")
LIGHT_SKIN: Final = rgb("#CFB09C")


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Colour that is `share` of the second and the rest of the first."""
    return (first + share * (second - first)).astype(np.float32)


def luminance(colour: Rgb) -> float:
    """Rec. 709 weighted sum of the coded values, in [0, 1]."""
    return float(colour @ np.array([0.2126, 0.7152, 0.0722], np.float32))


def lab_shift(colour: Rgb, shift: tuple[float, float, float]) -> Rgb:
    """Colour moved by (dL, da, db) in CIE Lab, back in sRGB and clipped to [0, 1]."""
    lab = cv2.cvtColor(colour.reshape(1, 1, 3), cv2.COLOR_RGB2LAB)
    moved = (lab + np.array(shift, np.float32)).astype(np.float32)
    back: Rgb = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB).reshape(3)
    return np.clip(back, 0, 1).astype(np.float32)
