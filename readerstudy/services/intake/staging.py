"""Folders for what is on its way in: nothing in them belongs to a study yet."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from readerstudy import clock
from readerstudy.domain.errors import FullError

_PREFIX = ".upload-"
_PART = ".part"
# Nobody sends or checks a file for so long without a byte being written.
_ABANDONED = timedelta(days=1)
_JUST_MADE = timedelta(minutes=1)


@contextmanager
def scratch(images: Path, *, min_free: int = 0) -> Iterator[Path]:
    """A folder on the disk of the images, which must hold them anyway; gone afterwards.

    Raises FullError where less than `min_free` bytes of the disk are free.
    """
    images.parent.mkdir(parents=True, exist_ok=True)
    check_room(images.parent, min_free=min_free)
    with (
        tempfile.TemporaryDirectory(dir=images.parent, prefix=_PREFIX) as folder,
        _held(Path(folder)),
    ):
        yield Path(folder)


@contextmanager
def staged(images: Path, *, min_free: int = 0) -> Iterator[Path]:
    """A folder for pictures that are still checked: they become the study's if nothing is wrong."""
    with scratch(images, min_free=min_free) as folder:
        yield folder
        images.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            file.replace(images / file.name)


def check_room(folder: Path, *, min_free: int, n_bytes: int = 0) -> None:
    """Raises FullError where `n_bytes` more would leave less than `min_free` on the disk.

    The database lies on it too, as a rule: readers' answers come first.
    """
    free = shutil.disk_usage(folder).free
    if free - n_bytes < min_free:
        raise FullError(
            f"Expected {min_free / 1e6:,.0f} MB of the disk to stay free, but {free / 1e6:,.0f} MB "
            f"are free and {n_bytes / 1e6:,.0f} MB would come; nothing was stored. Ask whoever "
            "runs the server to make room."
        )


def part_of(path: Path, *, name: str) -> Path:
    """Where a file is written that takes its place once it is whole."""
    return path.with_name(f".{name}{_PART}")


def clear_abandoned(images: Path) -> None:
    """What a process that was killed left behind; what somebody still works on stays."""
    for left in images.parent.glob(f"{_PREFIX}*"):
        if _is_older(left, _JUST_MADE) and not _is_held(left):
            shutil.rmtree(left, ignore_errors=True)
    for left in images.glob(f".*{_PART}"):
        if _is_older(left, _ABANDONED):
            left.unlink(missing_ok=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The system lets go of it when the process ends, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's disk may know no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_held(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # its own process took it away meanwhile
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return not _is_older(folder, _ABANDONED)
    finally:
        os.close(descriptor)
    return False


def _is_older(path: Path, age: timedelta) -> bool:
    return _last_written(path) <= clock.now() - age


def _last_written(path: Path) -> datetime:
    times = []
    for found in (path, *path.rglob("*")):
        try:
            times.append(found.stat().st_mtime)
        except FileNotFoundError:  # its own process took it away meanwhile
            return clock.now()
    return datetime.fromtimestamp(max(times), UTC)
