"""The root of every error whose text is written for the person who caused it."""


class UserError(Exception):
    """Says what was expected, what came, and how to mend it; safe to show to anyone."""
