"""The root of every error whose text is written for the person who caused it."""

from data.texts import printable

_MOST = 10_000


class UserError(Exception):
    """Says what was expected, what came, and how to mend it; safe to show to anyone.

    It may quote what came: no more than a page of it, without signs that change what one reads.
    """

    def __str__(self) -> str:
        return printable(super().__str__(), most=_MOST)
