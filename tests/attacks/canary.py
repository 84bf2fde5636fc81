"""Proof that nothing was touched: files and a port that nobody has a reason to look at.

The server runs in a thread of the test process, so that one audit hook sees what it opens, moves,
deletes and connects to; hashes, times and the port see what goes past Python.
"""

import hashlib
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.images import encode

SECRET = "kanarienvogel-7f3a"
_FILE_EVENTS = (
    "open", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.listdir", "os.scandir", "os.utime", "shutil.", "glob.", "pathlib.",
)  # fmt: skip
_NET_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
# Files of the machine that hostile requests name, and no request has a reason to open.
FOREIGN = ("/etc/passwd", "/etc/hostname", "/proc/self/environ", "/dev/zero", "/dev/stdin")
_watchers: list["Canary"] = []


def _audit(event: str, args: tuple[object, ...]) -> None:
    if _watchers and event.startswith((*_FILE_EVENTS, *_NET_EVENTS)):
        for watcher in tuple(_watchers):
            watcher.hear(event, args)


@dataclass
class Canary:
    """A folder of bait beside the site's own files, and a port that counts its callers.

    `own` are files that only the database may open; `site_port` is where the clients connect.
    """

    folder: Path
    own: tuple[Path, ...] = ()
    site_port: int = 0
    touched: list[str] = field(default_factory=list)
    n_heard: int = 0
    _silent: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lay()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._count_callers, daemon=True).start()
        self._before = self._state()

    @property
    def baits(self) -> dict[str, Path]:
        names = ("secret.txt", "secret.db", "secret.png", "link.txt", "link.png", "passwd")
        return {name: self.folder / name for name in names}

    @contextmanager
    def watching(self) -> Iterator["Canary"]:
        """Everything that happens meanwhile is heard; what this thread itself does is not."""
        if _audit not in _installed:
            sys.addaudithook(_audit)
            _installed.append(_audit)
        self._silent.add(threading.get_ident())
        _watchers.append(self)
        try:
            yield self
        finally:
            _watchers.remove(self)

    def hear(self, event: str, args: tuple[object, ...]) -> None:
        """Called by the interpreter, for every thread."""
        self.n_heard += 1
        if threading.get_ident() in self._silent:
            return
        if event.startswith("socket."):
            if self._is_foreign_address(args):
                self.touched.append(f"{event} {args[-1] if event == 'socket.connect' else args}")
        elif any(self._is_bait(arg) for arg in args[:2]):
            self.touched.append(f"{event} {args[:2]}")

    def check(self) -> list[str]:
        """What was touched since the last check, by whatever means."""
        found, self.touched = self.touched, []
        now = self._state()
        found += [f"changed: {name}" for name in self._before if now[name] != self._before[name]]
        self._before = now
        return found

    def _lay(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "secret.txt").write_text(SECRET)
        with sqlite3.connect(self.folder / "secret.db") as made:
            made.execute("create table secrets (word)")
            made.execute("insert into secrets values (?)", [SECRET])
        made.close()
        red = np.full((32, 32, 3), (200, 40, 40), np.uint8)
        (self.folder / "secret.png").write_bytes(encode(red))
        (self.folder / "link.txt").symlink_to(self.folder / "secret.txt")
        (self.folder / "link.png").symlink_to(self.folder / "secret.png")
        (self.folder / "passwd").symlink_to("/etc/passwd")
        for name in ("secret.txt", "secret.db", "secret.png"):
            # Long before its change: then even a file system that spares itself notes a reading.
            os.utime(self.folder / name, (1, 2))

    def _state(self) -> dict[str, tuple[object, ...]]:
        """Access time before content; reading it here sets it, which is taken back."""
        found: dict[str, tuple[object, ...]] = {"": tuple(sorted(self.folder.iterdir()))}
        for path in self.baits.values():
            if path.is_symlink():
                found[path.name] = (str(path.readlink()),)
            elif path.is_file():
                stat = path.stat()
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
                found[path.name] = (content, stat.st_atime_ns, stat.st_mtime_ns, stat.st_ino)
            else:
                found[path.name] = ("gone",)
        return found | {str(path): (path.is_file(),) for path in self.own}

    def _is_bait(self, arg: object) -> bool:
        if not isinstance(arg, str | bytes | os.PathLike):
            return False
        path = os.path.abspath(os.fsdecode(os.fspath(arg)))  # noqa: PTH100 -- as named, not as led
        return path.startswith(str(self.folder)) or path in FOREIGN or path in map(str, self.own)

    def _is_foreign_address(self, args: tuple[object, ...]) -> bool:
        """Unix sockets are how a child process is spoken to."""
        address = args[1] if isinstance(args[0], socket.socket) else args[:2]
        return isinstance(address, tuple) and address[1:2] != (self.site_port,)

    def _count_callers(self) -> None:
        while True:
            caller, address = self._server.accept()
            caller.close()
            self.touched.append(f"connection from {address}")


_installed: list[object] = []
