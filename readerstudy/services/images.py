"""The folder of case images: re-encoded without metadata, named by the hash of the new file."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from data.images import ImageError, decode, encode
from readerstudy.errors import ImportRefused, NotFoundError

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
    pixels = decode(source)
    height, width = pixels.shape[:2]
    is_png = width * height <= _MAX_LOSSLESS_PIXELS or max(height, width) > _MAX_WEBP_SIDE
    content = encode(pixels, format="PNG" if is_png else "WEBP", quality=_QUALITY)
    digest = hashlib.sha256(content).hexdigest()
    image = StoredImage(file=f"{digest}.{'png' if is_png else 'webp'}", sha256=digest)
    _write(folder / image.file, content)
    return image


def store_all(
    rows: list[dict[str, str]], *, known: set[str], known_images: dict[str, str], folder: Path
) -> list[StoredImage]:
    """Store the image of every row, or refuse with all that is wrong."""
    stored, problems, seen = [], [], dict(known_images)
    for row in rows:
        case_id = row["case_id"]
        if case_id in known:
            problems.append(f"{case_id}: the study has a case of this name")
        try:
            image = store(Path(row["path"]), folder=folder)
        except ImageError as error:
            problems.append(f"{case_id}: {error}")
            continue
        if seen.setdefault(image.sha256, case_id) != case_id:
            problems.append(f"{case_id}: the same image as {seen[image.sha256]}")
        stored.append(image)
    if problems:
        raise ImportRefused(
            f"Expected every case to be new with a readable image, but {len(problems)} are not; "
            "mend them and import again:\n" + "\n".join(problems)
        )
    return stored


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


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the process is killed."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{uuid4().hex}.part")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
