"""How many imports are under way at once: each may fill the disk and a processor for a while."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from readerstudy.domain import Actor
from readerstudy.domain.errors import ThrottledError

AT_ONCE = 4
OF_ONE_ACCOUNT = 2


class Slots:
    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, actor: Actor) -> Iterator[None]:
        """Raises ThrottledError where there are too many already."""
        if self._taken[actor.name] >= OF_ONE_ACCOUNT or self._taken.total() >= AT_ONCE:
            raise ThrottledError(
                f"Expected at most {OF_ONE_ACCOUNT} imports of one account and {AT_ONCE} of all at "
                "a time, but so many are under way; nothing was stored, wait for one to end."
            )
        self._taken[actor.name] += 1
        try:
            yield
        finally:
            self._taken[actor.name] -= 1
