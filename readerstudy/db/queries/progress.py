"""How far people came, and how the reading goes on: numbers alone, no reference standard."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import AccessRequest, Answer, Assignment, Case, Invitation, Reader
from readerstudy.domain import Arm, ReaderKind


class Cell(NamedTuple):
    """A test case of a reader's plan: whether it was shown, and whether it has an answer."""

    reader: str
    kind: ReaderKind
    case_id: str
    is_shown: bool
    is_answered: bool


def n_requests(session: Session, study_id: int) -> int:
    return _count(session, AccessRequest.study_id == study_id)


def n_invitations(session: Session, study_id: int) -> int:
    return _count(session, Invitation.study_id == study_id)


def n_revoked(session: Session, study_id: int) -> int:
    """Without a reader: nobody came, or somebody who was anonymised."""
    return _count(
        session,
        Invitation.study_id == study_id,
        Invitation.revoked_at.is_not(None),
        Invitation.reader_id.is_(None),
    )


def started(session: Session, study_id: int) -> set[int]:
    """Row ids of readers who were shown a case."""
    query = (
        sa.select(Assignment.reader_id)
        .join(Reader, Reader.id == Assignment.reader_id)
        .where(Reader.study_id == study_id, Assignment.shown_at.is_not(None))
        .distinct()
    )
    return set(session.scalars(query))


def cells(session: Session, study_id: int) -> list[Cell]:
    """The unaided plan of all readers, in the order in which they came."""
    has_answer = sa.exists().where(
        Answer.reader_id == Assignment.reader_id,
        Answer.case_id == Assignment.case_id,
        Answer.arm == Assignment.arm,
    )
    query = (
        sa.select(
            Reader.code, Reader.kind, Case.case_id, Assignment.shown_at.is_not(None), has_answer
        )
        .select_from(Assignment)
        .join(Reader, Reader.id == Assignment.reader_id)
        .join(Case, Case.id == Assignment.case_id)
        .where(Reader.study_id == study_id, Assignment.arm.in_((Arm.UNAIDED, Arm.AIDED)))
        .order_by(Reader.id)
    )
    return [Cell(*row) for row in session.execute(query)]


def answered_at(session: Session, study_id: int) -> Sequence[tuple[ReaderKind, datetime]]:
    """When each answer was first given, in whatever arm."""
    query = (
        sa.select(Reader.kind, Answer.answered_at)
        .join(Reader, Reader.id == Answer.reader_id)
        .where(Reader.study_id == study_id, Answer.revision == 1)
    )
    return [(kind, at) for kind, at in session.execute(query).tuples()]


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*conditions)) or 0
