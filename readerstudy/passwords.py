"""Password hashing (argon2id) and the one rule about passwords: length."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from readerstudy.errors import StudyError

MIN_LENGTH = 10
# Checked when the name is unknown, so that both refusals take the same time.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$"
    "Rkim1Kds6tAYveyIp7QsLQ$7UFlmZe3BepC4iTQA5ra8mquNTEjwYa8Gz7FJPuL1cA"
)


def hash_password(password: str) -> str:
    if len(password) < MIN_LENGTH:
        raise StudyError(
            f"Expected a password of at least {MIN_LENGTH} characters, "
            f"but got {len(password)}; choose a longer one."
        )
    return PasswordHasher().hash(password)


def is_right_password(password: str, stored: str | None) -> bool:
    try:
        PasswordHasher().verify(stored or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None
