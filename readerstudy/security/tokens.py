"""Opaque identifiers: nothing in them can be guessed, ordered or traced to a person or a label."""

import hashlib
import secrets
from functools import cache

# No 0/O, 1/I/L, and no vowels: codes are read aloud and must not spell words.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
_TOKEN_BYTES = 32


def new_token() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What the database keeps of a token: a stolen database signs nobody in."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def passing_name(text: str) -> str:
    """What attempts with a name of no account are counted under: people type passwords there.

    Its key lives as long as this process, so that nothing stored leads back to the text.
    """
    typed = text.encode(errors="surrogatepass")
    return "?" + hashlib.blake2b(typed, key=_passing_key(), digest_size=16).hexdigest()


@cache
def _passing_key() -> bytes:
    return secrets.token_bytes(32)


def new_reader_code() -> str:
    return "R-" + _letters(8)


def new_trail_id() -> str:
    """What the audit trail calls a reader: not the code, which may have to go."""
    return "T-" + _letters(8)


def new_case_token() -> str:
    return secrets.token_urlsafe(16)


def new_password() -> str:
    return "-".join(_letters(5) for _ in range(4))


def new_seed() -> int:
    """Below 2**53, so that a spreadsheet or JavaScript shows the stored seed exactly."""
    return secrets.randbelow(2**53)


def _letters(n_letters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(n_letters))
