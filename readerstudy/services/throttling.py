"""How often strangers may try something, counted by name and address; and what is told of it."""

import logging

from readerstudy import clock
from readerstudy.db import Session
from readerstudy.db.queries import accounts as queries
from readerstudy.db.tables import SignInAttempt
from readerstudy.domain.throttling import ATTEMPT_WINDOW, is_throttled, window_of

WINDOW_MINUTES = int(ATTEMPT_WINDOW.total_seconds() // 60)
# All names of no account together: what was typed there may be a password.
UNKNOWN = ""
# More are not counted, so that hammering the door does not keep the database writing.
_MOST_TOLD = 1000
_log = logging.getLogger(__name__)


def may_try(session: Session, name: str, *, address: str) -> bool:
    """Counts the attempt if it may be made; old ones are forgotten, with their addresses."""
    now = clock.now()
    queries.lock_name(session, name)
    queries.lock_address(session, address)
    queries.forget_old_attempts(session, now - ATTEMPT_WINDOW)
    attempts = queries.attempts_since(session, name, now - ATTEMPT_WINDOW)
    of_address = queries.n_attempts_from(session, address, now - ATTEMPT_WINDOW)
    if is_throttled(attempts, address=address, now=now, of_address=of_address):
        return False
    session.add(SignInAttempt(name=name, address=address, at=now))
    return True


def note_failure(session: Session, name: str, *, is_checked: bool) -> None:
    """`name` of an account, or UNKNOWN. One row per name and quarter of an hour, for the trail.

    The log gets a line for the first, the tenth, the hundredth.
    """
    queries.lock_name(session, name)
    told = queries.failures_in(session, name, window_of(clock.now()))
    if told.wrong + told.unchecked >= _MOST_TOLD:
        return
    told.wrong += is_checked
    told.unchecked += not is_checked
    if str(told.wrong + told.unchecked).rstrip("0") == "1":
        _log.warning(
            "Failed sign-ins of %s since %s: %d with a wrong password, %d refused unchecked",
            repr(name) if name else "unknown names",
            f"{told.since:%H:%M} UTC",
            told.wrong,
            told.unchecked,
        )
