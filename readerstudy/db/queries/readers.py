"""What belongs to one reader: all of it for the reader's own copy, and its removal."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import (
    AccessRequest,
    Answer,
    Assignment,
    Consent,
    Contact,
    Invitation,
    Profile,
    ReferenceStandard,
    SignedIn,
)
from readerstudy.domain import Arm


def consents(session: Session, reader_id: int) -> list[Consent]:
    query = sa.select(Consent).where(Consent.reader_id == reader_id).order_by(Consent.given_at)
    return list(session.scalars(query))


def readings(session: Session, reader_id: int) -> list[tuple[Assignment, Answer | None]]:
    """Every case that was shown, and each revision of its answer."""
    query = (
        sa.select(Assignment, Answer)
        .outerjoin(
            Answer,
            _is_answer_to_it(),
        )
        .where(Assignment.reader_id == reader_id, Assignment.shown_at.is_not(None))
        .order_by(Assignment.position, Answer.revision)
    )
    return list(session.execute(query).tuples())


def assignments(session: Session, reader_id: int) -> list[Assignment]:
    return list(session.scalars(sa.select(Assignment).where(Assignment.reader_id == reader_id)))


def invitation_of(session: Session, reader_id: int) -> Invitation | None:
    query = sa.select(Invitation).where(Invitation.reader_id == reader_id)
    return session.scalar(query.with_for_update())


def forget_person(session: Session, reader_id: int, invitation_id: int | None) -> None:
    """Profile, sessions, and whatever names the reader."""
    session.execute(sa.delete(Profile).where(Profile.reader_id == reader_id))
    end_sessions(session, reader_id)
    if invitation_id is not None:
        session.execute(sa.delete(Contact).where(Contact.invitation_id == invitation_id))
        asked = sa.update(AccessRequest).where(AccessRequest.invitation_id == invitation_id)
        session.execute(asked.values(invitation_id=None))  # the row stays to be counted


def end_sessions(session: Session, reader_id: int) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.reader_id == reader_id))


def forget_readings(session: Session, reader_id: int) -> None:
    """The database allows it only once the reader's withdrawal says `delete`."""
    for table in (Answer, Assignment, Consent):
        session.execute(sa.delete(table).where(table.reader_id == reader_id))


def invitation(session: Session, study_id: int, invitation_id: int) -> Invitation | None:
    query = sa.select(Invitation).where(
        Invitation.study_id == study_id, Invitation.id == invitation_id
    )
    return session.scalar(query.with_for_update())


def invitations(session: Session, study_id: int) -> list[tuple[Invitation, Contact | None]]:
    query = (
        sa.select(Invitation, Contact)
        .outerjoin(Contact, Contact.invitation_id == Invitation.id)
        .where(Invitation.study_id == study_id)
        .order_by(Invitation.id.desc())
    )
    return list(session.execute(query).tuples())


def with_truth(session: Session, reader_id: int) -> list[dict[str, Any]]:
    """The unaided answers beside the reference standard: for a study that is closed."""
    query = (
        sa.select(
            Assignment.position,
            Assignment.token,
            Answer.answer,
            ReferenceStandard.label.label("truth"),
        )
        .join(ReferenceStandard, ReferenceStandard.case_id == Assignment.case_id)
        .join(Answer, _is_answer_to_it())
        .where(Assignment.reader_id == reader_id, Assignment.arm == Arm.UNAIDED)
        .order_by(Assignment.position)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _is_answer_to_it() -> sa.ColumnElement[bool]:
    return sa.and_(
        Answer.reader_id == Assignment.reader_id,
        Answer.case_id == Assignment.case_id,
        Answer.arm == Assignment.arm,
    )
