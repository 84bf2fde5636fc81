"""The surface the phantoms are drawn on: millimetres in, antialiased alpha maps out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from data.phantom.palette import LIGHT_SKIN, Rgb, luminance, mix, rgb

Map = NDArray[np.floating[Any]]
Points = Map
_SHIFT: Final = 4
_SHARP: Final = 0.2  # pixels of blur that nobody sees
_VIOLET_BROWN: Final = rgb("#6A2A36")


@dataclass(frozen=True)
class Skin:
    """What a skin type decides: colours as sRGB in [0, 1], gain of vessel contrast in (0, 1]."""

    type: int
    base: Rgb
    redness: Rgb
    vessel_gain: float

    @property
    def depth(self) -> float:
        """Luminance relative to light skin: 1 on light skin, about 0.45 on the darkest."""
        return luminance(self.base) / luminance(LIGHT_SKIN)


def smooth(values: Map) -> Map:
    """Smoothstep of values clipped to [0, 1]."""
    x = np.clip(values, 0, 1)
    return (x * x * (3 - 2 * x)).astype(np.float32)


class Sheet:
    """A stencil of one colourless layer, drawn at twice the resolution of the picture."""

    def __init__(self, size: int, px_per_mm: float) -> None:
        self._ink = np.zeros((2 * size, 2 * size), np.uint8)
        self._scale = 2 * px_per_mm
        self._size = size

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        return np.round(points * (self._scale * (1 << _SHIFT))).astype(np.int32)

    def discs(self, points: Points, radii: Points | float, value: Points | float = 1.0) -> None:
        """Filled discs; a radius below a pixel becomes a fainter dot of one pixel."""
        n = len(points)
        radius = np.broadcast_to(np.asarray(radii, float) * self._scale, (n,))
        level = np.broadcast_to(np.asarray(value, float), (n,)) * np.minimum(1, radius + 0.15)
        fixed_radius = np.round(np.maximum(radius, 0.8) * (1 << _SHIFT)).astype(int).tolist()
        levels = (255 * level).astype(int).tolist()
        centres = self._fixed(points).tolist()
        for centre, r, v in zip(centres, fixed_radius, levels, strict=True):
            cv2.circle(self._ink, centre, r, v, -1, cv2.LINE_AA, _SHIFT)

    def rings(self, points: Points, radii: Points | float, width: float) -> None:
        """Circle outlines of one line width."""
        thickness = max(1, round(width * self._scale))
        radius = np.broadcast_to(np.asarray(radii, float) * self._scale, (len(points),))
        fixed_radius = np.round(radius * (1 << _SHIFT)).astype(int).tolist()
        for centre, r in zip(self._fixed(points).tolist(), fixed_radius, strict=True):
            cv2.circle(self._ink, centre, r, 255, thickness, cv2.LINE_AA, _SHIFT)

    def lines(self, curves: Iterable[Points], width: float, value: float = 1.0) -> None:
        """Open polylines; widths below half a pixel become fainter lines."""
        exact = width * self._scale
        level = int(255 * value * min(1.0, 0.25 + 0.75 * exact))
        paths = [self._fixed(curve) for curve in curves]
        thickness = max(1, round(exact))
        cv2.polylines(self._ink, paths, False, level, thickness, cv2.LINE_AA, _SHIFT)

    def polygons(self, outlines: Sequence[Points], value: float = 1.0) -> None:
        """Filled outlines; overlaps stay filled."""
        for outline in outlines:
            cv2.fillPoly(self._ink, [self._fixed(outline)], int(255 * value), cv2.LINE_AA, _SHIFT)

    def alpha(self, *, blur_mm: float = 0.0) -> Map:
        """(size, size) coverage in [0, 1]."""
        small = cv2.resize(self._ink, (self._size, self._size), interpolation=cv2.INTER_AREA)
        cover = small.astype(np.float32) / 255
        sigma = blur_mm * self._scale / 2
        blurred: Map = cover if sigma < _SHARP else cv2.GaussianBlur(cover, (0, 0), sigma)
        return blurred


@dataclass
class Canvas:
    """Picture in the making: `image` (size, size, 3) sRGB in [0, 1], `mask` (size, size)."""

    size: int
    field_mm: float
    skin: Skin
    polarised: bool
    contrast: float
    atypical: bool
    rng: np.random.Generator
    image: Map = field(init=False)
    mask: Map = field(init=False)

    def __post_init__(self) -> None:
        self.image = np.empty((self.size, self.size, 3), np.float32)
        self.image[:] = self.skin.base
        self.mask = np.zeros((self.size, self.size), np.float32)
        axis = (np.arange(self.size, dtype=np.float32) + 0.5) / self.px_per_mm
        self.x, self.y = np.meshgrid(axis, axis)

    @property
    def px_per_mm(self) -> float:
        """Pixels in a millimetre of skin."""
        return self.size / self.field_mm

    @property
    def full(self) -> Map:
        """The whole field as a region."""
        return np.ones((self.size, self.size), np.float32)

    def sheet(self) -> Sheet:
        """A blank stencil of this size."""
        return Sheet(self.size, self.px_per_mm)

    def shows(self, probability: float, *, key: bool = False) -> bool:
        """Draw lots for one criterion; an atypical phantom lacks its key clue."""
        drawn = bool(self.rng.random() < probability)
        return drawn and not (key and self.atypical)

    def between(self, low: float, high: float) -> float:
        """One uniform draw."""
        return float(self.rng.uniform(low, high))

    def noise(self, cell_mm: float, *, octaves: int = 1) -> Map:
        """Smooth noise, mean 0, standard deviation about 1, with features of `cell_mm`."""
        total = np.zeros((self.size, self.size), np.float32)
        for octave in range(octaves):
            total += self._one_octave(cell_mm / 2**octave) * 0.55**octave
        return total

    def _one_octave(self, cell_mm: float) -> Map:
        cells = int(np.ceil(self.field_mm / max(cell_mm, 0.05))) + 3
        grid = self.rng.standard_normal((cells, cells), dtype=np.float32)
        scale = cells * cell_mm * self.px_per_mm
        side = max(self.size, round(scale))
        big = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        part: Map = big[: self.size, : self.size] * np.float32(1.3)
        return part

    def blur(self, values: Map, sigma_mm: float) -> Map:
        """Gaussian blur with a standard deviation in mm."""
        sigma = sigma_mm * self.px_per_mm
        blurred: Map = values if sigma < _SHARP else cv2.GaussianBlur(values, (0, 0), sigma)
        return blurred

    def at(self, values: Map, points: Points) -> Points:
        """Values of a map under points; 0 outside the picture."""
        index = np.floor(points * self.px_per_mm).astype(int)
        inside = ((index >= 0) & (index < self.size)).all(axis=1)
        safe = np.clip(index, 0, self.size - 1)
        return np.where(inside, values[safe[:, 1], safe[:, 0]], 0.0)

    def paint(self, alpha: Map, colour: Rgb, *, keep: float = 0.3, mark: bool = True) -> None:
        """Cover with a colour that keeps part of the texture below; `mark` adds to the mask."""
        target = colour - keep * self.skin.base
        self.image += alpha[..., None] * (target + (keep - 1) * self.image)
        if mark:
            np.maximum(self.mask, alpha, out=self.mask)

    def wash(self, alpha: Map, colour: Rgb) -> None:
        """Shift the colour as a tint on light skin would, texture untouched."""
        self.image += alpha[..., None] * ((colour - LIGHT_SKIN) * np.float32(self.skin.depth))

    def redden(self, alpha: Map) -> None:
        """Erythema: the Lab shift of the skin type, times alpha (may exceed 1)."""
        self.image += alpha[..., None] * self.skin.redness

    def emboss(self, alpha: Map, strength: float) -> None:
        """Light the upper left edge of a raised structure and shade the lower right one."""
        step = max(1, round(self.size / 160))
        slope = alpha - np.roll(alpha, (step, step), (0, 1))
        slope[:step] = 0
        slope[:, :step] = 0
        self.image += np.float32(strength * (0.4 + 0.6 * self.skin.depth)) * slope[..., None]

    def vessel(self, alpha: Map, colour: Rgb, *, mark: bool = True) -> None:
        """Paint blood: contrast falls and red turns violet-brown with darker skin."""
        gain = self.skin.vessel_gain * self.contrast * (1.0 if self.polarised else 0.85)
        tone = mix(_VIOLET_BROWN, colour, min(1.0, self.skin.vessel_gain + 0.1))
        self.paint(
            alpha * np.float32(gain),
            tone * np.float32(0.35 + 0.65 * self.skin.depth),
            keep=0.15,
            mark=False,
        )
        if mark:
            np.maximum(self.mask, alpha, out=self.mask)

    def brown(self, colour: Rgb) -> Rgb:
        """A melanin colour that stays darker than the skin around it."""
        return (colour * np.float32(self.skin.depth**0.8)).astype(np.float32)
