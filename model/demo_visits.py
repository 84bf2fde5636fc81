"""What the demo page remembers of a visit: in memory, briefly, and never on disk."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

KEEP_SECONDS = 15 * 60
KEEP_VISITS = 40


@dataclass
class Visit:
    """One picture of one visitor, and what was computed for it.

    `view` is the reduced picture, `(h, w, 3)` uint8; `maps` holds encoded overlays by request, and
    `note` stands before every caption.
    Only what is shown is kept: a full 50-megapixel picture would cost 150 MB per visitor.
    """

    view: npt.NDArray[np.uint8]
    photo_uri: str
    note: str = ""
    maps: dict[tuple[str, str], str] = field(default_factory=dict)


class Visits:
    """At most `limit` visits, each for `keep_seconds` after its last use.

    The key is drawn here and known to one page only; a session name that the client chooses
    would let one visitor ask for another's picture.
    """

    def __init__(
        self,
        *,
        limit: int = KEEP_VISITS,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._visits: OrderedDict[str, tuple[float, Visit]] = OrderedDict()

    def add(self, visit: Visit) -> str:
        """Returns the key under which `get` finds the visit again."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_old()
            self._visits[key] = (self._clock(), visit)
            while len(self._visits) > self._limit:
                self._visits.popitem(last=False)
        return key

    def get(self, key: str) -> Visit | None:
        """The visit, or None once it is forgotten."""
        with self._lock:
            self._drop_old()
            found = self._visits.pop(key, None)
            if found is None:
                return None
            self._visits[key] = (self._clock(), found[1])
            return found[1]

    def forget(self, key: str) -> None:
        """Drops the visit at once; an unknown key is fine."""
        with self._lock:
            self._visits.pop(key, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._visits)

    def _drop_old(self) -> None:
        oldest_kept = self._clock() - self._keep_seconds
        while self._visits and next(iter(self._visits.values()))[0] < oldest_kept:
            self._visits.popitem(last=False)


class Recent:
    """Uploads of the last moments by path: few, small in sum, and forgotten soon."""

    def __init__(
        self,
        *,
        limit: int = 8,
        keep_seconds: float = 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def put(self, path: str, content: bytes) -> None:
        """Holds the bytes of an upload whose file is about to go."""
        with self._lock:
            self._drop_old()
            self._held[path] = (self._clock(), content)
            self._held.move_to_end(path)
            while len(self._held) > self._limit:
                self._held.popitem(last=False)

    def get(self, path: str) -> bytes | None:
        """The bytes, or None once they are forgotten."""
        with self._lock:
            self._drop_old()
            found = self._held.get(path)
            return found[1] if found else None

    def _drop_old(self) -> None:
        oldest_kept = self._clock() - self._keep_seconds
        while self._held and next(iter(self._held.values()))[0] < oldest_kept:
            self._held.popitem(last=False)
