"""Readers' codes beside their contacts: asked for by the identified export alone."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import Contact, Invitation, Reader, Study


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
