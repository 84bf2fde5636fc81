"""Pure decisions of the study: who may, what comes next, what is sealed. No database, no clock."""

import hashlib
import ipaddress
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from readerstudy.entities import Actor, Role, Stage, StudyState
from readerstudy.errors import AnswerError, PermissionDenied, StateError

ACCOUNT_SESSION = timedelta(hours=12)
READER_SESSION = timedelta(days=30)
INVITATION_LIFE = timedelta(days=90)
# Of one name: from one address, and from all addresses together. The second is wide, since anybody
# who knows a name can use it up and keep its owner out.
MAX_ATTEMPTS = 5
MAX_ATTEMPTS_OF_NAME = 50
ATTEMPT_WINDOW = timedelta(minutes=15)
MAX_CONFIDENCE = 100
# Of the bootstrap intervals on the page and in the export; those of the command by default.
REPLICATES = 2000
BOOTSTRAP_SEED = 0


class Permission(StrEnum):
    MANAGE = "change studies and accounts"
    SEE_PROGRESS = "see the progress of a study"
    SEE_RESULTS = "see and export results"
    READ = "read cases"


_GRANTED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset({Permission.MANAGE, Permission.SEE_PROGRESS, Permission.SEE_RESULTS}),
    Role.ANALYST: frozenset({Permission.SEE_PROGRESS, Permission.SEE_RESULTS}),
    Role.MONITOR: frozenset({Permission.SEE_PROGRESS}),
    Role.READER: frozenset({Permission.READ}),
}


def authorise(actor: Actor, permission: Permission, *, study_id: int | None = None) -> None:
    """`study_id` None means something that belongs to no study, such as making one."""
    if permission not in _GRANTED[actor.role]:
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


def draw_order(case_ids: Sequence[int], *, seed: int) -> list[int]:
    """Sorted by a hash of seed and id: anybody can recompute it in any language."""
    return sorted(case_ids, key=lambda case_id: _digest(f"{seed}:{case_id}"))


def is_throttled(attempts: Sequence[tuple[str, datetime]], *, address: str, now: datetime) -> bool:
    """`attempts` with one name: from which address, and when."""
    recent = [whence for whence, at in attempts if at > now - ATTEMPT_WINDOW]
    return recent.count(address) >= MAX_ATTEMPTS or len(recent) >= MAX_ATTEMPTS_OF_NAME


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


def check_answer(
    answer: str, confidence: int | None, *, codes: Sequence[str], ask_confidence: bool
) -> None:
    if answer not in codes:
        raise AnswerError(
            f"Expected one of {', '.join(codes)}, but got {answer!r}; choose one of the buttons."
        )
    if confidence is None:
        return
    if not ask_confidence:
        raise AnswerError("Expected no confidence, since this study does not ask for it.")
    if not 0 <= confidence <= MAX_CONFIDENCE:
        raise AnswerError(
            f"Expected a confidence from 0 to {MAX_CONFIDENCE}, but got {confidence}; move the bar."
        )


def not_before(moment: datetime, earliest: datetime) -> datetime:
    """A clock that was set back between showing and answering must not cost the answer."""
    return max(moment, earliest)


def usable_active_ms(active_ms: int | None) -> int | None:
    """The browser's own measurement; nonsense is dropped, since the answer matters more."""
    is_plausible = active_ms is not None and 0 <= active_ms < 2**31
    return active_ms if is_plausible else None


def canonical_json(content: dict[str, Any]) -> str:
    """Sorted keys, no spaces, UTF-8: one text for one content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    return _digest(canonical_json(content))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
