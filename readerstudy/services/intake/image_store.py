"""The folder of case images: re-encoded without metadata, named by the hash of the new file."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from data.decoding import decode_apart
from data.images import decode, encode
from readerstudy.domain.errors import NotFoundError
from readerstudy.services.intake.staging import part_of

# Lossy WebP halves the resolution of colour, and vessels are thin and red: only pictures that would
# be slow to load without it are stored so.
_MAX_LOSSLESS_PIXELS = 1_500_000
_QUALITY = 95
_MAX_WEBP_SIDE = 16383


@dataclass(frozen=True)
class StoredImage:
    file: str
    sha256: str


def store(source: Path, *, folder: Path) -> StoredImage:
    """Raises data.images.ImageError; writing the same image twice is harmless."""
    pixels = decode_apart(source)
    height, width = pixels.shape[:2]
    is_png = width * height <= _MAX_LOSSLESS_PIXELS or max(height, width) > _MAX_WEBP_SIDE
    content = encode(pixels, format="PNG" if is_png else "WEBP", quality=_QUALITY)
    digest = hashlib.sha256(content).hexdigest()
    image = StoredImage(file=f"{digest}.{'png' if is_png else 'webp'}", sha256=digest)
    _write(folder / image.file, content)
    return image


def load(file: str, *, folder: Path) -> bytes:
    path = folder / file
    if not path.is_file():
        raise NotFoundError(
            "Expected the image of this case in the folder of images, but it is not there; "
            "tell whoever runs the study."
        )
    return path.read_bytes()


def media_type(content: bytes) -> str:
    return "image/png" if content.startswith(b"\x89PNG") else "image/webp"


def thumbnail(content: bytes, *, side: int = 128) -> bytes:
    """A small WebP of the whole picture; its longer side becomes `side` pixels."""
    small = Image.fromarray(decode(content))
    small.thumbnail((side, side))
    return encode(np.asarray(small), format="WEBP", quality=80)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the process is killed."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path, name=uuid4().hex)
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
