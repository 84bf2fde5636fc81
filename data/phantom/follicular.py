"""Recipes: rosacea, acne, viral warts."""

import numpy as np

from data.phantom import pigment, surface, vessels
from data.phantom.canvas import Canvas, smooth
from data.phantom.palette import (
    CRUST,
    DEEP_VESSEL,
    LIGHT_BROWN,
    LIGHT_SKIN,
    MID_BROWN,
    MILKY_PINK,
    ORANGE,
    PEARL,
    SHARP_VESSEL,
    VEIL,
    WHITE_SCALE,
    YELLOW_SCALE,
    mix,
)
from data.phantom.shapes import blob, cells, inside, middle, patchy, regular, scattered


def rosacea(c: Canvas) -> None:
    """Diffuse redness and vascular polygons round the follicles.

    Redness [Ros87]; polygons [Lal14, Ros85, Ros87]; plugs, Demodex tails, pustules and scale of the
    papulopustular form [Ros85, Ros87]; orange areas of the granulomatous form [Ros85].
    """
    papulopustular = c.shows(0.45)
    region = smooth(0.95 + 0.4 * c.noise(4.0))
    c.redden(region * np.float32(c.between(0.6, 1.6)))
    follicles = regular(c, c.between(0.8, 1.4), jitter=0.2)
    if c.skin.type >= 4:
        pigment.cloud(c, region, LIGHT_BROWN, strength=0.2)
    if c.shows(0.1):
        c.wash(smooth(0.7 * c.noise(2.5) - 0.2) * np.float32(0.4), ORANGE)
    if c.shows(0.7 if papulopustular else 0.95, key=True):
        vessels.polygons(c, c.between(0.8, 1.5), c.between(0.08, 0.15), region)
    else:
        vessels.lines(c, scattered(c, 40), (0.4, 1.4), 0.08, colour=DEEP_VESSEL, blur_mm=0.05)
    if c.shows(0.55 if papulopustular else 0.15):
        surface.plugs(c, inside(c, follicles, region * 0.5), (0.15, 0.32), darkness=0.15)
        surface.domes(c, inside(c, follicles, region * 0.15), (0.15, 0.3), PEARL)
    if papulopustular and c.shows(0.6):
        surface.pustules(c, scattered(c, int(c.rng.integers(1, 5))), (0.6, 1.4))
    if c.shows(0.3):
        colour = mix(YELLOW_SCALE, WHITE_SCALE, c.between(0, 1))
        surface.flakes(c, inside(c, follicles, region * 0.4), (0.2, 0.6), colour, strength=0.7)


def acne(c: Canvas) -> None:
    """Comedones, papules and pustules on follicles, at several stages.

    Open comedones [Tan21]; closed comedones [clG, d101]; inflamed papules and pustules with a red
    ring [Tan21]; brown marks after lesions [clG, SoCacne].
    """
    c.redden(smooth(0.3 + 0.5 * c.noise(3.0)) * np.float32(c.between(0, 0.7)))
    sites = regular(c, c.field_mm / c.between(6, 8), jitter=0.25)
    sites = sites[((sites > 0.06 * c.field_mm) & (sites < 0.94 * c.field_mm)).all(axis=1)]
    c.rng.shuffle(sites)
    if c.shows(0.35):
        for site in sites[:3]:
            mark = blob(c, site, c.between(0.6, 2.0), edge=0.7)
            pigment.cloud(c, mark.alpha, MID_BROWN, strength=0.4 + 0.03 * c.skin.type)
    if c.shows(0.65):
        for site in sites[3 : 3 + int(c.rng.integers(1, 4))]:
            _papule(c, site)
    if c.shows(0.45):
        surface.pustules(c, sites[6 : 7 + int(c.rng.integers(0, 4))], (0.7, 1.9))
    if c.shows(0.5):
        surface.domes(
            c,
            sites[10 : 12 + int(c.rng.integers(0, 8))],
            (0.8, 1.5),
            mix(PEARL, LIGHT_SKIN, 0.4),
            strength=0.6,
            gloss=0.3,
            soft=0.2,
        )
    if c.shows(0.75, key=True) or not (c.atypical or c.mask.any()):
        n = int(c.rng.integers(2, 9))
        surface.plugs(c, sites[19 : 19 + n], (0.3, 0.95), darkness=c.between(0.3, 1.0))


def _papule(c: Canvas, site: np.ndarray) -> None:
    radius = c.between(0.7, 1.9)
    body = blob(c, site, radius, rough=0.06, edge=0.5)
    c.redden(blob(c, site, radius * 1.45, rough=0.08, edge=1.2).alpha * np.float32(1.7))
    if c.shows(0.3):
        around = patchy(c, site[None], each=12, spread=radius * 1.1)
        vessels.lines(c, around, (0.2, 0.5), 0.07, colour=DEEP_VESSEL, blur_mm=0.07)
    c.paint(
        body.alpha * np.float32(0.45),
        mix(MILKY_PINK, PEARL, 0.4) * np.float32(c.skin.depth),
        keep=0.4,
    )
    c.paint(body.ring(0.85, 1.05) * np.float32(0.3), c.brown(MID_BROWN), keep=0.4)
    c.emboss(c.blur(body.alpha, 0.2), 0.5)


def viral_wart(c: Canvas) -> None:
    """Packed papillae, clotted points; a plantar plate; a plane disc.

    Papillae with a dot or loop each [AlR21, dpTerm]; bleeding points [AlR21, VWch]; plantar: a
    yellow-grey plate that breaks the ridges [AlR21]; plane: even disc, fine dots [AlR21, wikiVP].
    """
    form = str(c.rng.choice(["common", "plantar", "plane"], p=[0.55, 0.25, 0.2]))
    if form == "plane":
        _plane(c)
        return
    lesion = blob(c, middle(c), c.between(2.2, min(5.0, c.field_mm * 0.42)), rough=0.1, edge=0.35)
    knobs = inside(c, regular(c, c.between(0.5, 0.85), jitter=0.2), lesion.alpha)
    if form == "plantar":
        _ridges(c, 1 - lesion.alpha)
        c.paint(
            lesion.alpha * np.float32(0.7),
            mix(YELLOW_SCALE, VEIL, c.between(0.0, 0.5)) * np.float32(0.5 + 0.45 * c.skin.depth),
            keep=0.4,
            mark=False,
        )
        c.emboss(c.blur(lesion.alpha, 0.2), 0.5)
    if c.shows(0.92 if form == "common" else 0.5, key=form == "common"):
        colour = mix(mix(VEIL, MILKY_PINK, c.between(0.2, 1)), LIGHT_SKIN, c.between(0.1, 0.8))
        surface.papillae(c, lesion.alpha, knobs, mix(colour, c.skin.base, c.between(0.1, 0.6)))
    if c.shows(0.65):
        vessels.halos(c, knobs, 0.4, 0.3)
        if c.shows(0.5):
            vessels.hairpins(c, knobs[::2], 0.22, halo=0.3)
        vessels.dots(c, knobs[1::2], 0.17, spread=0.3)
    if c.shows(0.8 if form == "plantar" else 0.65, key=form == "plantar"):
        weight = lesion.alpha * smooth(1.3 - lesion.t)
        vessels.clots(c, inside(c, scattered(c, 160), weight * 0.7), (0.08, 0.26))
    if c.shows(0.2):
        surface.scale(c, lesion.alpha, WHITE_SCALE, amount=0.25, plate_mm=0.6)


def _plane(c: Canvas) -> None:
    disc = blob(c, middle(c), c.between(1.5, 3.0), rough=0.07, edge=0.3)
    colour = mix(MILKY_PINK, c.brown(LIGHT_BROWN), c.between(0, 1))
    tone = mix(colour, VEIL, 0.4 if c.skin.type >= 4 else 0.05)
    c.paint(
        disc.alpha * np.float32(0.7),
        tone * np.float32(0.4 + 0.6 * c.skin.depth),
        keep=0.45,
        mark=not c.atypical,
    )
    c.emboss(c.blur(disc.alpha, 0.1), 0.35)
    if c.shows(0.8):
        vessels.dots(
            c,
            inside(c, regular(c, c.between(0.32, 0.5)), disc.ring(0, 0.95)),
            0.1,
            colour=SHARP_VESSEL,
        )
    if c.shows(0.3):
        vessels.clots(c, inside(c, scattered(c, 100), disc.alpha * 0.4), (0.06, 0.14))


def _ridges(c: Canvas, region: np.ndarray) -> None:
    """Parallel skin ridges of the sole, stopping at the wart."""
    a, pitch = c.between(0, np.pi), c.between(0.4, 0.55)
    along = np.cos(a) * c.x + np.sin(a) * c.y + 0.25 * c.noise(3.0)
    line = (0.5 + 0.5 * np.cos(2 * np.pi * along / pitch)).astype(np.float32)
    c.image += ((line - 0.5) * region * np.float32(0.06))[..., None]
    c.wash(region * np.float32(0.12), CRUST)


def knob_mosaic(c: Canvas) -> None:
    """Borrowed by look-alikes: a patch of papillae."""
    lesion = blob(c, middle(c, 0.2), c.between(1.0, 2.2), rough=0.12, edge=0.35)
    depth, _ = cells(c, regular(c, 0.65))
    c.emboss(smooth(depth / 0.25) * lesion.alpha, 0.3)
    vessels.clots(c, inside(c, scattered(c, 90), lesion.alpha * 0.5), (0.08, 0.2))
