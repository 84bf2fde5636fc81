"""What a reader's page needs. The reference standard and the models are never read here."""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import Answer, Assignment, Case, Consent, Profile, Reader, Study


class Progress(NamedTuple):
    answered: int
    total: int


def reader_and_study(
    session: Session, reader_id: int, *, lock: bool = False
) -> tuple[Reader, Study]:
    """`lock` makes the calls of one reader wait for each other (SQLite has locked already)."""
    query = sa.select(Reader).where(Reader.id == reader_id)
    reader = session.scalars(query.with_for_update() if lock else query).one()
    return reader, session.get_one(Study, reader.study_id)


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


def image_file(session: Session, assignment: Assignment) -> str:
    return session.scalars(sa.select(Case.image_file).where(Case.id == assignment.case_id)).one()


def case_ids(session: Session, study_id: int) -> list[int]:
    return list(session.scalars(sa.select(Case.id).where(Case.study_id == study_id)))


def _has_answer() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Answer.reader_id == Assignment.reader_id,
        Answer.case_id == Assignment.case_id,
        Answer.arm == Assignment.arm,
    )
