"""A map of features as files beside its checkpoint, and what of it a page may fetch."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from PIL import Image

from data.arrays import Ints, Rgb
from data.images import encode
from model.card.card import ModelCard
from model.errors import CheckpointError
from model.feature_map.tsne import FeatureMap

MAP_SUFFIX, SPRITE_SUFFIX = ".map.npz", ".map.webp"
FORMAT = 1
THUMBNAIL_PX = 40
_ARRAYS = ("labels", "positions", "reduced", "mean", "axes")
# Positions on a page: whole numbers from 0 to this, the map's longer side.
GRID = 4096


def write_map(found: FeatureMap, path: Path) -> None:
    """Write `<checkpoint>.map.npz`: arrays (components as fp16) and JSON; no pickles."""
    facts = {
        "format": FORMAT,
        "sha256": found.sha256,
        "codes": found.codes,
        "case_ids": found.case_ids,
        "perplexity": found.perplexity,
        "about": found.about,
    }
    text = json.dumps(facts, ensure_ascii=False).encode()
    np.savez_compressed(
        path,
        facts=np.frombuffer(text, dtype=np.uint8),
        labels=found.labels.astype(np.int16),
        positions=found.positions,
        **{name: getattr(found, name).astype(np.float16) for name in ("reduced", "mean", "axes")},
    )


def read_map(folder: Path, card: ModelCard) -> FeatureMap | None:
    """The map of a checkpoint in `folder`; None when there is none, or it is of other weights.

    Raises CheckpointError for a file that cannot be read.
    """
    path = folder / f"{card.name}{MAP_SUFFIX}"
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes())
            arrays = {name: file[name] for name in _ARRAYS}
        found = _assembled(facts, arrays)
    except (ValueError, KeyError, TypeError, OSError, BadZipFile) as error:
        raise CheckpointError(
            f"Expected {path.name} to be a map of features, but it cannot be read ({error}); make "
            "it again with python -m model map, or remove it."
        ) from error
    return found if found.sha256 == card.sha256 else None


def _assembled(facts: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> FeatureMap:
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']}")
    return FeatureMap(
        sha256=facts["sha256"],
        codes=tuple(facts["codes"]),
        case_ids=tuple(facts["case_ids"]),
        labels=arrays["labels"].astype(np.int64),
        positions=arrays["positions"].astype(np.float32),
        reduced=arrays["reduced"].astype(np.float32),
        mean=arrays["mean"].astype(np.float32),
        axes=arrays["axes"].astype(np.float32),
        perplexity=facts["perplexity"],
        about=facts["about"],
    )


def write_sprite(images: Sequence[Rgb], path: Path) -> None:
    """All thumbnails, row by row in one square WebP picture; `images` are (s, s, 3) uint8."""
    columns = ceil(sqrt(len(images)))
    side = THUMBNAIL_PX
    sheet = np.zeros((ceil(len(images) / columns) * side, columns * side, 3), np.uint8)
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        small = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
        top, left = row * side, column * side
        sheet[top : top + side, left : left + side] = np.asarray(small)
    path.write_bytes(encode(sheet, format="WEBP", quality=70))


@dataclass(frozen=True)
class PublicMap:
    """Names of the files that a page fetches; `sprite` is "" where there are no thumbnails."""

    found: FeatureMap
    points: str
    sprite: str

    def on_grid(self, positions: npt.NDArray[np.floating]) -> Ints:
        """(m, 2) positions of the map to whole numbers, 0 to GRID for the known cases."""
        low = self.found.positions.min(axis=0)
        scale = GRID / max(float(np.ptp(self.found.positions, axis=0).max()), 1e-9)
        grid: Ints = np.rint((positions - low) * scale).astype(np.int64)
        return grid


def publish(found: FeatureMap, card: ModelCard, *, source: Path, folder: Path) -> PublicMap:
    """Write into `folder` what a page may fetch: positions, classes, thumbnails, no features.

    The names carry a hash of their content, so that a browser may keep them.
    """
    public = PublicMap(found, "", "")
    grid = public.on_grid(found.positions)
    names = [f"{d.name_en} ({d.code})" for d in card.taxonomy.diseases]
    content = json.dumps(
        {
            "names": names,
            "labels": found.labels.tolist(),
            "x": grid[:, 0].tolist(),
            "y": grid[:, 1].tolist(),
            "tile": THUMBNAIL_PX,
        },
        separators=(",", ":"),
    ).encode()
    points = f"{card.name}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    (folder / points).write_bytes(content)
    pictures = source / f"{card.name}{SPRITE_SUFFIX}"
    sprite = ""
    if pictures.is_file():
        sprite = f"{card.name}-{hashlib.sha256(pictures.read_bytes()).hexdigest()[:12]}.webp"
        shutil.copyfile(pictures, folder / sprite)
    return PublicMap(found, points, sprite)


def publish_all(cards: Sequence[ModelCard], *, source: Path, folder: Path) -> dict[str, PublicMap]:
    """The maps of all checkpoints in `source` that have one, by the checkpoint's name.

    What was published of others goes: an address that somebody knows must not outlive them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    maps = ((card, read_map(source, card)) for card in cards)
    published = {
        card.name: publish(found, card, source=source, folder=folder)
        for card, found in maps
        if found is not None
    }
    kept = {name for public in published.values() for name in (public.points, public.sprite)}
    for file in folder.iterdir():
        if file.name not in kept:
            file.unlink()
    return published
