"""Fills an open study with readers that are flagged as simulated wherever they show."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from data.arrays import Floats
from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import studies
from readerstudy.db.tables import Answer, Assignment, Reader, Study
from readerstudy.domain import Actor, Arm, CaseRole, ReaderKind, StudyState
from readerstudy.domain.errors import StudyError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.simulated_readers import (
    FORGETS,
    TAKES_ADVICE,
    Habits,
    Rates,
    draw_difficulty,
    draw_reading,
    habits_of,
    usual_habits,
)
from readerstudy.security import tokens
from readerstudy.services.reading.plans import Drawer, drawer_of

_MAX_READERS = 10_000
_MAX_SEED = 2**31
Rows = list[dict[str, Any]]


def simulate_readers(
    db: Database,
    *,
    actor: Actor,
    slug: str,
    readers: int,
    seed: int,
    rates: Mapping[str, Rates] | None = None,
) -> int:
    """Returns the number of answers; the same seed cannot be drawn twice in one study.

    `rates`: what the readers reach on average in each class; None: the usual skill.
    """
    _check_range("readers", readers, low=1, high=_MAX_READERS)
    _check_range("seed", seed, low=0, high=_MAX_SEED)
    with db.transaction() as session:
        study = studies.lock_study(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        require_state(study.state, StudyState.OPEN, doing="simulate readers")
        made = _add_readers(session, study, readers, seed)
        drawer = drawer_of(session, study)
        difficulty = draw_difficulty([case.case_id for case in drawer.cases])
        habits = _habits(study, drawer, difficulty, rates)
        n_answers = 0
        for number, reader in enumerate(made):
            rng = np.random.default_rng([seed, number])
            invented = _Invented(drawer, habits, difficulty, rng)
            n_answers += _add_reading(session, drawer.rows(reader, number=number), invented)
        audit.record(
            session,
            actor=actor,
            verb="simulate_readers",
            subject=slug,
            study_id=study.id,
            new={"readers": readers, "seed": seed, **_published(rates)},
        )
        return n_answers


def _habits(
    study: Study, drawer: Drawer, difficulty: Floats, rates: Mapping[str, Rates] | None
) -> Habits:
    taxonomy = study.taxonomy
    if rates is None:
        return usual_habits(taxonomy)
    tests = [n for n, case in enumerate(drawer.cases) if case.role is CaseRole.TEST]
    truth = [drawer.cases[n].label for n in tests]
    return habits_of(rates, truth, difficulty[tests], taxonomy=taxonomy)


def _published(rates: Mapping[str, Rates] | None) -> dict[str, Any]:
    return {"rates": {code: asdict(its) for code, its in rates.items()}} if rates else {}


def _add_readers(session: Session, study: Study, n_readers: int, seed: int) -> list[Reader]:
    codes = [f"S{seed}-{number:04d}" for number in range(1, n_readers + 1)]
    if studies.has_reader(session, study.id, codes[0]):
        raise StudyError(
            f"Expected a new seed, but the study has simulated readers of seed {seed}; "
            "choose another."
        )
    now = clock.now()
    seeds = np.random.default_rng(seed).integers(0, 2**53, n_readers)
    readers = [
        Reader(
            study_id=study.id,
            code=code,
            kind=ReaderKind.SIMULATED,
            order_seed=int(order_seed),
            created_at=now,
        )
        for code, order_seed in zip(codes, seeds, strict=True)
    ]
    session.add_all(readers)
    session.flush()
    return readers


class _Invented:
    """What one invented reader says, whatever the arm."""

    def __init__(
        self, drawer: Drawer, habits: Habits, difficulty: Floats, rng: np.random.Generator
    ) -> None:
        self._questions = drawer.protocol.questions
        self._place = {case.id: number for number, case in enumerate(drawer.cases)}
        self._rng = rng
        truth = [case.label for case in drawer.cases]
        self._first = draw_reading(truth, difficulty, habits=habits, rng=rng)
        has_repeats = any(case.is_repeated for case in drawer.cases)
        again = has_repeats and draw_reading(truth, difficulty, habits=habits, rng=rng)
        self._again = again or self._first

    def answer(self, assignment: dict[str, Any]) -> dict[str, Any]:
        """The columns of `answers` that the reader decides."""
        place, arm = self._place[assignment["case_id"]], assignment["arm"]
        forgets = arm is Arm.REPEAT and self._rng.random() < FORGETS
        source = self._again if forgets else self._first
        takes = arm is Arm.AIDED and self._rng.random() < TAKES_ADVICE
        asked = self._questions.management
        return {
            "answer": assignment["advice"]["suggests"] if takes else source.answers[place],
            "confidence": source.confidences[place] if self._questions.confidence else None,
            "management": asked[self._rng.integers(len(asked))] if asked else None,
            "active_ms": round(1000 * source.seconds[place]),
        }


def _add_reading(session: Session, assignments: Rows, invented: _Invented) -> int:
    given = [invented.answer(assignment) for assignment in assignments]
    moment = clock.now() - timedelta(milliseconds=sum(answer["active_ms"] for answer in given))
    answers: Rows = []
    for assignment, answer in zip(assignments, given, strict=True):
        shown_at, moment = moment, moment + timedelta(milliseconds=answer["active_ms"])
        assignment["shown_at"] = shown_at
        cell = {key: assignment[key] for key in ("reader_id", "case_id", "arm")}
        answers.append({**cell, **_FIRST, **answer, **_token(), **_times(shown_at, moment)})
    studies.add_rows(session, Assignment, assignments)
    studies.add_rows(session, Answer, answers)
    return len(answers)


_FIRST = {"revision": 1, "timed_out": False, "cannot_tell": False}


def _token() -> dict[str, str]:
    return {"client_token": tokens.new_case_token()}


def _times(shown_at: datetime, answered_at: datetime) -> dict[str, datetime]:
    return {"shown_at": shown_at, "answered_at": answered_at}


def _check_range(name: str, value: int, *, low: int, high: int) -> None:
    if not low <= value <= high:
        raise StudyError(f"Expected {name} from {low} to {high}, but got {value}; choose another.")
