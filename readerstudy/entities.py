"""Enums and small frozen values that cross the services' border."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from readerstudy.profile import PROFILE_FIELDS, ProfileField

if TYPE_CHECKING:
    from readerstudy.protocol import Questions


class Role(StrEnum):
    OWNER = "owner"
    ANALYST = "analyst"
    MONITOR = "monitor"
    READER = "reader"


class StudyState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Arm(StrEnum):
    UNAIDED = "unaided"
    AIDED = "aided"
    PRACTICE = "practice"
    ATTENTION = "attention"
    REPEAT = "repeat"


class CaseRole(StrEnum):
    """What a case is for: only test cases enter the analysis."""

    TEST = "test"
    PRACTICE = "practice"
    ATTENTION = "attention"


class ReaderKind(StrEnum):
    HUMAN = "human"
    MODEL = "model"
    SIMULATED = "simulated"


class SupportKind(StrEnum):
    """A picture beside a model's advice."""

    SALIENCY = "saliency"
    SIMILAR = "similar"


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


class Withdrawal(StrEnum):
    """What becomes of the answers of a reader who withdraws; the study states it beforehand."""

    DELETE = "delete"
    ANONYMISE = "anonymise"


class InvitationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Stage(StrEnum):
    CONSENT = "consent"
    PROFILE = "profile"
    QUIZ = "quiz"
    DONE = "done"
    CLOSED = "closed"


class Rule(StrEnum):
    """How a model's K classes become the study's k."""

    RENORMALISE = "renormalise"
    STRICT = "strict"


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
class Option:
    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True)
class StudySummary:
    slug: str
    title: str
    state: StudyState
    synthetic: bool
    n_cases: int
    n_readers: int  # humans, but those whose withdrawal deleted their answers
    n_simulated: int
    n_answers: int  # of humans
    n_simulated_answers: int
    models: tuple[str, ...]
    classes: tuple[Option, ...]
    rule: Rule
    seal_hash: str | None
    opened_at: datetime | None
    closed_at: datetime | None
    gives_feedback: bool = False
    takes_requests: bool = False
    n_waiting: int = 0  # requests to take part that nobody has decided on
    keeps_closed: str = ""  # settings for which it cannot be reopened


@dataclass(frozen=True)
class SignOff:
    """Who closes a study, and what that person states about it."""

    name: str
    statement: str


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


class CellState(IntEnum):
    """How far one reader is with one case; the furthest of its arms."""

    NOT_PLANNED = 0
    PLANNED = 1
    SHOWN = 2
    ANSWERED = 3


@dataclass(frozen=True)
class Coverage:
    """`cells`: one byte per reader and case, a CellState, readers row by row.

    `cases`: by name, with readings by people and by simulated readers; by number for a monitor,
    since a name may tell the diagnosis. `by_day`: days in UTC, in order, with answers of both.
    """

    readers: tuple[str, ...]
    cases: dict[str, tuple[int, int]]
    cells: bytes
    by_day: dict[date, tuple[int, int]]


@dataclass(frozen=True)
class CaseAnswers:
    """How all readers answered one test case unaided, and the models.

    `n_wrong` of `n` count, with the 95% limits of their share (nan where nobody answered).
    `answers` by class; under "" those without one. `models`: class and its probability.
    """

    case_id: str
    truth: str
    n: int
    n_wrong: int
    low: float
    high: float
    answers: dict[str, int]
    models: dict[str, tuple[str, float]]


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
    gives_feedback: bool = False
    back: str | None = None
    is_closed: bool = False
    profile_fields: tuple[ProfileField, ...] = PROFILE_FIELDS


@dataclass(frozen=True)
class Given:
    """What a reader answers; an empty `answer` if there is none (cannot tell, or out of time)."""

    answer: str
    answer_2: str | None = None
    answer_3: str | None = None
    confidence: int | None = None
    management: str | None = None
    cannot_tell: bool = False
    timed_out: bool = False


@dataclass(frozen=True)
class AdvicePicture:
    """A picture beside the advice, numbered by its place from 1."""

    kind: SupportKind
    caption: str


@dataclass(frozen=True)
class Advice:
    """What a reader sees of a model: its most probable classes, highest first, and pictures."""

    model: str
    shown: tuple[tuple[str, float], ...]
    pictures: tuple[AdvicePicture, ...] = ()


@dataclass(frozen=True)
class CaseView:
    """What the browser is told: not what kind of case this is, but for practice, as on the page.

    Position counts from 1. `first_answer` and `advice` belong to an aided second reading.

    `seconds_left` None: no limit. `views`: a caption, or nothing, for each image of the case.
    `preload`: token of the next case, whose `preload_views` images may be fetched.
    `back`, `forth`: tokens of answered cases before and after, where the protocol lets readers look
    back. `given`, `is_locked` and `reference` belong to an answered case that is shown again.
    """

    case_token: str
    position: int
    total: int
    is_practice: bool
    options: tuple[Option, ...]
    questions: "Questions"
    clinical_text: str
    seconds_left: float | None
    advice: Advice | None
    first_answer: str | None
    views: tuple[str, ...]
    preload: str | None
    preload_views: int
    back: str | None = None
    forth: str | None = None
    given: Given | None = None
    is_locked: bool = False
    reference: str | None = None


@dataclass(frozen=True)
class Measured:
    """What the browser says of itself: time in view and not idle, its window, uses of the zoom."""

    active_ms: int | None = None
    screen: str | None = None
    zooms: int | None = None


@dataclass(frozen=True)
class Saved:
    """`reference`: the reference standard, only where the protocol says immediate feedback."""

    answered: int
    total: int
    reference: str | None = None
