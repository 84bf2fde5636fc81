"""Drawn pictures that are no skin: a network should say that it does not know them.

Each is a function of its seed. They are easy cases: a score that misses these is of no use, and
one that finds them is not yet proved on photographs.
"""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.arrays import Rgb

_TEXT = (
    "patient report history lesion of the left forearm with regular border and no change since "
    "spring signed by the physician page total date name ward result normal please return this "
    "form before invoice number sum due amount receipt table figure chapter section"
)


def draw_foreign(kind: str, *, seed: int, size: int = 224) -> Rgb:
    """One picture of a kind of KINDS, (size, size, 3) uint8; the same seed gives the same one."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    return np.ascontiguousarray(KINDS[kind](rng, size))


def _document(rng: np.random.Generator, size: int) -> Rgb:
    """A page of text: lines of words, a heading, sometimes a table; slightly turned and shaded."""
    paper = tuple(int(v) for v in rng.integers(225, 256) - rng.integers(0, 18, 3))
    page = Image.new("RGB", (size, size), paper)
    pen = ImageDraw.Draw(page)
    ink = tuple(int(v) for v in rng.integers(0, 70, 3))
    height = int(rng.integers(max(6, size // 28), max(8, size // 12)))
    font = ImageFont.load_default(height)
    words = _TEXT.split()
    margin, y = int(rng.integers(4, size // 8)), int(rng.integers(2, size // 8))
    while y < size:
        line = " ".join(rng.choice(words, size=12))
        pen.text((margin, y), line, fill=ink, font=font)
        y += int(height * rng.uniform(1.3, 1.9))
    if rng.random() < 0.4:
        for x in np.linspace(margin, size - margin, 4):
            pen.line([(x, margin), (x, size - margin)], fill=ink)
    turned = page.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, fillcolor=paper)
    shade = np.linspace(rng.uniform(0.75, 1), rng.uniform(0.9, 1), size)[:, None, None]
    return np.asarray(np.asarray(turned) * shade, dtype=np.uint8)


def _noise(rng: np.random.Generator, size: int) -> Rgb:
    """Random pixels, of one or several pixels' size."""
    grain = int(rng.choice([1, 2, 4, 8]))
    side = -(-size // grain)
    drawn = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    return np.asarray(drawn.repeat(grain, axis=0).repeat(grain, axis=1)[:size, :size])


def _gradient(rng: np.random.Generator, size: int) -> Rgb:
    """Two colours running into each other, straight or from the middle."""
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    straight = np.cos(angle) * x + np.sin(angle) * y + 0.5
    share = np.clip(straight if rng.random() < 0.5 else 2 * np.hypot(x, y), 0, 1)[..., None]
    first, second = rng.integers(0, 256, (2, 3))
    return np.asarray(first * share + second * (1 - share), dtype=np.uint8)


def _texture(rng: np.random.Generator, size: int) -> Rgb:
    """Stripes, checks or clouds of two colours."""
    y, x = np.mgrid[0:size, 0:size] / size
    waves = rng.uniform(3, 25, 2)
    angle = rng.uniform(0, np.pi)
    stripes = np.sin(2 * np.pi * waves[0] * (np.cos(angle) * x + np.sin(angle) * y))
    checks = stripes * np.sin(2 * np.pi * waves[1] * (np.cos(angle) * y - np.sin(angle) * x))
    coarse = rng.normal(size=(int(rng.integers(4, 24)),) * 2).astype(np.float32)
    clouds = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    share = 1 / (1 + np.exp(-4 * (stripes, checks, clouds)[rng.integers(3)]))
    first, second = rng.integers(0, 256, (2, 3))
    return np.asarray(first * share[..., None] + second * (1 - share[..., None]), dtype=np.uint8)


KINDS: dict[str, Callable[[np.random.Generator, int], Rgb]] = {
    "documents": _document,
    "noise": _noise,
    "gradients": _gradient,
    "textures": _texture,
}
