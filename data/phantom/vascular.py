"""Recipes: hemangioma, port wine stain, keloid and hypertrophic scar."""

import numpy as np

from data.phantom import pigment, surface, vessels
from data.phantom.canvas import Canvas, Map, Points, smooth
from data.phantom.palette import (
    BLACK,
    DEEP_VESSEL,
    LACUNA_BLUE,
    LACUNA_RED,
    LIGHT_BROWN,
    MAROON,
    MID_BROWN,
    MILKY_PINK,
    PEARL,
    SCAR,
    VEIL,
    VIOLET,
    Rgb,
    mix,
)
from data.phantom.shapes import blob, cells, inside, middle, regular, scattered


def hemangioma(c: Canvas) -> None:
    """Red to blue lacunae between whitish septa.

    Lacunae [Gao21, dpAng]; septa [dpAngSoC]; clots [dpAng]; vessels at the rim and veil [Gao21];
    infantile form: bright diffuse red with mixed vessels [Ois12].
    """
    if c.shows(0.3):
        _infantile(c)
        return
    lesion = blob(c, middle(c), c.between(1.4, 3.6), rough=0.08, edge=0.3)
    ground = mix(LACUNA_RED, MILKY_PINK, c.between(0.2, 0.8))
    c.paint(
        lesion.alpha * np.float32(0.75),
        ground * np.float32(0.5 + 0.5 * c.skin.depth),
        keep=0.3,
        mark=False,
    )
    c.emboss(c.blur(lesion.alpha, 0.25), 0.6)
    if c.shows(0.96, key=True):
        _lacunae(c, lesion.ring(0, 0.97, soft=0.05), pitch=lesion.radius * c.between(0.17, 0.36))
    else:
        c.vessel(lesion.alpha * np.float32(0.7), mix(LACUNA_RED, LACUNA_BLUE, c.between(0, 1)))
    if c.shows(0.25):
        vessels.lines(
            c, inside(c, scattered(c, 50), lesion.ring(0.5, 1.1)), (0.3, 0.9), 0.07, bend=1.8
        )
    if c.shows(0.15):
        surface.haze(c, lesion.alpha * smooth(0.4 + c.noise(1.5)))


def _lacunae(c: Canvas, region: Map, *, pitch: float) -> None:
    """Clods of varied red hue; packed ones leave septa, loose ones lie apart."""
    depth, shade = cells(c, regular(c, pitch, jitter=0.22))
    septum = np.float32(pitch * (c.between(0.06, 0.11) if c.shows(0.7) else c.between(0.11, 0.2)))
    ragged = depth + 0.02 * c.noise(0.3)
    gap = (shade > c.between(0, 0.35)).astype(np.float32)
    rough = smooth((ragged - septum) / np.float32(0.06) + 0.5) * gap
    clod = smooth((c.blur(rough, 0.1 * pitch) - 0.38) * 4) * region
    hue = c.between(0, 0.9)
    first, second = mix(LACUNA_RED, LACUNA_BLUE, hue), mix(MAROON, LACUNA_RED, c.between(0, 1))
    tone = np.clip(shade + 0.2 * c.noise(0.4), 0, 1)
    body = first + c.blur(tone, 0.04)[..., None] * (second - first)
    if c.shows(0.12):
        body = np.where(shade[..., None] > 0.6, mix(BLACK, LACUNA_BLUE, 0.2), body)
    gain = np.float32(0.6 + 0.4 * c.contrast)
    body = body * np.float32(0.5 + 0.45 * c.skin.depth)
    c.image += (clod * gain)[..., None] * (body - c.image)
    np.maximum(c.mask, clod, out=c.mask)
    c.emboss(clod, 0.12)
    c.paint(
        region * (1 - clod) * np.float32(0.3), mix(PEARL, MILKY_PINK, 0.4), keep=0.4, mark=False
    )


def _infantile(c: Canvas) -> None:
    region = smooth(0.8 + 0.6 * c.noise(3.5, octaves=2))
    red = mix(LACUNA_RED, MILKY_PINK, c.between(0.1, 0.55))
    c.paint(
        region * np.float32(c.between(0.55, 0.85)),
        red * np.float32(0.5 + 0.5 * c.skin.depth),
        keep=0.5,
        mark=False,
    )
    if c.shows(0.8, key=True):
        patches = smooth(0.4 + c.noise(2.2)) * region
        _lacunae(c, patches, pitch=c.between(0.35, 0.7))
    vessels.lines(c, scattered(c, 60), (0.5, 1.6), c.between(0.08, 0.16), bend=1.6)
    if c.shows(0.4):
        vessels.lines(
            c,
            scattered(c, 14),
            (1.2, 3.0),
            c.between(0.2, 0.35),
            bend=1.2,
            colour=LACUNA_RED,
            blur_mm=0.05,
        )
    vessels.dots(c, scattered(c, 120), 0.14, spread=0.4)


def port_wine_stain(c: Canvas) -> None:
    """Pink to purple field of one main vessel type, without scale.

    Linear, reticular, sausage, dotted or mixed vessels at their published shares [PWS264]; dots
    sharp and lines blurred [VL-PWS]; whitish veil [PWS264, Beg]; white circles [PWS264, dpPWS];
    brown net on dark skin [Beg].
    """
    adult = c.between(0, 1)
    region = smooth(0.95 + 0.35 * c.noise(4.0))
    c.redden(region * np.float32(c.between(0.7, 1.5)))
    c.wash(region * np.float32(0.9 * adult * c.between(0.3, 1)), VIOLET)
    _stain_vessels(c, region, mix(DEEP_VESSEL, LACUNA_BLUE, 0.6 * adult))
    if c.skin.type >= 4 and c.shows(0.85):
        pigment.network(
            c, c.full * np.float32(0.4), mix(LIGHT_BROWN, MID_BROWN, 0.5), pitch=0.45, mark=False
        )
    if c.shows(0.4):
        surface.haze(c, smooth(0.5 + 0.7 * c.noise(2.5)), strength=c.between(0.12, 0.32))
    if c.shows(0.1):
        surface.circles(c, inside(c, regular(c, 1.3), c.full * 0.6), (0.3, 0.7), VEIL)


def _stain_vessels(c: Canvas, region: Map, colour: Rgb) -> None:
    """One main type, at the published shares [PWS264]."""
    form = str(
        c.rng.choice(
            ["linear", "net", "sausage", "dots", "mixed"], p=[0.42, 0.28, 0.136, 0.092, 0.072]
        )
    )
    if form in ("linear", "mixed"):
        vessels.lines(
            c,
            scattered(c, 130),
            (0.5, 1.8),
            c.between(0.07, 0.15),
            bend=1.3,
            colour=colour,
            blur_mm=c.between(0.03, 0.08),
        )
    if form == "net":
        net = _blurred_net(c, c.between(0.5, 1.1)) * region
        c.vessel(net * np.float32(0.9), colour)
    if form == "sausage":
        vessels.lines(
            c,
            scattered(c, 70),
            (0.7, 1.6),
            c.between(0.18, 0.34),
            bend=1.0,
            colour=colour,
            blur_mm=0.06,
        )
    if form in ("dots", "mixed"):
        points = inside(c, regular(c, c.between(0.4, 0.7), jitter=0.35), region * 0.8)
        vessels.dots(c, points, c.between(0.12, 0.24), spread=0.4, colour=LACUNA_RED)


def _blurred_net(c: Canvas, pitch: float) -> Map:
    depth, _ = cells(c, regular(c, pitch, jitter=0.25))
    line = smooth((np.float32(c.between(0.08, 0.12)) - depth) * 12 + 0.5)
    blurred: Map = np.minimum(1, 1.3 * c.blur(line, 0.06)) * smooth(0.9 + 0.8 * c.noise(0.9))
    return blurred


def keloid_scar(c: Canvas) -> None:
    """Shiny body without follicles or skin lines.

    Keloid: pink, lobed, blurred arborising, linear or comma vessels [Yoo14, Hay, KelTh].
    Hypertrophic scar: brown or white, few vessels [Hay, Abd18, Yoo14]. White bands on the axis.
    """
    keloid, axis = c.shows(0.62), c.between(0, np.pi)
    body = _scar_body(c, keloid=keloid, axis=axis)
    c.image += (body * np.float32(0.85))[..., None] * (c.blur(c.image, 0.5) - c.image)
    if keloid:
        c.wash(body * np.float32(c.between(0.3, 0.8)), MILKY_PINK)
        c.redden(body * np.float32(c.between(0.3, 1.5)))
        if c.skin.type >= 4:
            pigment.cloud(c, body, mix(MID_BROWN, VIOLET, 0.4), strength=0.4)
    else:
        colour = mix(LIGHT_BROWN, SCAR, c.between(0, 1))
        pigment.cloud(c, body, colour, strength=c.between(0.4, 0.7), mottle=0.25)
    c.emboss(c.blur(body, 0.4), 1.0)
    if c.shows(0.75, key=True):
        _bands(c, body, axis)
    if keloid and c.shows(0.92, key=True):
        _keloid_vessels(c, body, axis)
    elif c.shows(0.4):
        vessels.lines(
            c,
            inside(c, scattered(c, 14), body),
            (0.4, 1.2),
            0.06,
            direction=(axis, 0.4),
            colour=DEEP_VESSEL,
            blur_mm=0.05,
        )
        vessels.dots(c, inside(c, scattered(c, 40), body), 0.12)


def _scar_body(c: Canvas, *, keloid: bool, axis: float) -> Map:
    centre = middle(c, 0.15)
    if keloid:
        return blob(c, centre, c.field_mm * c.between(0.38, 0.62), rough=0.16, edge=0.8).alpha
    across = np.cos(axis) * (c.y - centre[1]) - np.sin(axis) * (c.x - centre[0])
    half = c.between(1.6, 4.0)
    return smooth(((half - np.abs(across) + 0.25 * c.noise(2.0)) / 0.7 + 0.5).astype(np.float32))


def _bands(c: Canvas, body: Map, axis: float) -> None:
    """Whitish shiny bands along the axis."""
    turned = np.cos(axis) * c.y - np.sin(axis) * c.x + 0.35 * c.noise(3.5)
    wave = np.sin(2 * np.pi * turned / c.between(1.4, 2.6)).astype(np.float32)
    band = smooth((wave + 0.2) * 0.8) * smooth(0.6 + 0.6 * c.noise(2.0)) * body
    colour = mix(PEARL * np.float32(0.35 + 0.65 * c.skin.depth), c.skin.base, 0.3)
    c.paint(band * np.float32(c.between(0.25, 0.5)), colour, keep=0.5)
    c.emboss(c.blur(band, 0.1), 0.1)


def _keloid_vessels(c: Canvas, body: Map, axis: float) -> None:
    kind = str(c.rng.choice(["trees", "lines", "commas"], p=[0.55, 0.32, 0.13]))
    starts: Points = inside(c, scattered(c, 34), body)
    if kind == "trees":
        roots = [(p, axis + c.rng.choice([0, np.pi]) + c.rng.normal(0, 0.4)) for p in starts[:9]]
        vessels.trees(
            c,
            roots,
            length=c.between(2.2, 4.0),
            stem=c.between(0.12, 0.24),
            blur_mm=c.between(0.04, 0.1),
            colour=DEEP_VESSEL,
        )
    elif kind == "lines":
        vessels.lines(
            c,
            starts,
            (0.8, 2.2),
            0.09,
            bend=1.6,
            direction=(axis, 0.5),
            colour=DEEP_VESSEL,
            blur_mm=0.05,
        )
    else:
        vessels.commas(c, starts, 0.5)
