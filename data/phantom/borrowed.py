"""Elements an atypical phantom takes from a named look-alike."""

from collections.abc import Callable
from typing import Final

import numpy as np

from data.phantom import pigment, surface, vessels
from data.phantom.canvas import Canvas, smooth
from data.phantom.follicular import knob_mosaic
from data.phantom.palette import (
    DARK_BROWN,
    DEEP_VESSEL,
    LACUNA_RED,
    MID_BROWN,
    MILKY_PINK,
    SLATE,
    WHITE_SCALE,
    YELLOW_SCALE,
)
from data.phantom.shapes import blob, inside, middle, patchy, regular, scattered
from data.phantom.tumours import arborising

Element = Callable[[Canvas], None]


def white_scale(c: Canvas) -> None:
    """Of psoriasis."""
    surface.scale(
        c, smooth(0.7 + 0.5 * c.noise(3.0)), WHITE_SCALE, amount=c.between(0.2, 0.45), plate_mm=0.9
    )


def yellow_scale(c: Canvas) -> None:
    """Of eczema and seborrheic dermatitis."""
    surface.scale(
        c, smooth(0.7 + 0.5 * c.noise(3.0)), YELLOW_SCALE, amount=c.between(0.2, 0.4), plate_mm=0.8
    )


def even_dots(c: Canvas) -> None:
    """Of psoriasis."""
    vessels.dots(c, inside(c, regular(c, 0.45), smooth(0.8 + 0.5 * c.noise(4.0))), 0.12)


def dot_clusters(c: Canvas) -> None:
    """Of eczema and facial seborrheic dermatitis."""
    vessels.dots(c, patchy(c, scattered(c, 12), each=14, spread=0.45), 0.12)


def deep_lines(c: Canvas) -> None:
    """Of port wine stain."""
    vessels.lines(c, scattered(c, 60), (0.5, 1.6), 0.1, bend=1.3, colour=DEEP_VESSEL, blur_mm=0.06)


def polygon_patch(c: Canvas) -> None:
    """Of rosacea."""
    vessels.polygons(c, 1.1, 0.1, smooth(0.5 + 0.8 * c.noise(3.5)))


def lakes(c: Canvas) -> None:
    """Of hemangioma."""
    vessels.dots(
        c, patchy(c, scattered(c, 3), each=9, spread=0.5), 0.4, spread=0.3, colour=LACUNA_RED
    )


def central_white(c: Canvas) -> None:
    """Of dermatofibroma."""
    surface.scar(
        c, blob(c, middle(c), c.between(0.7, 1.6), rough=0.15, edge=0.4).alpha, strength=0.65
    )


def rim_network(c: Canvas) -> None:
    """Of dermatofibroma or nevus."""
    lesion = blob(c, middle(c), c.between(2.2, 4.0), rough=0.08, edge=1.0)
    pigment.network(c, lesion.ring(0.35, 0.95, soft=0.4), MID_BROWN, pitch=0.4, strength=0.7)


def some_cysts(c: Canvas) -> None:
    """Of seborrheic keratosis."""
    surface.cysts(c, patchy(c, middle(c)[None], each=18, spread=1.4))


def some_plugs(c: Canvas) -> None:
    """Of seborrheic keratosis."""
    surface.plugs(c, patchy(c, middle(c)[None], each=9, spread=1.6), (0.2, 0.5), darkness=0.9)


def few_nests(c: Canvas) -> None:
    """Of basal cell carcinoma."""
    pigment.nests(c, patchy(c, middle(c)[None], each=4, spread=1.3), (0.5, 1.4), shade=0.6)


def sharp_trees(c: Canvas) -> None:
    """Of basal cell carcinoma."""
    arborising(c, blob(c, middle(c), c.between(2.5, 4.5)))


def blurred_trees(c: Canvas) -> None:
    """Of keloid."""
    arborising(c, blob(c, middle(c), c.between(2.5, 4.5)), blur_mm=0.08)


def grooves(c: Canvas) -> None:
    """Of seborrheic keratosis."""
    pigment.cerebriform(c, blob(c, middle(c), c.between(1.5, 3.0), edge=0.6).alpha, DARK_BROWN)


def globules(c: Canvas) -> None:
    """Of nevus."""
    pigment.globules(c, patchy(c, middle(c)[None], each=30, spread=1.3), 0.24, DARK_BROWN)


def blue_clods(c: Canvas) -> None:
    """Of basal cell carcinoma."""
    pigment.globules(c, patchy(c, middle(c)[None], each=14, spread=1.2), 0.35, SLATE)


def pink_veil(c: Canvas) -> None:
    """Of basal cell carcinoma."""
    c.wash(blob(c, middle(c), c.between(2, 4), edge=1.5).alpha * np.float32(0.6), MILKY_PINK)
    surface.shiny(c, blob(c, middle(c), 2.5).alpha, n=20)


def pustule(c: Canvas) -> None:
    """Of acne and rosacea."""
    surface.pustules(c, scattered(c, int(c.rng.integers(1, 4))), (0.6, 1.4))


def striated(c: Canvas) -> None:
    """Of lichen planus."""
    centre = middle(c)
    surface.striae(
        c,
        blob(c, centre, c.between(1.2, 2.4), edge=0.8).alpha * np.float32(0.7),
        centre,
        form="net",
        pitch=0.8,
        radius=1.5,
    )


BORROWED: Final[dict[str, tuple[Element, ...]]] = {
    "LP": (white_scale, even_dots),
    "Rosa": (yellow_scale, dot_clusters, pustule),
    "VW": (some_cysts, some_plugs, grooves),
    "AV": (polygon_patch, deep_lines),
    "KAHS": (sharp_trees, pink_veil),
    "EAD": (white_scale, even_dots, yellow_scale),
    "DF": (globules, rim_network),
    "SD": (white_scale, even_dots, dot_clusters),
    "SK": (few_nests, rim_network, knob_mosaic),
    "MN": (some_cysts, some_plugs, central_white, blue_clods),
    "Hem": (deep_lines, blue_clods),
    "Pso": (yellow_scale, dot_clusters, striated),
    "PWS": (lakes, polygon_patch),
    "BCC": (some_cysts, globules, blurred_trees),
}
