"""What the demo page remembers of a visit: in memory, briefly, and never on disk."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from data.arrays import Floats32, Rgb

KEEP_SECONDS = 15 * 60
KEEP_VISITS = 40
KEEP_VISITS_OF_ONE = 8
KEEP_MAPS = 8


@dataclass
class Visit:
    """One picture of one visitor, and what was computed for it.

    `visitor` is whom its work is counted for. `view` is the reduced picture, `(h, w, 3)` uint8, and
    `fitted` each checkpoint's own square input, by name; `checkpoint` is the one that answers now.
    `features` (1, d) float32 are what each checkpoint that has answered saw, by name; `maps` holds
    encoded overlays by checkpoint, class and method. `foreign` names the checkpoints that do not
    know the picture, as far as they have answered.
    Only what is shown is kept: a full 50-megapixel picture would cost 150 MB per visitor.
    """

    visitor: str
    view: Rgb
    fitted: dict[str, Rgb]
    photo_uri: str
    warnings: tuple[str, ...] = ()
    is_synthetic: bool = False
    checkpoint: str = ""
    features: dict[str, Floats32] = field(default_factory=dict)
    maps: dict[tuple[str, str, str], str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)

    def keep_map(self, key: tuple[str, str, str], uri: str) -> None:
        """The oldest goes when there are too many: each is a picture in memory."""
        while len(self.maps) >= KEEP_MAPS:
            self.maps.pop(next(iter(self.maps)))
        self.maps[key] = uri


class Visits:
    """The visits of the last minutes, each kept on by its use.

    The handle is drawn here and known to one page only; a session name that the client chooses
    would let one visitor ask for another's picture. Whoever brings many pictures loses his own
    oldest ones, not those of others.
    """

    def __init__(
        self,
        *,
        limit: int = KEEP_VISITS,
        limit_of_one: int = KEEP_VISITS_OF_ONE,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._limit_of_one = limit_of_one
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, Visit]] = OrderedDict()  # the oldest use first

    def add(self, visit: Visit) -> str:
        """Returns the handle under which `get` finds the visit again."""
        handle = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_old()
            own = [key for key, (_, held) in self._held.items() if held.visitor == visit.visitor]
            if len(own) >= self._limit_of_one:
                del self._held[own[0]]
            elif len(self._held) >= self._limit:
                self._held.popitem(last=False)
            self._held[handle] = (self._clock(), visit)
        return handle

    def get(self, handle: str) -> Visit | None:
        """The visit, kept on from now, or None once it is forgotten."""
        with self._lock:
            self._drop_old()
            if handle not in self._held:
                return None
            _, visit = self._held[handle]
            self._held[handle] = (self._clock(), visit)
            self._held.move_to_end(handle)
            return visit

    def forget(self, handle: str) -> None:
        """Drops the visit at once; an unknown handle is fine."""
        with self._lock:
            self._held.pop(handle, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._held)

    def _drop_old(self) -> None:
        oldest_kept = self._clock() - self._keep_seconds
        while self._held and next(iter(self._held.values()))[0] < oldest_kept:
            self._held.popitem(last=False)
