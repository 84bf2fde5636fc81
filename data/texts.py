"""Text from outside: what is not taken, and how it is shown in a sentence or a cell.

What is taken is kept as it came. It is not normalised: names of cases must match other files, and
Unicode's normal form writes some Chinese, Japanese and Hebrew names in another way.
"""

import re
import reprlib
from collections.abc import Iterable

# Halves of a sign, control characters, line ends that only some programs know, what is no sign; and
# the signs that turn the direction of all that follows, by which a text reads unlike what it is.
# The marks and joiners that Arabic, Hebrew, Persian and emoji need turn nothing and stay.
_NEVER = r"\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
_IN_A_LINE = re.compile(rf"[\x00-\x1f{_NEVER}]")
_IN_LINES = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_NEVER}]")
# What spreadsheets take as the start of a formula, also when written full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SHOWN = 20

_excerpt = reprlib.Repr()
_excerpt.maxlevel = 2
_excerpt.maxstring = _excerpt.maxother = _excerpt.maxlong = 80


def problem(text: str, *, most: int, has_lines: bool = False) -> str:
    r"""Why a text from outside is not taken, to follow "it", or nothing.

    >>> problem("Zoë 李", most=10)
    ''
    >>> problem("x" * 11, most=10)
    'has 11 characters, at most 10 fit'
    >>> problem("a\u202eb", most=10)
    'has the sign U+202E at place 2, which cannot be taken'
    """
    if len(text) > most:
        return f"has {len(text):,} characters, at most {most:,} fit"
    found = (_IN_LINES if has_lines else _IN_A_LINE).search(text)
    if found is None:
        return ""
    return f"has the sign U+{ord(found[0]):04X} at place {found.start() + 1}, which cannot be taken"


def quoted(value: object) -> str:
    r"""What came, quoted in a sentence: the whole of it if it is short, its ends otherwise.

    >>> quoted("a\u202eb")
    "'a\\u202eb'"
    """
    try:
        return _excerpt.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of too many digits"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: the first twenty, each of them short.

    >>> listed(["a", "b"])
    'a, b'
    """
    names = list(names)
    rest = len(names) - _SHOWN
    short = [name if len(name) <= 80 else f"{name[:77]}…" for name in names[:_SHOWN]]
    return ", ".join(short) + (f" and {rest:,} more" if rest > 0 else "")


def printable(text: str, *, most: int) -> str:
    """For a page, a terminal or a file: no sign in it that `problem` refuses, and not too long."""
    short = text if len(text) <= most else f"{text[:most]} …"
    return _IN_LINES.sub(lambda found: ascii(found[0])[1:-1], short)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run this cell instead of showing it."""
    return text.startswith(_FORMULA)


def guarded(text: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would run it."""
    return "'" + text if is_formula(text) else text


def unguarded(text: str) -> str:
    """The text again from a cell that was guarded."""
    return text[1:] if text[:1] == "'" and is_formula(text[1:]) else text


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A name for a file of each name; those that differ in odd letters alone get a number.

    >>> file_names(["a b", "a/b", "c"])
    {'a b': 'a_b', 'a/b': 'a_b-2', 'c': 'c'}
    """
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        given = {taken.casefold() for taken in found.values()}
        tries = (plain, *(f"{plain}-{number}" for number in range(2, len(found) + 3)))
        found[name] = next(one for one in tries if one.casefold() not in given)
    return found
