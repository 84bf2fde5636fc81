"""Artefacts of the photograph: hair, bubbles, ruler, dark corners, ink, optics, light, sensor.

Planned from a stream of their own, before and apart from the label, because a network takes any
artefact that leans to one class as a short cut [Bis20].
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from data.phantom.canvas import Canvas, Map, Points, smooth
from data.phantom.palette import WHITE_SCALE, Rgb, mix, rgb
from data.phantom.shapes import arc, curve

_HAIR_DARK: Final = rgb("#2A1D16")
_HAIR_LIGHT: Final = rgb("#6B4A32")
_HAIR_GREY: Final = rgb("#B8B3AD")
_INKS: Final = (rgb("#5B3A8C"), rgb("#2F4C9A"))


@dataclass(frozen=True)
class Plan:
    """What will be laid over the picture; zero counts and strengths mean absent."""

    n_hairs: int
    vellus: bool
    hair_colour: float
    n_bubbles: int
    ruler: bool
    corners: float
    vignette: float
    ink: bool
    glare: int
    blur_mm: float
    motion_mm: float
    noise: float
    gains: tuple[float, float, float]
    gamma: float
    exposure: float
    tilt: float
    jpeg: int
    seed: int


def plan(rng: np.random.Generator, *, strength: float) -> Plan:
    """Draw every decision; `strength` scales both how often and how much (0 none, 1 usual)."""
    u = rng.random(16)
    g = rng.normal(0, 1, 5)
    s = strength

    def hit(k: int, probability: float) -> bool:
        return bool(u[k] < min(0.9, probability * s))

    return Plan(
        n_hairs=int(s * (2 + 18 * u[8] ** 2)) if hit(0, 0.45) else 0,
        vellus=bool(u[9] < 0.4),
        hair_colour=float(u[10]),
        n_bubbles=int(2 + s * 8 * u[11]) if hit(1, 0.2) else 0,
        ruler=hit(2, 0.1),
        corners=float(1.18 - 0.2 * u[12]) if hit(3, 0.25) else 0.0,
        vignette=float(s * 0.28 * u[13]),
        ink=hit(4, 0.06),
        glare=int(2 + 10 * u[14]) if hit(5, 0.35) else 0,
        blur_mm=float(s * 0.05 * u[15] ** 1.5),
        motion_mm=float(s * 0.15 * u[6]) if hit(7, 0.15) else 0.0,
        noise=float(s * (0.003 + 0.011 * u[7])),
        gains=(float(np.exp(s * 0.038 * g[0])), 1.0, float(np.exp(s * 0.05 * g[1]))),
        gamma=float(np.exp(s * 0.09 * g[2])),
        exposure=float(np.exp(s * 0.07 * g[3])),
        tilt=float(s * 0.06 * g[4]),
        jpeg=int(95 - min(1.5, s) * 25 * u[5]) if s > 0 and u[6] < 0.4 else 0,
        seed=int(rng.integers(2**31)),
    )


def apply(c: Canvas, p: Plan) -> None:
    """Lay the planned artefacts over the picture, in the order light meets them."""
    c.rng = np.random.default_rng(p.seed)
    if p.ink:
        _ink(c)
    if p.n_hairs:
        _hairs(c, p)
    if p.glare and not c.polarised:
        _glare(c, p.glare)
    if p.n_bubbles:
        _bubbles(c, p.n_bubbles)
    _optics(c, p)
    if p.ruler:
        _ruler(c)
    _light(c, p)
    if p.corners:
        _corners(c, p.corners)
    if p.noise:
        c.image += c.rng.standard_normal(c.image.shape, np.float32) * np.float32(p.noise)
    if p.jpeg:
        _compress(c, p.jpeg)


def _edge_point(c: Canvas) -> Points:
    return c.rng.uniform(-0.05, 1.05, 2) * c.field_mm


def _hairs(c: Canvas, p: Plan) -> None:
    paths = [
        arc(
            _edge_point(c),
            c.between(0, 6.28),
            c.between(4, 18),
            turn=float(c.rng.normal(0, 0.7)),
            steps=12,
        )
        for _ in range(p.n_hairs)
    ]
    width = c.between(0.03, 0.045) if p.vellus else c.between(0.045, 0.085)
    shadow, shaft, shine = c.sheet(), c.sheet(), c.sheet()
    shadow.lines([path + 0.06 for path in paths], width * 1.3)
    shaft.lines(paths, width)
    shine.lines([path - width * 0.3 for path in paths], width * 0.25)
    light = min(1.0, 1.3 * p.hair_colour) * (1.0 if c.skin.type < 4 else 0.2)
    colour = _HAIR_GREY if p.hair_colour > 0.93 else mix(_HAIR_DARK, _HAIR_LIGHT, light)
    c.image *= 1 - (0.25 * shadow.alpha(blur_mm=0.05))[..., None]
    c.paint(shaft.alpha() * np.float32(0.6 if p.vellus else 0.92), colour, keep=0.1, mark=False)
    c.image += (0.1 * shine.alpha())[..., None]


def _bubbles(c: Canvas, n: int) -> None:
    points = c.rng.uniform(0, 1, (n, 2)) * c.field_mm
    radii = 0.12 + c.rng.exponential(0.3, n).clip(0, 1.3)
    body, bright, dark = c.sheet(), c.sheet(), c.sheet()
    body.discs(points, radii)
    bright.rings(points, radii, 0.07)
    dark.rings(points, radii * 0.86, 0.08)
    c.image += (0.05 * body.alpha(blur_mm=0.05))[..., None]
    c.image *= 1 - (0.35 * dark.alpha(blur_mm=0.04))[..., None]
    c.paint(bright.alpha(blur_mm=0.02) * np.float32(0.55), WHITE_SCALE, keep=0.3, mark=False)
    spark = c.sheet()
    spark.discs(points - 0.5 * radii[:, None], radii * 0.16)
    c.paint(spark.alpha(blur_mm=0.02), WHITE_SCALE, keep=0.0, mark=False)


def _glare(c: Canvas, n: int) -> None:
    sheet = c.sheet()
    sheet.discs(c.rng.uniform(0.1, 0.9, (n, 2)) * c.field_mm, c.rng.uniform(0.04, 0.18, n))
    spots = sheet.alpha(blur_mm=0.06) * np.clip(0.7 + 0.4 * c.noise(0.3), 0, 1)
    c.paint(
        (spots * np.float32(c.between(0.4, 0.9))).astype(np.float32),
        np.ones(3, np.float32),
        keep=0.0,
        mark=False,
    )


def _ink(c: Canvas) -> None:
    start = c.rng.uniform(0, 1, 2) * c.field_mm
    sheet = c.sheet()
    sheet.lines(
        [curve(c, start, c.between(0, 6.28), c.between(3, 12), bend=1.0)], c.between(0.3, 0.9)
    )
    stain = sheet.alpha(blur_mm=0.12) * np.clip(0.6 + 0.2 * c.noise(0.8, octaves=3), 0, 1)
    c.paint(stain.astype(np.float32), _INKS[int(c.rng.integers(2))], keep=0.4, mark=False)


def _ruler(c: Canvas) -> None:
    side, offset = int(c.rng.integers(4)), c.between(0.2, 1.0)
    along = np.arange(0.5, c.field_mm)
    colour: Rgb = np.full(3, 0.05 if c.rng.random() < 0.6 else 0.95, np.float32)
    tall = np.where(np.arange(len(along)) % 5 == 0, 0.9, 0.5)
    paths = []
    for position, tick in zip(along, tall, strict=True):
        near, far = np.array([position, offset]), np.array([position, offset + tick])
        line = np.stack([near, far])
        line = line if side < 2 else line[:, ::-1]
        paths.append(line if side % 2 == 0 else c.field_mm - line)
    sheet = c.sheet()
    sheet.lines(paths, c.between(0.06, 0.1))
    c.paint(sheet.alpha() * np.float32(0.85), colour, keep=0.0, mark=False)


def _optics(c: Canvas, p: Plan) -> None:
    sigma = p.blur_mm * c.px_per_mm
    if sigma > 0.25:
        c.image = cv2.GaussianBlur(c.image, (0, 0), sigma).astype(np.float32)
    reach = round(p.motion_mm * c.px_per_mm)
    if reach >= 2:
        kernel = np.zeros((reach, reach), np.float32)
        cv2.line(
            kernel, (0, int(c.rng.integers(reach))), (reach - 1, int(c.rng.integers(reach))), 1.0
        )
        c.image = cv2.filter2D(c.image, -1, kernel / kernel.sum()).astype(np.float32)


def _light(c: Canvas, p: Plan) -> None:
    half = c.field_mm / 2
    u, v = (c.x - half) / half, (c.y - half) / half
    angle = c.between(0, 6.28)
    fall: Map = 1 - np.float32(p.vignette) * (u * u + v * v) / 2
    fall = fall + np.float32(p.tilt) * (np.cos(angle) * u + np.sin(angle) * v).astype(np.float32)
    np.clip(c.image, 1e-4, 1, out=c.image)
    if p.gamma != 1:
        cv2.pow(c.image, p.gamma, c.image)
    c.image *= (fall * np.float32(p.exposure))[..., None] * np.array(p.gains, np.float32)


def _corners(c: Canvas, radius: float) -> None:
    half = c.field_mm / 2
    shift = c.rng.normal(0, 0.03, 2) * half
    distance = np.hypot(c.x - half - shift[0], c.y - half - shift[1]) / np.float32(half)
    dark = smooth(((distance - radius) / np.float32(0.03) + 0.5).astype(np.float32))
    c.image *= 1 - (0.97 * dark)[..., None]
    c.mask *= 1 - dark


def _compress(c: Canvas, quality: int) -> None:
    """Blocks and ringing of a JPEG; the bytes are made and read back at once."""
    pixels = (np.clip(c.image, 0, 1) * 255).astype(np.uint8)
    _, stream = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    c.image = cv2.imdecode(stream, cv2.IMREAD_COLOR).astype(np.float32) / 255
