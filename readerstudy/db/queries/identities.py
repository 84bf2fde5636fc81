"""Names and addresses: beside readers' codes for the identified export alone, and their end."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import AccessRequest, Contact, Invitation, Reader, Study
from readerstudy.domain import RequestState


def identities(session: Session, study: Study) -> list[dict[str, Any]]:
    """One row per contact, in the order of the invitations; no code of who withdrew."""
    is_linked = sa.and_(Reader.id == Invitation.reader_id, Reader.withdrawn_at.is_(None))
    query = (
        sa.select(
            Reader.code.label("reader_id"),
            Contact.name,
            Contact.email,
            Contact.note,
            Invitation.created_at.label("invited_at"),
            Invitation.expires_at,
            Invitation.revoked_at,
            Reader.created_at.label("joined_at"),
        )
        .select_from(Contact)
        .join(Invitation, Invitation.id == Contact.invitation_id)
        .outerjoin(Reader, is_linked)
        .where(Invitation.study_id == study.id)
        .order_by(Invitation.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def forget_contacts(session: Session, study_id: int) -> int:
    """Returns how many there were; who still waits for an answer stays to be counted, unnamed."""
    invited = sa.select(Invitation.id).where(Invitation.study_id == study_id)
    of_study = Contact.invitation_id.in_(invited)
    n = session.scalar(sa.select(sa.func.count()).select_from(Contact).where(of_study)) or 0
    session.execute(sa.delete(Contact).where(of_study))
    waiting = sa.select(AccessRequest).where(
        AccessRequest.study_id == study_id, AccessRequest.state == RequestState.PENDING
    )
    found = session.scalars(waiting).all()
    for request in found:
        request.name = request.email = request.message = ""
    return n + len(found)
