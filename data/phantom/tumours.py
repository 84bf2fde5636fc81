"""Recipes: melanocytic nevus, seborrheic keratosis, dermatofibroma, basal cell carcinoma."""

import numpy as np

from data.phantom import pigment, surface, vessels
from data.phantom.canvas import Canvas, Map, smooth
from data.phantom.palette import (
    BLACK,
    BLUE_GREY,
    DARK_BROWN,
    LIGHT_BROWN,
    MID_BROWN,
    MILKY_PINK,
    SHARP_VESSEL,
    SLATE,
    WHITE_SCALE,
    Rgb,
    mix,
)
from data.phantom.shapes import Blob, blob, inside, middle, regular, scattered

_TURN = 2 * np.pi


def nevus(c: Canvas) -> None:
    """One or two orderly browns with a fading rim.

    Reticular [PSK, dpNet], globular [dpFac], homogeneous [PSK], or dermal with comma vessels
    [Arg04]; a darker centre is commoner on dark skin [Zal07, LalN].
    """
    form = str(
        c.rng.choice(["reticular", "globular", "homogeneous", "dermal"], p=[0.45, 0.2, 0.2, 0.15])
    )
    lesion = blob(
        c,
        middle(c),
        c.between(1.6, 4.0),
        rough=0.07,
        aspect=c.between(0.85, 1.2),
        edge=c.between(0.7, 1.6),
    )
    tone = mix(LIGHT_BROWN, MID_BROWN, c.between(0.2, 1))
    dark = mix(MID_BROWN, DARK_BROWN, c.between(0, 1) if c.skin.type < 4 else c.between(0.5, 1))
    {
        "reticular": _reticular,
        "globular": _globular,
        "homogeneous": _homogeneous,
        "dermal": _dermal,
    }[form](c, lesion, tone, dark)
    if form != "dermal" and c.shows(0.5 if c.skin.type >= 4 else 0.25):
        pigment.cloud(c, smooth(1.1 - 1.8 * lesion.t), dark, strength=0.6)


def _reticular(c: Canvas, lesion: Blob, tone: Rgb, dark: Rgb) -> None:
    pigment.cloud(c, lesion.alpha, tone, strength=c.between(0.35, 0.7), mottle=0.2)
    fading: Map = smooth(1.5 - 1.2 * lesion.t) * lesion.alpha
    if c.shows(0.25):
        fading = lesion.ring(0.4, 0.98, soft=0.3)
    if c.shows(0.95, key=True):
        pigment.network(c, fading, dark, pitch=c.between(0.28, 0.5), strength=c.between(0.6, 0.9))
    if c.shows(0.25):
        points = inside(c, scattered(c, 50), smooth(1 - lesion.t))
        pigment.globules(c, points, 0.14, dark)


def _globular(c: Canvas, lesion: Blob, tone: Rgb, dark: Rgb) -> None:
    pigment.cloud(c, lesion.alpha, tone, strength=c.between(0.4, 0.8), mottle=0.2)
    diameter = c.between(0.18, 0.34)
    points = regular(c, diameter * c.between(1.3, 1.8), jitter=0.16)
    rim_row = c.shows(0.25)
    where = lesion.ring(0.84, 0.98, soft=0.05) if rim_row else lesion.ring(0, 0.95)
    if c.shows(0.97, key=True):
        pigment.globules(c, inside(c, points, where * 0.95), diameter, dark)
    if rim_row:
        pigment.network(c, lesion.ring(0, 0.75), dark, pitch=0.4, strength=0.5)


def _homogeneous(c: Canvas, lesion: Blob, tone: Rgb, dark: Rgb) -> None:
    if c.shows(0.15):
        tone = mix(BLUE_GREY, SLATE, c.between(0.2, 1))
    if c.atypical:
        tone = mix(tone, MILKY_PINK, 0.5)
    pigment.cloud(
        c,
        lesion.alpha,
        mix(tone, dark, 0.3),
        strength=c.between(0.65, 0.95),
        mottle=0.15,
        mark=True,
    )
    if c.shows(0.4):
        pigment.network(c, lesion.ring(0.7, 1.0), dark, pitch=0.35, strength=0.3)


def _dermal(c: Canvas, lesion: Blob, tone: Rgb, dark: Rgb) -> None:
    c.wash(lesion.alpha * np.float32(0.6), mix(MILKY_PINK, LIGHT_BROWN, c.between(0.1, 0.9)))
    c.emboss(c.blur(lesion.alpha, 0.35), 0.9)
    pigment.globules(c, inside(c, scattered(c, 60), lesion.alpha), 0.3, tone, strength=0.3)
    if c.shows(0.9, key=True):
        n = int(c.rng.integers(60, 150))
        vessels.commas(c, inside(c, scattered(c, n), lesion.ring(0, 0.95)), c.between(0.35, 0.55))
    if c.shows(0.4):
        pigment.cloud(c, lesion.ring(0.7, 1), dark, strength=0.35)


def seborrheic_keratosis(c: Canvas) -> None:
    """Sharp stuck-on brown plaque with cysts, plugs and grooves.

    Sharp or moth-eaten edge [SKin]; milia-like cysts and comedo-like openings [Bra02, SKcn, SKin];
    brain-like grooves, fingerprint lines [SKin]; network-like mesh [Bra02]; hairpins with halo
    [SKcn]; thin shiny scale [SKin].
    """
    lesion = blob(
        c,
        middle(c),
        c.between(2.4, min(5.5, c.field_mm * 0.45)),
        aspect=c.between(0.75, 1.3),
        rough=0.16 if c.shows(0.4) else 0.08,
        edge=0.2 if c.shows(0.7) else 0.9,
    )
    tone = mix(LIGHT_BROWN, DARK_BROWN, c.between(0, 0.85) ** 1.5)
    pigment.cloud(c, lesion.alpha, tone, strength=c.between(0.6, 0.92), mottle=0.4)
    c.emboss(c.blur(lesion.alpha, 0.08), 0.3)
    dark = mix(tone, DARK_BROWN, 0.7)
    if c.shows(0.5):
        pigment.cerebriform(c, lesion.alpha, dark)
    elif c.shows(0.35):
        pigment.fingerprint(c, lesion.alpha, dark)
    if c.shows(0.25):
        patch = smooth(0.4 + c.noise(1.8)) * lesion.alpha
        pigment.network(c, patch, dark, pitch=c.between(0.5, 0.8), strength=0.65)
    if c.shows(0.4):
        where = lesion.ring(0.7, 1) if c.shows(0.5) else lesion.alpha
        vessels.hairpins(c, inside(c, scattered(c, 60), where), 0.3)
    plugs, cysts = c.shows(0.68, key=True), c.shows(0.6, key=True)
    if plugs:
        points = inside(c, regular(c, c.between(0.9, 1.6), jitter=0.35), lesion.ring(0, 0.92) * 0.6)
        surface.plugs(c, points, (0.2, 0.6), darkness=c.between(0.75, 1.1))
    if cysts or not (plugs or c.atypical):
        n = int(c.rng.integers(25, 150))
        surface.cysts(c, inside(c, scattered(c, n), lesion.ring(0, 0.9)))
    if c.shows(0.3):
        surface.scale(c, lesion.alpha, WHITE_SCALE, amount=0.15, plate_mm=1.0, strength=0.6)


def dermatofibroma(c: Canvas) -> None:
    """White scar-like centre in a delicate fading network.

    Both clues [Zab08, Kel17], each alone or both missing in many [Zab08]; white network, dotted
    vessels and pink blush [Zab08]; ring globules [dpDF].
    """
    lesion = blob(c, middle(c), c.between(2.0, 4.4), rough=0.08, edge=c.between(1.0, 2.0))
    tone = mix(LIGHT_BROWN, MID_BROWN, c.between(0, 0.7))
    pigment.cloud(c, lesion.alpha, tone, strength=c.between(0.3, 0.65), mottle=0.2)
    core = blob(
        c,
        lesion.centre + c.rng.normal(0, 0.1, 2),
        lesion.radius * c.between(0.28, 0.58),
        rough=0.16,
        edge=0.3,
    )
    patch, white_net = c.shows(0.6, key=True), c.shows(0.2)
    if c.shows(0.72) or not patch:
        _rim_network(c, lesion, mix(tone, DARK_BROWN, 0.5))
    if c.shows(0.25):
        rim = inside(c, regular(c, 0.5), lesion.ring(0.5, 0.7))
        pigment.ring_globules(c, rim, 0.26)
    if patch:
        surface.scar(c, core.alpha, strength=c.between(0.55, 0.9))
    if white_net:
        pigment.white_network(
            c, core.alpha if not patch else lesion.ring(0, 0.6), pitch=c.between(0.5, 0.8)
        )
    if c.shows(0.5):
        c.wash(core.alpha * np.float32(0.6), MILKY_PINK)
        c.redden(core.alpha * np.float32(0.7))
        vessels.dots(c, inside(c, scattered(c, 350), core.alpha), 0.11)
    if c.shows(0.12):
        surface.scale(c, core.alpha, WHITE_SCALE, amount=0.3, plate_mm=0.6, strength=0.6)


def _rim_network(c: Canvas, lesion: Blob, colour: Rgb) -> None:
    strength = c.between(0.5, 0.85) + (0.1 if c.skin.type >= 4 else 0)
    rim = lesion.ring(0.4, 0.95, soft=0.4)
    pigment.network(c, rim, colour, pitch=c.between(0.3, 0.45), strength=strength)


def basal_cell_carcinoma(c: Canvas) -> None:
    """Pearly pink ground without network; nodular, superficial or pigmented.

    No network [Men00]; sharp arborising vessels, shiny strands, ovoid nests, ulcer or erosions
    [Rei21]; globules [Men00]; leaf-like areas and fine telangiectasia [Rei21, Beh23]; spoke
    wheels [Men-p].
    """
    odds = [0.2, 0.2, 0.6] if c.skin.type >= 5 else [0.45, 0.25, 0.3]
    form = str(c.rng.choice(["nodular", "superficial", "pigmented"], p=odds))
    lesion = blob(
        c,
        middle(c),
        c.between(2.4, min(5.5, c.field_mm * 0.45)),
        rough=0.13,
        edge=c.between(0.5, 1.5),
    )
    c.wash(lesion.alpha * np.float32(c.between(0.5, 1.0)), MILKY_PINK)
    c.redden(lesion.alpha * np.clip(c.between(0.2, 0.9) + 0.25 * c.noise(1.2), 0, 1.5))
    if form != "superficial":
        c.emboss(c.blur(lesion.alpha, 0.4), 0.9)
    if form == "pigmented":
        _pigmented_parts(c, lesion)
    if c.polarised and c.shows(0.5):
        surface.shiny(c, lesion.alpha * smooth(0.5 + c.noise(1.5)), n=40)
    if form == "superficial":
        _superficial_parts(c, lesion)
    elif c.shows(0.35):
        at = lesion.centre + c.rng.normal(0, 0.3, 2) * lesion.radius
        surface.ulcer(
            c,
            blob(c, at, c.between(0.5, 0.45 * lesion.radius), edge=0.25).alpha,
            crusted=c.shows(0.6),
        )
    if c.shows({"nodular": 0.92, "pigmented": 0.45, "superficial": 0.15}[form], key=True):
        arborising(c, lesion)


def arborising(c: Canvas, lesion: Blob, *, blur_mm: float = 0.0) -> None:
    """Sharp trees entering from the rim [dpArb]."""
    roots = []
    for a in c.rng.uniform(0, _TURN, int(c.rng.integers(2, 6))):
        start = lesion.centre + lesion.radius * c.between(0.7, 1) * np.array([np.cos(a), np.sin(a)])
        roots.append((start, float(a + np.pi + c.rng.normal(0, 0.5))))
    vessels.trees(
        c,
        roots,
        length=lesion.radius * c.between(0.9, 1.4),
        stem=c.between(0.14, 0.24),
        blur_mm=blur_mm,
        colour=SHARP_VESSEL,
    )


def _pigmented_parts(c: Canvas, lesion: Blob) -> None:
    around = lesion.ring(0.15, 0.95)
    nests = c.shows(0.75, key=True)
    if nests:
        points = inside(c, scattered(c, int(c.rng.integers(8, 30))), around)[:8]
        pigment.nests(c, points, (0.5, 1.9), shade=c.between(0, 1))
    if c.shows(0.6) or not nests:
        points = inside(c, scattered(c, int(c.rng.integers(20, 90))), around)
        pigment.globules(c, points, c.between(0.12, 0.28), mix(BLUE_GREY, BLACK, 0.3), spread=0.5)
    if c.shows(0.35):
        leaf_rim(c, lesion)


def _superficial_parts(c: Canvas, lesion: Blob) -> None:
    if c.shows(0.75):
        vessels.lines(c, inside(c, scattered(c, 110), lesion.alpha), (0.3, 1.0), 0.055, bend=1.2)
    if c.shows(0.6):
        erosions = inside(c, scattered(c, 50), lesion.alpha * 0.6)
        surface.domes(c, erosions, (0.12, 0.5), mix(SHARP_VESSEL, BLACK, 0.35), gloss=-0.1)
    if c.shows(0.45, key=True):
        leaf_rim(c, lesion)
    if c.shows(0.25):
        pigment.wheels(c, inside(c, scattered(c, 12), lesion.ring(0, 0.9))[:4])


def leaf_rim(c: Canvas, lesion: Blob) -> None:
    """Leaf-like areas along part of the rim, pointing outwards."""
    first = c.between(0, _TURN)
    angles = first + c.rng.uniform(0, 2.5, int(c.rng.integers(3, 8)))
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = lesion.centre + rays * lesion.radius * c.rng.uniform(0.75, 0.95, (len(angles), 1))
    pigment.leaves(c, points, angles, mix(MID_BROWN, BLUE_GREY, c.between(0, 1)))
