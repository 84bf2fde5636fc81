"""Folders for what is on its way in: nothing in them belongs to a study yet."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from readerstudy import clock

_PREFIX = ".upload-"
_PART = ".part"
# Nobody sends or checks a file for so long without a byte being written.
_ABANDONED = timedelta(days=1)


@contextmanager
def scratch(images: Path) -> Iterator[Path]:
    """A folder on the disk of the images, which must hold them anyway; gone afterwards."""
    images.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=images.parent, prefix=_PREFIX) as folder:
        yield Path(folder)


@contextmanager
def staged(images: Path) -> Iterator[Path]:
    """A folder for pictures that are still checked: they become the study's if nothing is wrong."""
    with scratch(images) as folder:
        yield folder
        images.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            file.replace(images / file.name)


def part_of(path: Path, *, name: str) -> Path:
    """Where a file is written that takes its place once it is whole."""
    return path.with_name(f".{name}{_PART}")


def clear_abandoned(images: Path) -> None:
    """What a process that was killed left behind; what is still written to stays."""
    for left in (*images.parent.glob(f"{_PREFIX}*"), *images.glob(f".*{_PART}")):
        if _last_written(left) > clock.now() - _ABANDONED:
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _last_written(path: Path) -> datetime:
    times = []
    for found in (path, *path.rglob("*")):
        try:
            times.append(found.stat().st_mtime)
        except FileNotFoundError:  # its own process took it away meanwhile
            return clock.now()
    return datetime.fromtimestamp(max(times), UTC)
