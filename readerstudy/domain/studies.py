"""A study and its cases as the pages of those who run it show them."""

from dataclasses import dataclass
from datetime import date, datetime

from readerstudy.domain.kinds import Rule, StudyState


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
    contacts_until: date | None = None  # until when readers were told that names are kept


@dataclass(frozen=True)
class SignOff:
    """Who closes a study, and what that person states about it."""

    name: str
    statement: str


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
