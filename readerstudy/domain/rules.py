"""Pure decisions of the study: who may, what comes next, what is sealed. No database, no clock."""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from data.texts import problem, quoted
from readerstudy.domain import Actor, Arm, Given, Measured, Role, Stage, StudyState
from readerstudy.domain.errors import AnswerError, PermissionDenied, StateError, StudyError
from readerstudy.domain.protocol import Analysis, Protocol, Questions
from readerstudy.domain.reading import QUESTIONS

ACCOUNT_SESSION = timedelta(hours=12)
READER_SESSION = timedelta(days=30)
INVITATION_LIFE = timedelta(days=90)
# Of one name: from one address, and from all addresses together. The second is wide, since anybody
# who knows a name can use it up and keep its owner out.
MAX_ATTEMPTS = 5
MAX_ATTEMPTS_OF_NAME = 50
# Of one address with all names together: each costs a hash. Wide enough for a hospital behind one
# address, since a success is not counted any more.
MAX_ATTEMPTS_OF_ADDRESS = 30
ATTEMPT_WINDOW = timedelta(minutes=15)
MAX_CONFIDENCE = 100
LATE_GRACE = timedelta(seconds=60)
# Of the bootstrap intervals on the page and in the export; those of the command by default.
REPLICATES = 2000
BOOTSTRAP_SEED = 0
MAX_REASON = 500


class Permission(StrEnum):
    MANAGE = "change studies and accounts"
    SEE_PROGRESS = "see the progress of a study"
    SEE_RESULTS = "see and export results"
    SEE_IDENTITIES = "see who is behind a reader's code"
    READ = "read cases"


_GRANTED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(
        {
            Permission.MANAGE,
            Permission.SEE_PROGRESS,
            Permission.SEE_RESULTS,
            Permission.SEE_IDENTITIES,
        }
    ),
    Role.ANALYST: frozenset({Permission.SEE_PROGRESS, Permission.SEE_RESULTS}),
    Role.MONITOR: frozenset({Permission.SEE_PROGRESS}),
    Role.READER: frozenset({Permission.READ}),
}


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the role includes it, in whichever study."""
    return permission in _GRANTED[actor.role]


def authorise(actor: Actor, permission: Permission, *, study_id: int | None = None) -> None:
    """`study_id` None means something that belongs to no study, such as making one."""
    if not may(actor, permission):
        raise PermissionDenied(
            f"Expected somebody who may {permission}, but got the role {actor.role}; "
            "sign in with another account."
        )
    if actor.study_id is not None and actor.study_id != study_id:
        raise PermissionDenied(
            f"Expected somebody who may {permission} here, but {actor.name} belongs to another "
            "study; sign in with another account."
        )


def reader_of(actor: Actor) -> int:
    """The reader's id; refuses everybody else."""
    if actor.role is not Role.READER or actor.reader_id is None:
        raise PermissionDenied(
            f"Expected a reader, but got the role {actor.role}; open your invitation link."
        )
    return actor.reader_id


def require_state(state: StudyState, *allowed: StudyState, doing: str) -> None:
    if state not in allowed:
        raise StateError(
            f"Expected a study that is {' or '.join(allowed)} in order to {doing}, "
            f"but this one is {state}."
        )


def keeps_closed(protocol: Protocol) -> str:
    """Settings for which a study cannot be reopened, or nothing.

    Once closed, readers were told how right they were: no answer of before may change by it.
    """
    told = {
        "policies.revise": protocol.policies.revise,
        "feedback.missed_cases": protocol.feedback.missed_cases,
    }
    return " and ".join(name for name, is_set in told.items() if is_set)


def require_reopenable(protocol: Protocol) -> None:
    if named := keeps_closed(protocol):
        raise StateError(
            f"Expected a protocol without {named} in order to reopen: readers may have seen their "
            "results since the study was closed and would answer by them; copy the study and "
            "invite readers to the copy."
        )


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


def reason(text: str) -> str:
    """Why somebody does what the audit trail must explain."""
    return required_text(text, what="a reason", most=MAX_REASON, has_lines=True)


def is_throttled(
    attempts: Sequence[tuple[str, datetime]], *, address: str, now: datetime, of_address: int = 0
) -> bool:
    """`attempts` with one name: from which address, and when. `of_address`: with any name."""
    recent = [whence for whence, at in attempts if at > now - ATTEMPT_WINDOW]
    return (
        recent.count(address) >= MAX_ATTEMPTS
        or len(recent) >= MAX_ATTEMPTS_OF_NAME
        or of_address >= MAX_ATTEMPTS_OF_ADDRESS
    )


def window_of(moment: datetime) -> datetime:
    """When the quarter of an hour began that failed sign-ins of this moment are told under."""
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % ATTEMPT_WINDOW


def network_of(address: str) -> str:
    """What one person can have: an IPv4 address, or the 64 bits that an IPv6 provider hands out."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.IPv6Network((int(ip), 64), strict=False))


def stage_of(
    *, state: StudyState, has_consent: bool, has_profile: bool, answered: int, total: int
) -> Stage:
    if 0 < total <= answered:
        return Stage.DONE
    if state is not StudyState.OPEN:
        return Stage.CLOSED
    if not has_consent:
        return Stage.CONSENT
    return Stage.QUIZ if has_profile else Stage.PROFILE


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


def why_excluded(assigned: Sequence[Mapping[str, Any]], analysis: Analysis) -> str:
    """Why the protocol leaves a reader out, or nothing.

    `assigned`: one row per case of the reader's plan with arm, is_answered, answer and truth.
    """
    test = [row for row in assigned if row["arm"] in (Arm.UNAIDED, Arm.AIDED)]
    answered = sum(row["is_answered"] for row in test)
    if answered < analysis.min_answered * len(test):
        return f"answered {answered} of {len(test)} cases, below {analysis.min_answered:.0%}"
    checks = [row for row in assigned if row["arm"] is Arm.ATTENTION and row["is_answered"]]
    wrong = sum(row["answer"] != row["truth"] for row in checks)
    most = analysis.max_attention_errors
    if most is not None and wrong > most:
        return f"{wrong} of {len(checks)} attention checks wrong, at most {most} allowed"
    return ""


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


def canonical_json(content: dict[str, Any]) -> str:
    """Sorted keys, no spaces, UTF-8: one text for one content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    return _digest(canonical_json(content))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
