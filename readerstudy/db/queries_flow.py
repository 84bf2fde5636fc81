"""How far people came, and how the reading goes on: numbers alone, no reference standard."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import AccessRequest, Assignment, Invitation, Reader


def n_requests(session: Session, study_id: int) -> int:
    return _count(session, AccessRequest.study_id == study_id)


def n_invitations(session: Session, study_id: int) -> int:
    return _count(session, Invitation.study_id == study_id)


def n_revoked(session: Session, study_id: int) -> int:
    return _count(session, Invitation.study_id == study_id, Invitation.revoked_at.is_not(None))


def started(session: Session, study_id: int) -> set[int]:
    """Row ids of readers who were shown a case."""
    query = (
        sa.select(Assignment.reader_id)
        .join(Reader, Reader.id == Assignment.reader_id)
        .where(Reader.study_id == study_id, Assignment.shown_at.is_not(None))
        .distinct()
    )
    return set(session.scalars(query))


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*conditions)) or 0
