"""What the demo page remembers of a visit: in memory, briefly, and never on disk."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

KEEP_SECONDS = 15 * 60
KEEP_VISITS = 40
KEEP_UPLOAD_SECONDS = 60
KEEP_UPLOADS = 8

V = TypeVar("V")


@dataclass
class Visit:
    """One picture of one visitor, and what was computed for it.

    `view` is the reduced picture, `(h, w, 3)` uint8, and `fitted` each checkpoint's own square
    input, by name; `checkpoint` is the one that answers now. `maps` holds encoded overlays by
    checkpoint, class and method, and `note` stands before every caption. `foreign` names the
    checkpoints that do not know the picture, as far as they have answered.
    Only what is shown is kept: a full 50-megapixel picture would cost 150 MB per visitor.
    """

    view: npt.NDArray[np.uint8]
    fitted: dict[str, npt.NDArray[np.uint8]]
    photo_uri: str
    checkpoint: str = ""
    warnings: tuple[str, ...] = ()
    note: str = ""
    maps: dict[tuple[str, str, str], str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)


class Expiring(Generic[V]):
    """At most `limit` values, each for `keep_seconds` after it was put or renewed."""

    def __init__(
        self,
        *,
        limit: int,
        keep_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.RLock()
        self._held: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def put(self, key: str, value: V) -> None:
        """Holds the value from now on; the oldest goes when there are too many."""
        with self._lock:
            self._drop_old()
            self._held[key] = (self._clock(), value)
            self._held.move_to_end(key)
            while len(self._held) > self._limit:
                self._held.popitem(last=False)

    def get(self, key: str) -> V | None:
        """The value, or None once it is forgotten."""
        with self._lock:
            self._drop_old()
            found = self._held.get(key)
            return found[1] if found else None

    def renew(self, key: str) -> V | None:
        """As `get`, and keeps the value from now on."""
        with self._lock:
            value = self.get(key)
            if value is not None:
                self.put(key, value)
            return value

    def forget(self, key: str) -> None:
        """Drops the value at once; an unknown key is fine."""
        with self._lock:
            self._held.pop(key, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._held)

    def _drop_old(self) -> None:
        oldest_kept = self._clock() - self._keep_seconds
        while self._held and next(iter(self._held.values()))[0] < oldest_kept:
            self._held.popitem(last=False)


class Visits:
    """The visits of the last minutes, each kept on by its use.

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
        self._held = Expiring[Visit](limit=limit, keep_seconds=keep_seconds, clock=clock)

    def add(self, visit: Visit) -> str:
        """Returns the key under which `get` finds the visit again."""
        key = secrets.token_urlsafe(16)
        self._held.put(key, visit)
        return key

    def get(self, key: str) -> Visit | None:
        """The visit, or None once it is forgotten."""
        return self._held.renew(key)

    def forget(self, key: str) -> None:
        """Drops the visit at once; an unknown key is fine."""
        self._held.forget(key)

    def __len__(self) -> int:
        return len(self._held)
