"""Whether readers can be served, in one word for each thing that it takes."""

from readerstudy.db import Database
from readerstudy.domain.errors import FullError, LostError, RetryError
from readerstudy.services.intake.staging import check_room


def readiness(db: Database) -> dict[str, str]:
    """`ok`, or what is wrong."""
    return {"database": _database(db), "disk": _disk(db)}


def _database(db: Database) -> str:
    try:
        db.check_writable()
    except LostError:
        return "lost"
    except RetryError:
        return "unwritable"
    return "ok"


def _disk(db: Database) -> str:
    try:
        check_room(db.images.parent, min_free=db.min_free)
    except FullError:
        return "full"
    except OSError:
        return "lost"
    return "ok"
