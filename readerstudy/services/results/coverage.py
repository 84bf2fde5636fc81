"""How the reading goes on: which reader has read which case, and how much on which day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from readerstudy.db import Database, Session
from readerstudy.db.queries import progress, studies
from readerstudy.db.tables import Study
from readerstudy.domain import Actor, CaseRole, CellState, Coverage, ReaderKind
from readerstudy.domain.permissions import Permission, authorise, may
from readerstudy.services.results.cache_key import state_of

_Counts = tuple[int, int]  # of people, of simulated readers


def coverage(db: Database, *, actor: Actor, slug: str) -> Coverage:
    """Of test cases; practice and attention checks are no part of it.

    Whoever may not see results gets numbers for the cases, since a name may tell the diagnosis.
    """
    with db.reading() as session:
        study = studies.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_PROGRESS, study_id=study.id)
        slot, key = ("coverage", study.id), state_of(session, study)
        found = db.cache.get(slot, key, lambda: _coverage(session, study))
    return found if may(actor, Permission.SEE_RESULTS) else _without_names(found)


def _without_names(found: Coverage) -> Coverage:
    counts = enumerate(found.cases.values(), start=1)
    return replace(found, cases={f"case {number}": readings for number, readings in counts})


def _coverage(session: Session, study: Study) -> Coverage:
    cells = progress.cells(session, study.id)
    readers = list(dict.fromkeys(cell.reader for cell in cells))
    cases = [c.case_id for c in studies.cases(session, study.id) if c.role is CaseRole.TEST]
    row = {code: number for number, code in enumerate(readers)}
    column = {case_id: number for number, case_id in enumerate(cases)}
    found = bytearray(len(readers) * len(cases))
    for cell in cells:
        at = row[cell.reader] * len(cases) + column[cell.case_id]
        found[at] = max(found[at], _state(cell))
    return Coverage(
        readers=tuple(readers),
        cases=_by_case(cells, cases),
        cells=bytes(found),
        by_day=_by_day(session, study),
    )


def _state(cell: progress.Cell) -> CellState:
    if cell.is_answered:
        return CellState.ANSWERED
    return CellState.SHOWN if cell.is_shown else CellState.PLANNED


def _by_case(cells: Sequence[progress.Cell], cases: Sequence[str]) -> dict[str, _Counts]:
    read = {(c.case_id, c.kind, c.reader) for c in cells if c.is_answered}
    n = Counter((case_id, kind) for case_id, kind, _ in read)
    return {case: (n[case, ReaderKind.HUMAN], n[case, ReaderKind.SIMULATED]) for case in cases}


def _by_day(session: Session, study: Study) -> dict[date, _Counts]:
    answers = progress.answered_at(session, study.id)
    counts = Counter((at.date(), kind) for kind, at in answers)
    days = sorted({day for day, _ in counts})
    people, simulated = ReaderKind.HUMAN, ReaderKind.SIMULATED
    return {day: (counts[day, people], counts[day, simulated]) for day in days}
