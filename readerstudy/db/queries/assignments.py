"""What a reader's page needs. The reference standard and the models are never read here."""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import (
    Answer,
    Assignment,
    Case,
    Consent,
    FurtherView,
    Profile,
    Reader,
    Study,
)
from readerstudy.domain import Arm
from readerstudy.domain.errors import StateError


class Progress(NamedTuple):
    answered: int
    total: int


def reader_and_study(
    session: Session, reader_id: int, *, lock: bool = False
) -> tuple[Reader, Study]:
    """`lock` makes the calls of one reader wait for each other, and closing the study for all.

    SQLite has locked already.
    """
    reader = session.get_one(Reader, reader_id, with_for_update=lock or None)
    if reader.withdrawn_at is not None:
        raise StateError("Expected a reader who takes part, but this one has withdrawn.")
    return reader, study_of(session, reader.study_id, lock=lock)


def study_of(session: Session, study_id: int, *, lock: bool = False) -> Study:
    """`lock` keeps the study from being closed before the transaction ends."""
    return session.get_one(Study, study_id, with_for_update={"read": True} if lock else None)


def progress(session: Session, reader_id: int) -> Progress:
    answered = sa.select(sa.func.count()).where(Answer.reader_id == reader_id, Answer.revision == 1)
    total = sa.select(sa.func.count()).where(Assignment.reader_id == reader_id)
    return Progress(session.scalar(answered) or 0, session.scalar(total) or 0)


def consent(session: Session, reader_id: int, version: str) -> Consent | None:
    return session.scalar(
        sa.select(Consent).where(Consent.reader_id == reader_id, Consent.version == version)
    )


def profile(session: Session, reader_id: int) -> Profile | None:
    return session.get(Profile, reader_id)


def next_assignment(session: Session, reader_id: int) -> Assignment | None:
    """The first of the drawn order that has no answer."""
    return session.scalar(
        sa.select(Assignment)
        .where(Assignment.reader_id == reader_id, ~_has_answer())
        .order_by(Assignment.position)
        .limit(1)
    )


def assignment_after(session: Session, assignment: Assignment) -> Assignment | None:
    """The next place in the order."""
    query = sa.select(Assignment).where(
        Assignment.reader_id == assignment.reader_id,
        Assignment.position == assignment.position + 1,
    )
    return session.scalar(query)


def token_at(session: Session, reader_id: int, position: int) -> str | None:
    """Of an answered case; None where there is none at this place."""
    query = sa.select(Assignment.token).where(
        Assignment.reader_id == reader_id, Assignment.position == position, _has_answer()
    )
    return session.scalar(query)


def is_read_again(session: Session, assignment: Assignment) -> bool:
    """Whether the same case was shown a further time, say with advice."""
    query = sa.select(Assignment.id).where(
        Assignment.reader_id == assignment.reader_id,
        Assignment.case_id == assignment.case_id,
        Assignment.position > assignment.position,
        Assignment.shown_at.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None


def is_read_to_the_end(session: Session, assignment: Assignment) -> bool:
    """Whether no reading of the same case is left to the reader."""
    query = sa.select(Assignment.id).where(
        Assignment.reader_id == assignment.reader_id,
        Assignment.case_id == assignment.case_id,
        ~_has_answer(),
    )
    return session.scalar(query.limit(1)) is None


def is_shown_or_next(session: Session, assignment: Assignment) -> bool:
    before = sa.select(Assignment.shown_at).where(
        Assignment.reader_id == assignment.reader_id,
        Assignment.position == assignment.position - 1,
    )
    return assignment.shown_at is not None or session.scalar(before) is not None


def assignment_by_token(session: Session, reader_id: int, token: str) -> Assignment | None:
    return session.scalar(
        sa.select(Assignment).where(Assignment.reader_id == reader_id, Assignment.token == token)
    )


def current_answer(session: Session, assignment: Assignment) -> Answer | None:
    return session.scalar(
        sa.select(Answer)
        .where(
            Answer.reader_id == assignment.reader_id,
            Answer.case_id == assignment.case_id,
            Answer.arm == assignment.arm,
        )
        .order_by(Answer.revision.desc())
        .limit(1)
    )


def answer_by_client_token(session: Session, client_token: str) -> Answer | None:
    return session.scalar(sa.select(Answer).where(Answer.client_token == client_token))


def image_file(session: Session, case_id: int, *, view: int) -> str | None:
    """View 1 is the case's own image; None where there is no such view."""
    if view == 1:
        own = sa.select(Case.image_file).where(Case.id == case_id)
        return session.scalars(own).one()
    return session.scalar(
        sa.select(FurtherView.image_file).where(
            FurtherView.case_id == case_id, FurtherView.position == view
        )
    )


def view_captions(session: Session, case_id: int) -> list[str]:
    """Of all views in order; the case's own image has none."""
    query = sa.select(FurtherView.caption).where(FurtherView.case_id == case_id)
    return ["", *session.scalars(query.order_by(FurtherView.position))]


def clinical_text(session: Session, case_id: int) -> str:
    query = sa.select(Case.clinical_text).where(Case.id == case_id)
    return session.scalars(query).one()


def first_reading(session: Session, assignment: Assignment) -> Answer | None:
    """The reader's own answer to the same case before advice, if there was one."""
    return session.scalar(
        sa.select(Answer)
        .where(
            Answer.reader_id == assignment.reader_id,
            Answer.case_id == assignment.case_id,
            Answer.arm == Arm.UNAIDED,
        )
        .order_by(Answer.revision.desc())
        .limit(1)
    )


def _has_answer() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Answer.reader_id == Assignment.reader_id,
        Answer.case_id == Assignment.case_id,
        Answer.arm == Assignment.arm,
    )
