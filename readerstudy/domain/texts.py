"""Texts that people type: what is taken, and the sentence that refuses the rest."""

from data.texts import problem, quoted
from readerstudy.domain.errors import StudyError

MAX_REASON = 500


def checked_text(text: str, *, what: str, most: int, has_lines: bool = False) -> str:
    """The text as it came. Refuses what is too long, or has signs that are not taken."""
    if wrong := problem(text, most=most, has_lines=has_lines):
        raise StudyError(f"Expected {what} that can be taken, but {quoted(text)} {wrong}; mend it.")
    return text


def required_text(text: str, *, what: str, most: int, has_lines: bool = False) -> str:
    """The same without the space around it; refuses nothing, too."""
    text = text.strip()
    if not 0 < len(text) <= most:
        raise StudyError(
            f"Expected {what} of 1 to {most} characters, but got {len(text)}; "
            f"{'shorten it' if text else 'write it'}."
        )
    return checked_text(text, what=what, most=most, has_lines=has_lines)


def checked_reason(text: str) -> str:
    """Why somebody does what the audit trail must explain."""
    return required_text(text, what="a reason", most=MAX_REASON, has_lines=True)
