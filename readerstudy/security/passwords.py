"""Password hashing (argon2id) and the rule about passwords: length, and text that is text."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from data.csv_tables import is_text
from readerstudy.domain.errors import StudyError

MIN_LENGTH = 10
MAX_LENGTH = 1000
# Checked when the name is unknown, so that both refusals take the same time.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$"
    "Rkim1Kds6tAYveyIp7QsLQ$7UFlmZe3BepC4iTQA5ra8mquNTEjwYa8Gz7FJPuL1cA"
)


def hash_password(password: str) -> str:
    """Raises StudyError, which does not repeat the password."""
    if len(password) < MIN_LENGTH:
        raise StudyError(
            f"Expected a password of at least {MIN_LENGTH} characters, "
            f"but got {len(password)}; choose a longer one."
        )
    if not _is_possible(password):
        raise StudyError(
            f"Expected a password of at most {MAX_LENGTH} characters that one can type, but got "
            "a longer one, or half a character; choose another."
        )
    return PasswordHasher().hash(password)


def is_right_password(password: str, stored: str | None) -> bool:
    if not _is_possible(password):
        return False
    try:
        PasswordHasher().verify(stored or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def _is_possible(password: str) -> bool:
    """Else it is nobody's, and not worth a hash."""
    return len(password) <= MAX_LENGTH and is_text(password)
