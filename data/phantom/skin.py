"""Healthy skin of the six Fitzpatrick types, and the scene every label shares at one seed."""

from typing import Final

import numpy as np

from data.phantom.canvas import Canvas, Skin, smooth
from data.phantom.palette import DARK_BROWN, LIGHT_BROWN, MID_BROWN, lab_shift, mix, rgb
from data.phantom.shapes import mesh, regular

# type: light end, dark end, Lab shift of erythema, gain of vessel contrast
_TYPES: Final = {
    1: ("#D4B6A2", "#CBAA97", (-4.0, 12.0, 1.0), 1.0),
    2: ("#C8A48D", "#BD9984", (-4.0, 12.0, 1.0), 0.97),
    3: ("#BA937B", "#B18B74", (-4.0, 11.0, 0.0), 0.9),
    4: ("#AB836A", "#A17961", (-4.0, 9.0, -1.0), 0.72),
    5: ("#946C55", "#7F5B48", (-4.0, 7.0, -3.0), 0.6),
    6: ("#6C4E3F", "#573F35", (-3.0, 5.0, -4.0), 0.55),
}
SKIN_TYPES: Final = tuple(_TYPES)
_SHARE: Final = (0.15, 0.2, 0.2, 0.19, 0.14, 0.12)


def draw_skin_type(rng: np.random.Generator) -> int:
    """One of the six types, the middle ones a little more often."""
    return int(rng.choice(SKIN_TYPES, p=_SHARE))


def make_skin(skin_type: int, rng: np.random.Generator) -> Skin:
    """Skin between the two ends of its type; redness is the sRGB change of the Lab shift."""
    light, dark, shift, gain = _TYPES[skin_type]
    base = mix(rgb(light), rgb(dark), float(rng.random()))
    base = lab_shift(base, (0.0, float(rng.normal(0, 1.2)), float(rng.normal(0, 1.5))))
    redness = (lab_shift(base, shift) - base).astype(np.float32)
    return Skin(skin_type, base, redness, gain)


def make_canvas(
    *, size: int, skin_type: int | None, scene: np.random.Generator, atypical: bool
) -> Canvas:
    """Canvas with bare skin on it; every draw comes from the scene stream, none from the label."""
    drawn = draw_skin_type(scene)
    skin = make_skin(skin_type or drawn, scene)
    canvas = Canvas(
        size=size,
        field_mm=8 + 12 * float(scene.beta(1.2, 2.4)),
        skin=skin,
        polarised=bool(scene.random() < 0.6),
        contrast=float(scene.uniform(0.64, 1.0)),
        atypical=atypical,
        rng=scene,
    )
    _texture(canvas)
    return canvas


def _texture(c: Canvas) -> None:
    """Mottling, furrows, pores, and on dark skin a faint brown net with pale openings."""
    c.image += (0.016 * c.noise(2.5, octaves=3))[..., None]
    c.redden(0.35 * smooth(0.5 + 0.4 * c.noise(3.0, octaves=2)))
    c.image += (c.noise(4.0) * np.float32(0.006))[..., None] * np.array([1, 0.1, -1], np.float32)
    furrow = np.abs(c.noise(0.55, octaves=2)) + 0.25 * np.abs(c.noise(0.22))
    c.image -= (np.float32(c.between(0.02, 0.06)) * smooth(1 - 2.4 * furrow))[..., None]
    c.image += (0.012 * c.noise(0.12))[..., None]
    _pores(c)
    if c.skin.type >= 4:
        _dark_net(c)


def _pores(c: Canvas) -> None:
    points = regular(c, c.between(0.8, 1.6), jitter=0.3)
    sheet = c.sheet()
    sheet.discs(points, c.between(0.05, 0.1))
    colour = mix(LIGHT_BROWN, MID_BROWN, c.between(0, 1))
    c.paint(
        sheet.alpha(blur_mm=0.04) * np.float32(c.between(0.05, 0.4)),
        c.brown(colour),
        keep=0.5,
        mark=False,
    )


def _dark_net(c: Canvas) -> None:
    height = mesh(c, c.between(0.25, 0.45), warp=0.6)
    net = smooth((height - 0.4) / 0.5) * smooth(0.6 + 0.5 * c.noise(1.5))
    strength = 0.12 + 0.08 * (c.skin.type - 4)
    c.paint(net * np.float32(strength), c.brown(DARK_BROWN), keep=0.5, mark=False)
    sheet = c.sheet()
    sheet.discs(regular(c, 1.1, jitter=0.3), 0.05)
    c.image += (sheet.alpha(blur_mm=0.03) * np.float32(0.08))[..., None]
