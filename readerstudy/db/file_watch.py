"""Notices when a SQLite file is no longer the one that was opened.

Deleted, moved or replaced: SQLite goes on writing to the old file, and all of it would be lost.
"""

import logging
from pathlib import Path

from readerstudy.domain.errors import LostError

_log = logging.getLogger(__name__)


class FileWatch:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None
        self._is_lost = False

    def opened(self) -> None:
        """The first connection is made; what lies at the path now is the database."""
        if self._opened is None:
            self._opened = _identity(self._path)

    def check(self) -> None:
        """Raises LostError; the log says it once."""
        is_lost = self._opened is not None and _identity(self._path) != self._opened
        if is_lost != self._is_lost:
            self._is_lost = is_lost
            words = "is gone or another: nothing is stored" if is_lost else "is back"
            _log.critical("The database file %s %s.", self._path, words)
        if is_lost:
            raise LostError(
                "Expected the database's file where it was opened, but it is gone or another; "
                "nothing was stored. Put it back or restart the server, then try again."
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
