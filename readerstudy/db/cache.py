"""What is expensive to compute is computed once for each state of the data."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

_T = TypeVar("_T")


class Cache:
    """Keeps the newest value of each slot, with the key that names what it was computed from.

    Who asks while another thread computes waits for it: a page that opens asks several times.
    """

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[Hashable, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}

    def get(self, slot: Hashable, key: Hashable, compute: Callable[[], _T]) -> _T:
        """The value for `key`; only the newest of a slot is kept."""
        with self._locks.setdefault(slot, threading.Lock()):
            known, value = self._found.get(slot, (None, None))
            if known != key:
                value = compute()
                self._found[slot] = (key, value)
            return cast("_T", value)

    def clear(self) -> None:
        self._found.clear()
