"""Whose turn it is: one piece of work at a time, and every visitor's comes round."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from model.errors import ModelError

WAITING_OF_ONE = 4
WAITING = 16


class TurnRefused(ModelError):  # noqa: N818 -- named after what happened
    """Too much is waiting already; the same may be asked again in a moment."""


class Turns:
    """Visitors take turns, whatever each of them has waiting: who asks much waits for himself.

    Each waiting caller holds a thread, so that their number must stay below the threads there are.
    """

    def __init__(self, *, waiting_of_one: int = WAITING_OF_ONE, waiting: int = WAITING) -> None:
        self._limit_of_one, self._limit = waiting_of_one, waiting
        self._changed = threading.Condition()
        self._is_taken = False
        # Whose turn is next stands first; each visitor's own in the order they came.
        self._waiting: OrderedDict[str, deque[object]] = OrderedDict()

    @contextmanager
    def turn(self, visitor: str) -> Iterator[None]:
        """Waits for a turn of `visitor` and holds it. Raises TurnRefused when too many wait."""
        ticket = object()
        with self._changed:
            self._line_up(visitor, ticket)
            self._changed.wait_for(lambda: not self._is_taken and self._is_next(visitor, ticket))
            self._step_forward(visitor)
            self._is_taken = True
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _line_up(self, visitor: str, ticket: object) -> None:
        if len(self._waiting.get(visitor, ())) >= self._limit_of_one:
            raise TurnRefused(
                f"Expected at most {self._limit_of_one} pictures or maps of one visitor to wait, "
                "but so many wait already; wait until they are done."
            )
        if sum(map(len, self._waiting.values())) >= self._limit:
            raise TurnRefused("Too many visitors are waiting just now; try again in a minute.")
        self._waiting.setdefault(visitor, deque()).append(ticket)

    def _is_next(self, visitor: str, ticket: object) -> bool:
        first, tickets = next(iter(self._waiting.items()))
        return first == visitor and tickets[0] is ticket

    def _step_forward(self, visitor: str) -> None:
        tickets = self._waiting.pop(visitor)
        tickets.popleft()
        if tickets:
            self._waiting[visitor] = tickets  # behind everybody else
