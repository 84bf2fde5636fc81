"""Recipes: lichen planus, psoriasis, eczema, seborrheic dermatitis."""

import numpy as np

from data.phantom import pigment, surface, vessels
from data.phantom.canvas import Canvas, Map, smooth
from data.phantom.palette import (
    BLUE_GREY,
    CRUST,
    DEEP_VESSEL,
    MID_BROWN,
    ORANGE,
    PLUG,
    VIOLET,
    WHITE_SCALE,
    YELLOW_SCALE,
    mix,
)
from data.phantom.shapes import blob, inside, middle, patchy, regular, scattered


def lichen_planus(c: Canvas) -> None:
    """Violet papule under a white net.

    Wickham striae [Lal12, LP70]; red dots and lines at the rim [ErrLP]; grey-brown dots when old
    [LP70]; plugs in the hypertrophic form [DAc].
    """
    papule = blob(
        c, middle(c), c.between(2.2, 4.6), rough=0.12, edge=0.7, aspect=c.between(0.85, 1.2)
    )
    c.wash(papule.alpha * np.float32(c.between(0.5, 1.0)), VIOLET)
    c.redden(papule.alpha * np.float32(c.between(0.1, 0.9)))
    c.emboss(c.blur(papule.alpha, 0.3), 0.5)
    hypertrophic = c.shows(0.1)
    if c.shows(0.5):
        vessels.spokes(c, papule.centre, papule.radius * 0.7, papule.radius, 34)
        rim = inside(c, regular(c, 0.33), papule.ring(0.75, 1.05))
        vessels.dots(c, rim, 0.1)
    if c.shows(0.6 if c.skin.type >= 4 else 0.3):
        spots = inside(c, scattered(c, 500), papule.ring(0, 1.05) * smooth(0.5 + c.noise(1.5)))
        pigment.peppering(c, spots, grey=c.between(0.3, 1))
    if hypertrophic:
        surface.plugs(c, inside(c, regular(c, 1.0), papule.alpha), (0.2, 0.55), darkness=0.2)
    if c.shows(0.35 if hypertrophic else 0.92, key=True):
        form = str(c.rng.choice(["net", "ring", "star", "fern"], p=[0.6, 0.17, 0.15, 0.08]))
        surface.striae(
            c,
            papule.ring(0, c.between(0.65, 0.9)) * c.between(0.65, 1),
            papule.centre,
            form=form,
            pitch=c.between(0.5, 1.2),
            radius=papule.radius,
        )
    if c.shows(0.3):
        surface.scale(c, papule.alpha, WHITE_SCALE, amount=0.12, plate_mm=0.6, strength=0.6)


def psoriasis(c: Canvas) -> None:
    """Even light red plaque with regular dots and dry white scale.

    Redness [Lal12]; dots of one size in a regular layout [Pan08, JCAD, Gut21]; coils and hairpins
    on the scalp [PUM]; bleeding points [dsPso]; white scale [Lal12, Palm].
    """
    region = _plaque(c, edge=0.6, cover=0.55)
    c.redden(region * np.float32(c.between(0.7, 1.4)))
    pitch = c.between(0.3, 0.52)
    if c.shows(0.92, key=True):
        points = inside(c, regular(c, pitch, jitter=c.between(0.1, 0.2)), region)
        vessels.dots(c, points, c.between(0.1, 0.16), spread=0.1)
        if c.shows(0.25):
            vessels.coils(c, points[:: int(c.rng.integers(3, 7))], 0.18)
    else:
        _clustered_dots(c, region)
    if c.shows(0.15):
        vessels.hairpins(c, inside(c, scattered(c, 26), region), 0.3, halo=0.2)
    if c.shows(0.2):
        vessels.clots(c, inside(c, scattered(c, 10), region), (0.08, 0.16))
    if c.shows(0.85):
        where = region * smooth(0.65 + 0.5 * c.noise(3.0))
        surface.scale(
            c,
            where,
            WHITE_SCALE,
            amount=c.between(0.2, 0.62),
            plate_mm=c.between(0.5, 1.6),
            strength=c.between(0.7, 0.95),
        )


def eczema(c: Canvas) -> None:
    """Patchy dots, yellow scale and serum on redness without an edge.

    Dots in clusters [Lal12, Palm]; yellow scale and serocrust, alone or with white [dpDer, Palm];
    yellow clods [dpDer]; scratch marks and thick skin with haloed dots [dsEcz].
    """
    region = _plaque(c, edge=2.2, cover=0.5)
    c.redden(region * np.clip(c.between(0.6, 1.3) + 0.3 * c.noise(2.0), 0.1, 1.8))
    if c.shows(0.3):
        points = inside(c, regular(c, c.between(0.5, 0.75), jitter=0.25), region)
        vessels.halos(c, points, 0.3, 0.5)
        vessels.dots(c, points, 0.12)
    elif c.shows(0.85):
        _clustered_dots(c, region)
    if c.shows(0.4):
        surface.scale(
            c, region, WHITE_SCALE, amount=c.between(0.1, 0.3), plate_mm=0.7, strength=0.7
        )
    if c.shows(0.8, key=True):
        _serum(c, region)
    if c.shows(0.25):
        vessels.clots(c, inside(c, scattered(c, 22), region), (0.06, 0.14))


def seborrheic_dermatitis(c: Canvas) -> None:
    """Greasy yellow scale round the follicles of mildly red skin.

    Scale [Lal14, dpSD]; face: small dot clusters and blurred lines [Lal14]; scalp: thin branching
    vessels without dots, honeycomb pigment [PUM, Kim11, Kib15]; follicular plugs [dpSD].
    """
    region = np.maximum(_plaque(c, edge=2.5, cover=0.6), np.float32(0.25))
    c.redden(region * np.float32(c.between(0.4, 1.1)))
    c.wash(region * np.float32(c.between(0.05, 0.3)), ORANGE)
    follicles = regular(c, c.between(0.9, 1.5), jitter=0.25)
    if c.shows(0.4):
        _scalp_vessels(c, region)
    elif c.shows(0.75):
        _clustered_dots(c, region)
        vessels.lines(
            c,
            inside(c, scattered(c, 18), region),
            (0.4, 1.2),
            0.08,
            colour=DEEP_VESSEL,
            blur_mm=0.06,
        )
    if c.shows(0.4):
        surface.plugs(c, inside(c, follicles, region * 0.7), (0.12, 0.28), darkness=0.1)
    if c.shows(0.9, key=True):
        colour = mix(YELLOW_SCALE, WHITE_SCALE, c.between(0, 0.5))
        stuck = inside(c, follicles + c.rng.normal(0, 0.2, follicles.shape), region * 0.75)
        surface.flakes(c, stuck, (0.3, 1.2), colour, strength=0.75)
        surface.scale(
            c,
            region,
            colour,
            amount=c.between(0.12, 0.38),
            plate_mm=c.between(0.5, 1.2),
            strength=0.8,
        )


def _plaque(c: Canvas, *, edge: float, cover: float) -> Map:
    """Coverage of a rash: the whole field, or a large patch reaching over its border."""
    if c.shows(cover):
        return smooth(1.1 + 0.25 * c.noise(3.0))
    off = middle(c, spread=0.35)
    return blob(c, off, c.field_mm * c.between(0.35, 0.6), rough=0.12, edge=edge).alpha


def _clustered_dots(c: Canvas, region: Map) -> None:
    centres = inside(c, regular(c, c.between(1.6, 2.6), jitter=0.35), region * 0.8)
    points = patchy(c, centres, each=int(c.rng.integers(9, 20)), spread=c.between(0.3, 0.5))
    vessels.dots(c, inside(c, points, region), c.between(0.1, 0.15), spread=0.2)


def _serum(c: Canvas, region: Map) -> None:
    colour = mix(YELLOW_SCALE, CRUST, c.between(0, 0.7))
    surface.scale(
        c,
        region,
        colour,
        amount=c.between(0.15, 0.42),
        plate_mm=c.between(0.4, 1.1),
        strength=c.between(0.65, 0.9),
    )
    if c.shows(0.55):
        surface.flakes(c, inside(c, scattered(c, 16), region), (0.3, 1.5), CRUST)
    if c.shows(0.3):
        centres = inside(c, scattered(c, 8), region)
        surface.domes(
            c,
            inside(c, patchy(c, centres, each=5, spread=0.5), region),
            (0.2, 0.6),
            CRUST,
            gloss=0.3,
        )


def _scalp_vessels(c: Canvas, region: Map) -> None:
    way = c.between(0, 2 * np.pi)
    roots = [(p, way + c.rng.normal(0, 0.5)) for p in inside(c, scattered(c, 26), region)]
    vessels.trees(c, roots, length=1.8, stem=0.1, levels=2, blur_mm=0.045, colour=DEEP_VESSEL)
    if c.shows(0.45):
        pigment.network(
            c, region * np.float32(0.5), mix(MID_BROWN, PLUG, 0.5), pitch=0.5, mark=False
        )
    if c.shows(0.2):
        c.wash(region * np.float32(0.15), BLUE_GREY)
