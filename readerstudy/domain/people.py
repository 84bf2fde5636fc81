"""Who calls, who reads, and how many came how far."""

from dataclasses import dataclass
from datetime import date, datetime

from readerstudy.domain.kinds import (
    InvitationState,
    ReaderKind,
    Role,
    Stage,
    StudyState,
    Withdrawal,
)
from readerstudy.domain.profile import PROFILE_FIELDS, ProfileField


@dataclass(frozen=True)
class Actor:
    """Who calls. `study_id` None means every study (accounts that are bound to none)."""

    role: Role
    account_id: int | None = None
    reader_id: int | None = None
    study_id: int | None = None
    name: str = ""


SYSTEM = Actor(role=Role.OWNER, name="system")


@dataclass(frozen=True)
class ReaderProgress:
    code: str
    kind: ReaderKind
    stage: Stage
    answered: int
    total: int
    last_answer_at: datetime | None


@dataclass(frozen=True)
class Flow:
    """How many people came how far; simulated readers are counted apart.

    `excluded`: by reason, of those who started. `withdrawn`: by the study's rule; whose answers
    were deleted are no longer among those who started. `analysed`: what is left of the started.
    """

    requests: int
    invited: int
    revoked: int
    accepted: int
    consented: int
    started: int
    completed: int
    excluded: dict[str, int]
    withdrawn: dict[Withdrawal, int]
    analysed: int
    simulated: int


@dataclass(frozen=True)
class InvitationView:
    study_title: str
    synthetic: bool
    n_cases: int
    state: StudyState
    is_accepted: bool


@dataclass(frozen=True)
class ContactData:
    """Who was invited, as the owner wrote it down."""

    name: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True)
class ListedInvitation:
    number: int
    state: InvitationState
    created_at: datetime
    expires_at: datetime | None
    contact: ContactData


@dataclass(frozen=True)
class ReaderStatus:
    stage: Stage
    study_title: str
    consent_text: str
    consent_version: str
    consent_language: str
    answered: int
    total: int
    synthetic: bool
    code: str
    withdrawal: Withdrawal = Withdrawal.ANONYMISE
    contacts_until: date | None = None
    gives_feedback: bool = False
    back: str | None = None
    is_closed: bool = False
    profile_fields: tuple[ProfileField, ...] = PROFILE_FIELDS
