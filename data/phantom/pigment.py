"""Melanin: networks, globules, dots, blotches, ridges and blue-grey nests."""

import numpy as np

from data.phantom.canvas import Canvas, Map, Points, smooth
from data.phantom.palette import BLUE_GREY, MID_BROWN, PEARL, SLATE, Rgb, mix
from data.phantom.shapes import arc, mesh, stripes

_TURN = 2 * np.pi


def network(
    c: Canvas, region: Map, colour: Rgb, *, pitch: float, strength: float = 0.8, mark: bool = True
) -> None:
    """Pigment network: brown lines round pale holes, fading with the region."""
    height = mesh(c, pitch, warp=c.between(0.4, 0.9))
    net = smooth((height - 0.42) / 0.42) * smooth(0.85 + 0.35 * c.noise(0.8))
    c.paint(net * region * np.float32(strength), c.brown(colour), keep=0.25, mark=mark)


def white_network(c: Canvas, region: Map, *, pitch: float) -> None:
    """White mesh around brown islands."""
    net = smooth((mesh(c, pitch, warp=0.45) - 0.35) / 0.45)
    c.paint(net * region * np.float32(0.75), PEARL, keep=0.2)


def cloud(
    c: Canvas,
    region: Map,
    colour: Rgb,
    *,
    strength: float,
    mottle: float = 0.35,
    mark: bool = False,
) -> None:
    """Structureless pigment of uneven density."""
    density = np.clip(1 + mottle * c.noise(1.2, octaves=3), 0.2, 1.4)
    c.paint(
        np.clip(region * density * np.float32(strength), 0, 0.96),
        c.brown(colour),
        keep=0.4,
        mark=mark,
    )


def globules(
    c: Canvas,
    points: Points,
    diameter: float,
    colour: Rgb,
    *,
    spread: float = 0.2,
    strength: float = 0.8,
) -> None:
    """Round to oval clods of pigment."""
    sheet = c.sheet()
    radius = diameter / 2 * np.exp(c.rng.normal(0, spread, len(points)))
    sheet.discs(points, radius, c.rng.uniform(0.75, 1, len(points)))
    offset = c.rng.normal(0, 0.3, points.shape) * radius[:, None]
    sheet.discs(points + offset, radius * 0.8, 0.85)
    c.paint(sheet.alpha(blur_mm=0.03) * np.float32(strength), c.brown(colour), keep=0.25)


def ring_globules(c: Canvas, points: Points, diameter: float) -> None:
    """Brown circles with a paler centre."""
    sheet = c.sheet()
    sheet.rings(points, diameter / 2, 0.06)
    c.paint(sheet.alpha(blur_mm=0.02) * np.float32(0.8), c.brown(MID_BROWN), keep=0.3)


def peppering(c: Canvas, points: Points, *, grey: float) -> None:
    """Fine grey-brown dots of old inflammation; `grey` 0 is brown, 1 is blue-grey."""
    sheet = c.sheet()
    sheet.discs(points, c.rng.uniform(0.03, 0.06, len(points)))
    c.paint(
        sheet.alpha(blur_mm=0.02) * np.float32(0.7),
        c.brown(mix(MID_BROWN, BLUE_GREY, grey)),
        keep=0.3,
    )


def fingerprint(c: Canvas, region: Map, colour: Rgb) -> None:
    """Thin parallel brown lines."""
    line = smooth((stripes(c, c.between(0.22, 0.32), warp=1.0) - 0.5) * 2.2)
    patch = smooth(0.7 + 0.8 * c.noise(2.0)) * region
    c.paint(line * patch * np.float32(0.65), c.brown(colour), keep=0.3)


def cerebriform(c: Canvas, region: Map, groove: Rgb) -> None:
    """Brain-like surface: lighter ridges between dark winding grooves."""
    fold = np.abs(c.noise(c.between(0.7, 1.1), octaves=2))
    dark = smooth(1.1 - fold * 2.4) * region
    c.emboss(c.blur(1 - dark, 0.08) * region, 0.18)
    c.paint(dark * np.float32(0.75), c.brown(groove), keep=0.25)


def nests(c: Canvas, points: Points, size: tuple[float, float], *, shade: float) -> None:
    """Blue-grey ovoid nests; `shade` 0 is blue-grey and 1 is slate."""
    outlines = []
    theta = np.linspace(0, _TURN, 24, endpoint=False)
    for point in points:
        a, ratio = c.between(0, _TURN), c.between(0.55, 0.95)
        bumps = 1 + 0.09 * np.cos(3 * theta + a) + 0.07 * np.cos(2 * theta - 2 * a)
        oval = np.stack([np.cos(theta), ratio * np.sin(theta)], axis=1) * bumps[:, None]
        spin = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        outlines.append(point + c.between(*size) / 2 * oval @ spin.T)
    sheet = c.sheet()
    sheet.polygons(outlines)
    alpha = sheet.alpha(blur_mm=0.09) * np.clip(0.82 + 0.15 * c.noise(0.5, octaves=2), 0, 1)
    colour = mix(mix(BLUE_GREY, SLATE, shade), MID_BROWN, c.between(0, 0.35))
    c.paint(alpha.astype(np.float32), colour * np.float32(c.skin.depth**0.5), keep=0.25)


def leaves(c: Canvas, points: Points, outward: Points, colour: Rgb) -> None:
    """Leaf-like areas: bulbs joined at a base, pointing along `outward` angles."""
    sheet = c.sheet()
    for point, angle in zip(points, outward, strict=True):
        for turn in c.rng.normal(0, 0.7, int(c.rng.integers(3, 6))):
            reach = c.between(0.3, 0.8)
            path = arc(point, float(angle + turn), reach, turn=c.between(-0.4, 0.4), steps=4)
            sheet.discs(path, np.linspace(0.07, 0.19, len(path)))
    c.paint(sheet.alpha(blur_mm=0.03) * np.float32(0.85), c.brown(colour), keep=0.2)


def wheels(c: Canvas, points: Points) -> None:
    """Spoke-wheel areas: tan spokes round a darker hub."""
    sheet, hub = c.sheet(), c.sheet()
    for point in points:
        n = int(c.rng.integers(6, 10))
        angles = np.linspace(0, _TURN, n, endpoint=False) + c.between(0, 1)
        sheet.lines(
            [arc(point, float(a), c.between(0.25, 0.42), turn=0.2, steps=3) for a in angles], 0.06
        )
    hub.discs(points, 0.12)
    c.paint(sheet.alpha(blur_mm=0.02) * np.float32(0.7), c.brown(MID_BROWN), keep=0.3)
    c.paint(hub.alpha(blur_mm=0.03) * np.float32(0.85), c.brown(SLATE), keep=0.2)
