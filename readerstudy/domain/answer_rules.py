"""Which answer a study takes, until when, and what of the browser's own measurements."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from data.texts import quoted
from readerstudy.domain import Given, Measured
from readerstudy.domain.errors import AnswerError
from readerstudy.domain.protocol import Protocol, Questions
from readerstudy.domain.reading import QUESTIONS

MAX_CONFIDENCE = 100


LATE_GRACE = timedelta(seconds=60)


def check_given(given: Given, *, codes: Sequence[str], protocol: Protocol) -> None:
    """Refuses whatever the study did not ask, so that every stored answer fits the protocol."""
    questions = protocol.questions
    if given.timed_out:
        _require(protocol.time_limit_s is not None, "an answer", "the end of a time without limit")
        return
    if given.cannot_tell:
        _require(questions.cannot_tell and not given.answer, "a diagnosis", "none")
        chosen = []
    else:
        chosen = [given.answer, *(code for code in (given.answer_2, given.answer_3) if code)]
    unknown = [code for code in chosen if code not in codes]
    if unknown:
        raise AnswerError(
            f"Expected one of {', '.join(codes)}, but got {quoted(unknown[0])}; choose one of the "
            "buttons."
        )
    _require(len(chosen) <= 1 or questions.top3, "one diagnosis", f"{len(chosen)}")
    _require(len(set(chosen)) == len(chosen), "different diagnoses", "one of them twice")
    _require(not given.answer_3 or bool(given.answer_2), "a second diagnosis", "only a third")
    _check_management(given.management, questions)
    _check_asked(given, questions)
    _check_confidence(given.confidence)


def _check_management(management: str | None, questions: Questions) -> None:
    if management not in (questions.management or (None,)):
        wanted = ", ".join(questions.management) or "no management, since the study asks for none"
        raise AnswerError(
            f"Expected {wanted}, but got {quoted(management)}; choose one of the buttons."
        )


def _check_asked(given: Given, questions: Questions) -> None:
    for name, setting in ((asked.name, asked.metadata["setting"]) for asked in QUESTIONS):
        is_given = getattr(given, name) not in (None, "")
        if is_given and not getattr(questions, setting or name):
            raise AnswerError(
                f"Expected no {name.replace('_', ' ')}, since this study does not ask for it."
            )


def _check_confidence(confidence: int | None) -> None:
    if confidence is not None and not 0 <= confidence <= MAX_CONFIDENCE:
        raise AnswerError(
            f"Expected a confidence from 0 to {MAX_CONFIDENCE}, but got {confidence}; move the bar."
        )


def _require(holds: bool, expected: str, got: str) -> None:
    if not holds:
        raise AnswerError(f"Expected {expected}, but got {got}; reload the page.")


def seconds_left(shown_at: datetime, *, limit_s: int | None, now: datetime) -> float | None:
    """None without a limit; below 0 when the time is over."""
    elapsed = (not_before(now, shown_at) - shown_at).total_seconds()
    return None if limit_s is None else limit_s - elapsed


def is_too_late(shown_at: datetime, *, limit_s: int | None, now: datetime) -> bool:
    """An answer on a bad line may take a while to arrive, and still counts."""
    left = seconds_left(shown_at, limit_s=limit_s, now=now)
    return left is not None and left < -LATE_GRACE.total_seconds()


def not_before(moment: datetime, earliest: datetime) -> datetime:
    """A clock that was set back between showing and answering must not cost the answer."""
    return max(moment, earliest)


def usable(measured: Measured) -> Measured:
    """The browser's own measurements; nonsense is dropped, since the answer matters more."""
    is_size = measured.screen and re.fullmatch(r"\d{1,5}x\d{1,5}", measured.screen)
    return Measured(
        active_ms=_plausible(measured.active_ms),
        screen=measured.screen if is_size else None,
        zooms=_plausible(measured.zooms),
    )


def _plausible(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None
