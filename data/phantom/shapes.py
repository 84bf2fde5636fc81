"""Geometry of the phantoms, in millimetres: where structures lie and how they run."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.phantom.canvas import Canvas, Map, Points, smooth

_TURN = 2 * np.pi


@dataclass(frozen=True)
class Blob:
    """A lesion: soft coverage `alpha` in [0, 1] and `t`, 0 at its centre and 1 at its edge."""

    alpha: Map
    t: Map
    centre: Points
    radius: float

    def ring(self, inner: float, outer: float, *, soft: float = 0.12) -> Map:
        """Coverage of the band between two values of t."""
        rise = smooth((self.t - inner) / soft + 0.5)
        return rise * smooth((outer - self.t) / soft + 0.5)


def blob(
    c: Canvas,
    centre: Points,
    radius: float,
    *,
    rough: float = 0.12,
    edge: float = 0.3,
    aspect: float = 1.0,
) -> Blob:
    """Irregular round outline: low harmonics in angle plus noise, with an edge `edge` mm soft."""
    angle = c.between(0, _TURN)
    dx, dy = c.x - np.float32(centre[0]), c.y - np.float32(centre[1])
    u = (np.cos(angle) * dx + np.sin(angle) * dy).astype(np.float32) / np.float32(aspect)
    v = (np.cos(angle) * dy - np.sin(angle) * dx).astype(np.float32) * np.float32(aspect)
    theta = cv2.phase(u, v)
    outline = _outline(c, rough)
    limit = radius * outline[np.minimum((theta * (256 / _TURN)).astype(np.int32), 255)]
    distance = np.hypot(u, v) + c.noise(0.25 * radius + 0.2, octaves=2) * (0.25 * rough * radius)
    alpha = smooth((limit - distance) / np.float32(edge) + 0.5)
    return Blob(alpha, (distance / limit).astype(np.float32), centre, radius)


def _outline(c: Canvas, rough: float) -> Map:
    theta = np.linspace(0, _TURN, 256, endpoint=False)
    waves = np.arange(2, 8)
    height = c.rng.normal(0, rough, len(waves)) / waves**0.8
    phase = c.rng.uniform(0, _TURN, len(waves))
    wobble: Map = height @ np.cos(waves[:, None] * theta + phase[:, None])
    return np.maximum(1 + wobble, 0.4).astype(np.float32)


def middle(c: Canvas, spread: float = 0.08) -> Points:
    """A point near the centre of the field."""
    return c.field_mm * (0.5 + c.rng.uniform(-spread, spread, 2))


def scattered(c: Canvas, n: int) -> Points:
    """Poisson-like: n independent points over the field."""
    return c.rng.uniform(0, c.field_mm, (n, 2))


def regular(c: Canvas, pitch: float, *, jitter: float = 0.2) -> Points:
    """Jittered hexagonal grid over the whole field; the pitch is kept above 1/70 of the field."""
    pitch = max(pitch, c.field_mm / 70)
    n = int(c.field_mm / pitch) + 3
    column, row = np.meshgrid(np.arange(n + 3), np.arange(int(n * 1.16) + 1))
    grid = np.stack([column + 0.5 * (row % 2) - 1, row * 0.866 - 0.5], axis=-1).reshape(-1, 2)
    return pitch * (grid + c.rng.normal(0, jitter, grid.shape) + c.rng.uniform(-0.5, 0.5, 2))


def patchy(c: Canvas, centres: Points, *, each: int, spread: float) -> Points:
    """Cluster process: about `each` points around every centre."""
    counts = c.rng.poisson(each, len(centres))
    offsets = c.rng.normal(0, spread, (int(counts.sum()), 2))
    return np.repeat(centres, counts, axis=0) + offsets


def inside(c: Canvas, points: Points, weight: Map) -> Points:
    """The points kept with the probability the map gives at them."""
    return points[c.rng.random(len(points)) < c.at(weight, points)]


def curve(
    c: Canvas, start: Points, angle: float, length: float, *, bend: float, steps: int = 10
) -> Points:
    """A wandering line: the direction does a random walk of `bend` radians over its length."""
    turns = np.cumsum(c.rng.normal(0, bend / np.sqrt(steps), steps))
    heading = angle + turns - turns[0]
    move = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (length / steps)
    path: Points = start + np.concatenate([np.zeros((1, 2)), np.cumsum(move, axis=0)])
    return path


def arc(start: Points, angle: float, length: float, *, turn: float, steps: int = 7) -> Points:
    """A line bending evenly by `turn` radians."""
    heading = angle + np.linspace(0, turn, steps)
    move = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (length / steps)
    path: Points = start + np.concatenate([np.zeros((1, 2)), np.cumsum(move, axis=0)])
    return path


def mesh(c: Canvas, pitch: float, *, warp: float = 0.25) -> Map:
    """Height of a warped hexagonal mesh: near 0 in the holes, 1 on the lines."""
    bend = 2.5 * pitch
    pitch = max(pitch, 2.6 / c.px_per_mm)
    x = c.x + c.noise(bend) * np.float32(warp * pitch)
    y = c.y + c.noise(bend) * np.float32(warp * pitch)
    turn = c.between(0, _TURN)
    total = np.zeros_like(c.x)
    for k in range(3):
        a = turn + k * _TURN / 6 * 2
        total += np.cos((np.cos(a) * x + np.sin(a) * y).astype(np.float32) * (7.26 / pitch))
    height: Map = ((3 - total) / 4.5).astype(np.float32)
    return height


def stripes(c: Canvas, pitch: float, *, warp: float = 0.8) -> Map:
    """Parallel wavy lines: 1 on the lines, 0 between."""
    pitch = max(pitch, 2.6 / c.px_per_mm)
    a = c.between(0, _TURN)
    along = (np.cos(a) * c.x + np.sin(a) * c.y).astype(np.float32)
    phase = along / np.float32(pitch) + c.noise(2.0, octaves=2) * np.float32(warp)
    line: Map = (0.5 + 0.5 * np.cos(_TURN * phase)).astype(np.float32)
    return line


def cells(c: Canvas, points: Points) -> tuple[Map, Map]:
    """Voronoi cells: distance to the nearest cell border in mm, and one random number a cell."""
    seeds = np.full((c.size, c.size), 255, np.uint8)
    index = np.floor(points * c.px_per_mm).astype(int)
    index = index[((index >= 0) & (index < c.size)).all(axis=1)]
    if not len(index):
        index = np.array([[c.size // 2, c.size // 2]])
    seeds[index[:, 1], index[:, 0]] = 0
    _, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    border = np.ones((c.size, c.size), np.uint8)
    border[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    border[1:][labels[1:] != labels[:-1]] = 0
    depth = cv2.distanceTransform(border, cv2.DIST_L2, 3) / np.float32(c.px_per_mm)
    shade = c.rng.random(len(points) + 2).astype(np.float32)[labels]
    return depth.astype(np.float32), shade
