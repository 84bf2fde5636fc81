"""Passwords are checked one at a time, on a thread that nothing else uses."""

from collections.abc import Callable
from typing import TypeVar

import anyio

from readerstudy.domain.errors import CrowdedError

# Each hash takes 64 MiB and all processors for a moment; who waits is answered within seconds.
AT_ONCE = 1
MAX_WAITING = 8

Result = TypeVar("Result")


class Hashing:
    """Shared by all routes that look at a password: the quiz's threads stay the quiz's."""

    def __init__(self) -> None:
        self._turns = anyio.CapacityLimiter(AT_ONCE)
        self._n_here = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Raises CrowdedError at once, and calls nothing, where too many wait already."""
        if self._n_here >= AT_ONCE + MAX_WAITING:
            raise CrowdedError(
                "Expected to look at this password, but too many others wait just now; "
                "nothing was stored, try again in a moment."
            )
        self._n_here += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._turns)
        finally:
            self._n_here -= 1
