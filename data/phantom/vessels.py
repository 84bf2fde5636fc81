"""Vessel morphologies: dots, coils, loops, commas, lines, trees and nets."""

from collections.abc import Sequence

import numpy as np

from data.phantom.canvas import Canvas, Map, Points, smooth
from data.phantom.palette import DEEP_VESSEL, MAROON, SHARP_VESSEL, VEIL, Rgb, mix
from data.phantom.shapes import arc, cells, curve, regular

_TURN = 2 * np.pi


def dots(
    c: Canvas,
    points: Points,
    diameter: float,
    *,
    spread: float = 0.15,
    colour: Rgb = SHARP_VESSEL,
    blur_mm: float = 0.015,
) -> None:
    """Dotted vessels; `spread` is the relative standard deviation of their size."""
    sheet = c.sheet()
    sheet.discs(
        points,
        diameter / 2 * np.exp(c.rng.normal(0, spread, len(points))),
        c.rng.uniform(0.7, 1, len(points)),
    )
    c.vessel(sheet.alpha(blur_mm=blur_mm), colour)


def halos(c: Canvas, points: Points, diameter: float, strength: float) -> None:
    """Whitish rings of tissue around vessels."""
    sheet = c.sheet()
    sheet.discs(points, diameter / 2)
    c.paint(
        sheet.alpha(blur_mm=diameter / 6) * np.float32(strength),
        mix(c.skin.base, VEIL, 0.5),
        keep=0.4,
        mark=False,
    )


def coils(c: Canvas, points: Points, diameter: float) -> None:
    """Glomerular vessels: tight balls of loops."""
    radius = diameter / 2 * np.exp(c.rng.normal(0, 0.2, len(points)))
    sheet = c.sheet()
    sheet.rings(points, radius * 0.8, 0.035)
    shift = c.rng.uniform(-0.3, 0.3, points.shape) * diameter
    sheet.rings(points + shift, radius * 0.45, 0.03)
    c.vessel(sheet.alpha(blur_mm=0.01), SHARP_VESSEL)


def hairpins(c: Canvas, points: Points, length: float, *, halo: float = 0.6) -> None:
    """Two limbs joined at one end, inside a pale halo."""
    paths = []
    for point in points:
        angle, size = c.between(0, _TURN), length * c.between(0.7, 1.3)
        side = np.array([-np.sin(angle), np.cos(angle)]) * 0.055
        limb = curve(c, point, angle, size, bend=0.4, steps=5)
        bow = limb[-1] + side + 0.05 * np.array([[np.cos(angle), np.sin(angle)]])
        paths.append(np.concatenate([limb, bow, limb[::-1] + 2 * side]))
    if not paths:
        return
    sheet = c.sheet()
    sheet.lines(paths, 0.28)
    c.paint(
        sheet.alpha(blur_mm=0.05) * np.float32(halo),
        mix(c.skin.base, VEIL, 0.6),
        keep=0.4,
        mark=False,
    )
    _paths(c, paths, 0.045, colour=SHARP_VESSEL)


def commas(c: Canvas, points: Points, length: float = 0.4) -> None:
    """Short coarse curves that hardly branch."""
    paths = [
        arc(p, c.between(0, _TURN), length * c.between(0.6, 1.4), turn=c.rng.choice([-1, 1]) * 1.6)
        for p in points
    ]
    _paths(c, paths, c.between(0.055, 0.08), colour=mix(SHARP_VESSEL, DEEP_VESSEL, 0.5))


def lines(
    c: Canvas,
    points: Points,
    length: tuple[float, float],
    width: float,
    *,
    bend: float = 0.8,
    direction: tuple[float, float] | None = None,
    colour: Rgb = SHARP_VESSEL,
    blur_mm: float = 0.0,
) -> None:
    """Linear to serpentine vessels; `direction` is (angle, spread) when they run one way."""
    paths = []
    for point in points:
        angle = c.between(0, _TURN) if direction is None else c.rng.normal(*direction)
        paths.append(curve(c, point, float(angle), c.between(*length), bend=bend, steps=8))
    _paths(c, paths, width, colour=colour, blur_mm=blur_mm)


def spokes(c: Canvas, centre: Points, inner: float, outer: float, n: int) -> None:
    """Radial lines at the rim of a papule, pointing inwards."""
    angles = c.rng.uniform(0, _TURN, n)
    paths = []
    for a in angles:
        ray = np.array([np.cos(a), np.sin(a)])
        start, end = c.between(0.95, 1.1) * inner, c.between(0.85, 1.05) * outer
        paths.append(curve(c, centre + ray * start, float(a), end - start, bend=0.5, steps=5))
    _paths(c, paths, 0.05, colour=SHARP_VESSEL)


def trees(
    c: Canvas,
    roots: Sequence[tuple[Points, float]],
    *,
    length: float,
    stem: float,
    levels: int = 3,
    blur_mm: float = 0.0,
    colour: Rgb = SHARP_VESSEL,
) -> None:
    """Arborising vessels from (start, direction) roots; branches thin by about 0.65 a level."""
    grown: dict[int, list[Points]] = {level: [] for level in range(levels)}
    for start, angle in roots:
        _grow(c, grown, start, angle, length * c.between(0.7, 1.2), 0)
    for level in reversed(range(levels)):
        width = max(stem * 0.6**level, 0.03)
        _paths(c, grown[level], width, colour=colour, blur_mm=blur_mm)


def _grow(
    c: Canvas,
    grown: dict[int, list[Points]],
    start: Points,
    angle: float,
    length: float,
    level: int,
) -> None:
    path = curve(c, start, angle, length, bend=0.75, steps=12)
    grown[level].append(path)
    if level + 1 not in grown:
        return
    for _ in range(int(c.rng.integers(2, 4))):
        at = int(c.rng.integers(3, 13))
        step = path[at] - path[at - 1]
        turn = c.rng.choice([-1, 1]) * c.between(0.45, 1.1)
        heading = float(np.arctan2(step[1], step[0]) + turn)
        _grow(c, grown, path[at], heading, length * c.between(0.4, 0.7), level + 1)


def polygons(c: Canvas, pitch: float, width: float, region: Map) -> None:
    """Vascular polygons: linked lines round the follicles, of mixed focus."""
    depth, _ = cells(c, regular(c, pitch, jitter=0.16))
    pixel = 0.7 / c.px_per_mm
    wide = width / 2 * (1 + 0.35 * c.noise(1.0))
    net = smooth((wide - depth) / pixel + 0.5)
    focus = smooth(0.5 + 0.6 * c.noise(2.5))
    sharp, deep = net * focus, c.blur(net, 0.09) * (1 - focus)
    broken = smooth(1.1 + 0.8 * c.noise(0.7)) * region
    c.vessel(np.minimum(1, deep * 1.5) * broken, DEEP_VESSEL)
    c.vessel(sharp * broken * np.float32(0.85), SHARP_VESSEL)


def clots(c: Canvas, points: Points, size: tuple[float, float]) -> None:
    """Bleeding points and thrombosed loops: maroon to black specks and streaks."""
    sheet = c.sheet()
    sheet.discs(points, c.rng.uniform(*size, len(points)) / 2)
    streaked = points[:: max(1, len(points) // 4)]
    sheet.lines(
        [
            curve(c, p, c.between(0, _TURN), c.between(0.1, 0.3), bend=0.6, steps=4)
            for p in streaked
        ],
        size[0],
    )
    c.paint(sheet.alpha() * np.float32(0.9), MAROON * np.float32(c.between(0.45, 0.9)), keep=0.1)


def _paths(
    c: Canvas, paths: Sequence[Points], width: float, *, colour: Rgb, blur_mm: float = 0.0
) -> None:
    if not paths:
        return
    sheet = c.sheet()
    sheet.lines(paths, width)
    c.vessel(sheet.alpha(blur_mm=blur_mm) * np.float32(0.92), colour)
