"""Who asked to take part."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import AccessRequest, Contact
from readerstudy.domain import RequestState


def requests(session: Session, study_id: int) -> Sequence[tuple[AccessRequest, Contact | None]]:
    """Newest first, with the contact of the invitation that approval made."""
    query = (
        sa.select(AccessRequest, Contact)
        .outerjoin(Contact, Contact.invitation_id == AccessRequest.invitation_id)
        .where(AccessRequest.study_id == study_id)
        .order_by(AccessRequest.id.desc())
    )
    return session.execute(query).tuples().all()


def request(session: Session, study_id: int, number: int) -> AccessRequest | None:
    """Locked, so that two owners cannot both decide."""
    query = sa.select(AccessRequest).where(
        AccessRequest.study_id == study_id, AccessRequest.id == number
    )
    return session.scalar(query.with_for_update())


def pending_addresses(session: Session, study_id: int) -> set[str]:
    """E-mail addresses of those who wait."""
    return set(session.scalars(sa.select(AccessRequest.email).where(*_pending(study_id))))


def n_pending(session: Session, study_id: int) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*_pending(study_id))) or 0


def _pending(study_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return AccessRequest.study_id == study_id, AccessRequest.state == RequestState.PENDING
