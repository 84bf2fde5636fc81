"""Fills an open study with readers that are flagged as simulated wherever they show."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from data.taxonomy import Taxonomy
from readerstudy import clock, ids, rules
from readerstudy.db import Database, Session, audit
from readerstudy.db import queries_studies as studies
from readerstudy.db.tables import Answer, Assignment, Case, Reader, Study
from readerstudy.entities import Actor, Arm, ReaderKind, StudyState
from readerstudy.errors import StudyError
from readerstudy.rules import Permission, authorise
from readerstudy.simulate import SimulatedReading, draw_difficulty, draw_reading

_MAX_READERS = 10_000
_MAX_SEED = 2**31
Rows = list[dict[str, Any]]


def simulate_readers(db: Database, *, actor: Actor, slug: str, readers: int, seed: int) -> int:
    """Returns the number of answers; the same seed cannot be drawn twice in one study."""
    _check_range("readers", readers, low=1, high=_MAX_READERS)
    _check_range("seed", seed, low=0, high=_MAX_SEED)
    with db.transaction() as session:
        study = studies.lock_study(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        rules.require_state(study.state, StudyState.OPEN, doing="simulate readers")
        made = _add_readers(session, study, readers, seed)
        cases = studies.cases(session, study.id)
        labels = studies.labels(session, study.id)
        difficulty = draw_difficulty([case.case_id for case in cases])
        taxonomy = Taxonomy.from_dict(study.taxonomy)
        for number, reader in enumerate(made):
            rng = np.random.default_rng([seed, number])
            reading = draw_reading(
                [labels[case.id] for case in cases], difficulty, taxonomy=taxonomy, rng=rng
            )
            _add_reading(session, reader, cases, reading)
        audit.record(
            session,
            actor=actor,
            verb="simulate_readers",
            subject=slug,
            study_id=study.id,
            new={"readers": readers, "seed": seed},
        )
        return len(made) * len(cases)


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


def _add_reading(
    session: Session, reader: Reader, cases: Sequence[Case], reading: SimulatedReading
) -> None:
    place = {case.id: number for number, case in enumerate(cases)}
    order = rules.draw_order(list(place), seed=reader.order_seed)
    moment = clock.now() - timedelta(seconds=sum(reading.seconds))
    assignments: Rows = []
    answers: Rows = []
    for position, case_id in enumerate(order, start=1):
        number = place[case_id]
        cell = {"reader_id": reader.id, "case_id": case_id, "arm": Arm.UNAIDED}
        shown_at, moment = moment, moment + timedelta(seconds=reading.seconds[number])
        token = ids.new_case_token()
        assignments.append({**cell, "position": position, "token": token, "shown_at": shown_at})
        answers.append({**cell, **_answer(reading, number), **_times(shown_at, moment)})
    studies.add_rows(session, Assignment, assignments)
    studies.add_rows(session, Answer, answers)


def _answer(reading: SimulatedReading, number: int) -> dict[str, Any]:
    return {
        "revision": 1,
        "answer": reading.answers[number],
        "confidence": reading.confidences[number],
        "client_token": ids.new_case_token(),
        "active_ms": round(1000 * reading.seconds[number]),
        "timed_out": False,
    }


def _times(shown_at: datetime, answered_at: datetime) -> dict[str, datetime]:
    return {"shown_at": shown_at, "answered_at": answered_at}


def _check_range(name: str, value: int, *, low: int, high: int) -> None:
    if not low <= value <= high:
        raise StudyError(f"Expected {name} from {low} to {high}, but got {value}; choose another.")
