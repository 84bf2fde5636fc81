"""How often strangers may try something: counted by name and by the address they come from."""

from readerstudy import clock
from readerstudy.db import Session
from readerstudy.db import queries_accounts as queries
from readerstudy.db.tables import SignInAttempt
from readerstudy.rules import ATTEMPT_WINDOW, is_throttled

WINDOW_MINUTES = int(ATTEMPT_WINDOW.total_seconds() // 60)


def may_try(session: Session, name: str, *, address: str) -> bool:
    """Counts the attempt if it may be made; old ones are forgotten, with their addresses."""
    now = clock.now()
    queries.lock_name(session, name)
    queries.forget_old_attempts(session, now - ATTEMPT_WINDOW)
    attempts = queries.attempts_since(session, name, now - ATTEMPT_WINDOW)
    if is_throttled(attempts, address=address, now=now):
        return False
    session.add(SignInAttempt(name=name, address=address, at=now))
    return True
