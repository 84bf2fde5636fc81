"""The words of the study: what a value may be."""

from enum import IntEnum, StrEnum


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


class CellState(IntEnum):
    """How far one reader is with one case; the furthest of its arms."""

    NOT_PLANNED = 0
    PLANNED = 1
    SHOWN = 2
    ANSWERED = 3
