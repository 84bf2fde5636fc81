"""What lies on or in the surface: scale, serum, follicles, cysts, scars, papillae, veils."""

import numpy as np

from data.phantom.canvas import Canvas, Map, Points, smooth
from data.phantom.palette import (
    BLACK,
    CYST,
    DARK_BROWN,
    LIGHT_BROWN,
    MILKY_PINK,
    PEARL,
    PLUG,
    PUS,
    SCAR,
    ULCER,
    ULCER_CRUST,
    VEIL,
    WHITE_SCALE,
    Rgb,
    mix,
)
from data.phantom.shapes import cells, curve, mesh

_TURN = 2 * np.pi


def scale(
    c: Canvas, region: Map, colour: Rgb, *, amount: float, plate_mm: float, strength: float = 0.85
) -> None:
    """Ragged plates over about the fraction `amount` of the region."""
    rough = c.noise(plate_mm * 2.0, octaves=3) + 0.12 * c.noise(0.15)
    level = np.float32(1.5 - 2.7 * amount)
    alpha = smooth((rough - level + 1.6 * (region - 1)) * np.float32(c.between(0.6, 1.4))) * region
    ragged = alpha * np.clip(0.72 + 0.26 * c.noise(0.5, octaves=3), 0.15, 1)
    shade = np.float32(0.72 + 0.28 * c.skin.depth**0.5)
    c.paint((ragged * np.float32(strength)).astype(np.float32), colour * shade, keep=0.22)
    c.emboss(ragged, 0.1)


def flakes(
    c: Canvas, points: Points, size: tuple[float, float], colour: Rgb, *, strength: float = 0.85
) -> None:
    """Single thin flakes with ragged outlines."""
    outlines = []
    theta = np.linspace(0, _TURN, 11, endpoint=False)
    for point in points:
        radius = c.between(*size) / 2 * c.rng.uniform(0.55, 1.1, 11)
        squeeze = np.array([1.0, c.between(0.5, 1)])
        outlines.append(
            point + radius[:, None] * np.stack([np.cos(theta), np.sin(theta)], 1) * squeeze
        )
    sheet = c.sheet()
    for outline in outlines:
        sheet.polygons([outline], value=c.between(0.45, 1))
    alpha = sheet.alpha(blur_mm=0.05)
    uneven = alpha * np.clip(0.75 + 0.25 * c.noise(0.4, octaves=2), 0.2, 1)
    c.paint(
        (uneven * np.float32(strength)).astype(np.float32),
        colour * np.float32(0.72 + 0.28 * c.skin.depth**0.5),
        keep=0.15,
    )
    c.emboss(alpha, 0.1)


def domes(
    c: Canvas,
    points: Points,
    diameter: tuple[float, float],
    colour: Rgb,
    *,
    strength: float = 0.8,
    gloss: float = 0.25,
    soft: float = 0.12,
) -> None:
    """Raised round bodies: cysts, pustules, closed comedones, drops of serum."""
    radius = c.rng.uniform(*diameter, len(points)) / 2
    sheet = c.sheet()
    sheet.discs(points, radius, c.rng.uniform(0.8, 1, len(points)))
    alpha = sheet.alpha(blur_mm=soft * float(np.mean(diameter)))
    c.paint(
        alpha * np.float32(strength), colour * np.float32(0.6 + 0.4 * c.skin.depth**0.5), keep=0.2
    )
    c.emboss(alpha, gloss)


def cysts(c: Canvas, points: Points) -> None:
    """Milia-like cysts, brighter without polarisation."""
    domes(
        c, points, (0.12, 0.34), CYST, strength=0.6 if c.polarised else 0.9, gloss=0.08, soft=0.16
    )


def plugs(
    c: Canvas, points: Points, diameter: tuple[float, float], *, darkness: float, rim: bool = True
) -> None:
    """Plugged openings; `darkness` 0 is a yellow-brown follicular plug, 1 a black comedo."""
    radius = c.rng.uniform(*diameter, len(points)) / 2
    edge, core = c.sheet(), c.sheet()
    edge.discs(points, radius * 1.3)
    core.discs(points, radius)
    if rim:
        rim_colour = mix(DARK_BROWN, MILKY_PINK, 0.75 if darkness < 0.9 else 0.1)
        c.paint(
            edge.alpha(blur_mm=0.05) * np.float32(0.5), c.brown(rim_colour), keep=0.4, mark=False
        )
    colour = mix(PLUG, BLACK, max(0.0, darkness - 0.15))
    alpha = core.alpha(blur_mm=0.025)
    c.paint(alpha * np.float32(0.85), colour * np.float32(0.5 + 0.5 * c.skin.depth), keep=0.1)
    c.emboss(alpha, -0.12)


def pustules(c: Canvas, points: Points, diameter: tuple[float, float]) -> None:
    """Yellow-white domes in a red ring."""
    for point in points:
        size = c.between(*diameter)
        ring = c.sheet()
        ring.discs(point[None], size * 0.95)
        c.redden(ring.alpha(blur_mm=0.25 * size) * np.float32(1.6))
        domes(c, point[None], (size, size * 1.05), PUS, strength=0.85, gloss=0.2, soft=0.13)


def striae(
    c: Canvas, region: Map, centre: Points, *, form: str, pitch: float, radius: float
) -> None:
    """Wickham striae: "net", "ring", "star" or "fern" of pearly white lines."""
    height = mesh(c, pitch, warp=0.7)
    net = smooth((height - 0.6) / 0.35) * smooth(0.7 + 0.5 * c.noise(1.2, octaves=2))
    rays = c.sheet()
    for a in c.rng.uniform(0, _TURN, 14 if form == "star" else 22):
        ray = np.array([np.cos(a), np.sin(a)])
        start = centre + ray * radius * (c.between(0.05, 0.3) if form == "star" else 0.62)
        reach = radius * (c.between(0.5, 0.85) if form == "star" else c.between(0.1, 0.3))
        path = curve(c, start, float(a), reach, bend=0.4, steps=6)
        rays.lines([path], c.between(0.05, 0.12))
        if form == "fern":
            rays.lines(
                [
                    curve(c, path[3], float(a + t), reach * 0.5, bend=0.3, steps=4)
                    for t in (-0.8, 0.8)
                ],
                0.05,
            )
    spikes = rays.alpha(blur_mm=0.02)
    if form == "ring":
        rho = np.hypot(c.x - centre[0], c.y - centre[1]) / radius + 0.07 * c.noise(1.2, octaves=2)
        circle = smooth(((0.09 - np.abs(rho - 0.6)) * 14).astype(np.float32))
        spikes = np.maximum(spikes, circle * smooth(0.8 + 0.4 * c.noise(0.8)))
    white = spikes if form in ("star", "ring") else np.maximum(net * region, spikes * 0.8)
    colour = mix(PEARL, VEIL, 0.6 * (1 - c.skin.vessel_gain))
    c.paint(
        np.minimum(white, region + 0.25).astype(np.float32) * np.float32(0.85), colour, keep=0.2
    )


def scar(c: Canvas, region: Map, *, strength: float = 0.85) -> None:
    """White scar-like patch; short shiny lines at right angles in polarised light."""
    uneven = region * np.clip(0.9 + 0.15 * c.noise(0.6, octaves=2), 0.4, 1)
    c.paint(
        (uneven * np.float32(strength)).astype(np.float32),
        SCAR * np.float32(0.55 + 0.45 * c.skin.depth**0.5),
        keep=0.25,
    )
    if c.polarised:
        shiny(c, region, n=26)


def shiny(c: Canvas, region: Map, *, n: int) -> None:
    """Shiny white strands in two directions at right angles, seen in polarised light only."""
    turn = c.between(0, _TURN)
    spots = np.argwhere(region > 0.5)
    if not len(spots):
        return
    starts = spots[c.rng.integers(0, len(spots), n)][:, ::-1] / c.px_per_mm
    sheet = c.sheet()
    sheet.lines(
        [
            curve(
                c,
                s,
                turn + (k % 2) * np.pi / 2 + c.rng.normal(0, 0.12),
                c.between(0.2, 0.7),
                bend=0.25,
                steps=4,
            )
            for k, s in enumerate(starts)
        ],
        0.055,
    )
    uneven = sheet.alpha(blur_mm=0.03) * smooth(0.8 + 0.4 * c.noise(0.6))
    c.paint(uneven * np.float32(0.75), PEARL * np.float32(0.35 + 0.6 * c.skin.depth), keep=0.35)


def papillae(c: Canvas, region: Map, points: Points, colour: Rgb) -> None:
    """Packed knobs with pale rims, a mosaic of rounded cells."""
    depth, shade = cells(c, points)
    wide = np.float32(max(float(np.percentile(depth, 95)), 1e-3))
    knob = c.blur(smooth(depth / wide * 1.1), 0.04)
    body = (0.4 + 0.35 * shade) * region
    c.paint(
        body.astype(np.float32),
        colour * np.float32(0.3 + 0.65 * c.skin.depth),
        keep=0.4,
        mark=False,
    )
    rim = smooth(1 - depth / (wide * 0.4)) * region
    pale = mix(WHITE_SCALE * np.float32(0.42 + 0.52 * c.skin.depth), c.skin.base, 0.35)
    c.paint(c.blur(rim, 0.04) * np.float32(c.between(0.25, 0.55)), pale, keep=0.4, mark=False)
    np.maximum(c.mask, region, out=c.mask)
    c.image -= (np.float32(0.07) * (1 - knob) * region)[..., None]
    c.emboss(knob * region, 0.3)


def ulcer(c: Canvas, region: Map, *, crusted: bool) -> None:
    """Raw red ulcer, in part under brown crust."""
    raw = ULCER * np.float32(0.4 + 0.5 * c.skin.depth)
    uneven = np.clip(0.8 + 0.2 * c.noise(0.5, octaves=2), 0.3, 1)
    c.paint((region * uneven).astype(np.float32), raw, keep=0.25)
    if crusted:
        crust = smooth(c.noise(0.8, octaves=3) * 0.8 + 0.3) * region
        c.paint(
            crust * np.float32(0.8), ULCER_CRUST * np.float32(0.4 + 0.5 * c.skin.depth), keep=0.2
        )
        c.emboss(crust, 0.1)
    c.emboss(region, -0.15)


def circles(c: Canvas, points: Points, diameter: tuple[float, float], colour: Rgb) -> None:
    """Pale rings round follicles with a brown dot inside."""
    sheet, inner = c.sheet(), c.sheet()
    sheet.rings(points, c.rng.uniform(*diameter, len(points)) / 2, 0.09)
    inner.discs(points, 0.06)
    c.paint(
        sheet.alpha(blur_mm=0.05) * np.float32(0.5),
        colour * np.float32(0.2 + 0.75 * c.skin.depth),
        keep=0.4,
    )
    c.paint(inner.alpha(blur_mm=0.02) * np.float32(0.7), c.brown(LIGHT_BROWN * 0.7), keep=0.2)


def haze(c: Canvas, region: Map, colour: Rgb = VEIL, *, strength: float = 0.4) -> None:
    """Whitish structureless film."""
    c.paint(
        region * np.float32(strength), colour * np.float32(0.2 + 0.75 * c.skin.depth), keep=0.65
    )
