"""Enums and small frozen values that cross the services' border."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class ReaderKind(StrEnum):
    HUMAN = "human"
    MODEL = "model"
    SIMULATED = "simulated"


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
class ProfileField:
    """`choices` empty means free text of at most `max_length` characters."""

    key: str
    label: str
    choices: tuple[str, ...] = ()
    max_length: int = 60


PROFILE_FIELDS = (
    ProfileField(
        "profession",
        "Profession",
        ("dermatologist", "dermatology resident", "other physician", "nurse", "student", "other"),
    ),
    ProfileField("board_certified", "Board-certified in dermatology", ("yes", "no")),
    ProfileField("years_dermatology", "Years in dermatology", ("none", "<3", "3-10", ">10")),
    ProfileField("years_dermoscopy", "Years of dermoscopy", ("none", "<3", "3-10", ">10")),
    ProfileField("country", "Country"),
)


@dataclass(frozen=True)
class StudySummary:
    slug: str
    title: str
    state: StudyState
    synthetic: bool
    n_cases: int
    n_readers: int  # humans
    n_simulated: int
    n_answers: int  # of humans
    n_simulated_answers: int
    models: tuple[str, ...]
    classes: tuple[Option, ...]
    rule: Rule
    seal_hash: str | None
    opened_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class ReaderProgress:
    code: str
    kind: ReaderKind
    stage: Stage
    answered: int
    total: int
    last_answer_at: datetime | None


@dataclass(frozen=True)
class InvitationView:
    study_title: str
    synthetic: bool
    n_cases: int
    state: StudyState
    is_accepted: bool


@dataclass(frozen=True)
class ReaderStatus:
    stage: Stage
    study_title: str
    consent_text: str
    consent_version: str
    consent_language: str
    answered: int
    total: int
    ask_confidence: bool
    synthetic: bool
    options: tuple[Option, ...]
    code: str
    profile_fields: tuple[ProfileField, ...] = PROFILE_FIELDS


@dataclass(frozen=True)
class CaseView:
    """Position counts from 1."""

    case_token: str
    position: int
    total: int
    options: tuple[Option, ...]
    ask_confidence: bool


@dataclass(frozen=True)
class Saved:
    answered: int
    total: int
