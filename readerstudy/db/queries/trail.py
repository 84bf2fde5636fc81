"""What happened to a study after it was made: amendments, and the audit trail."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import (
    Case,
    Event,
    FurtherView,
    Reader,
    ReferenceAmendment,
    ReferenceStandard,
)


def case_named(session: Session, study_id: int, case_id: str) -> Case | None:
    return session.scalar(sa.select(Case).where(Case.study_id == study_id, Case.case_id == case_id))


def reference(session: Session, case_row: int) -> ReferenceStandard:
    return session.scalars(
        sa.select(ReferenceStandard).where(ReferenceStandard.case_id == case_row)
    ).one()


def references(session: Session, study_id: int) -> dict[int, ReferenceStandard]:
    """By the case's row id."""
    query = sa.select(ReferenceStandard).join(Case, Case.id == ReferenceStandard.case_id)
    found = session.scalars(query.where(Case.study_id == study_id))
    return {reference.case_id: reference for reference in found}


def amendments(session: Session, study_id: int) -> list[tuple[str, ReferenceAmendment]]:
    """Name of the case and what was amended, in the order in which it was."""
    query = (
        sa.select(Case.case_id, ReferenceAmendment)
        .join(Case, Case.id == ReferenceAmendment.case_id)
        .where(Case.study_id == study_id)
        .order_by(ReferenceAmendment.id)
    )
    return list(session.execute(query).tuples())


def n_amendments(session: Session, study_id: int) -> int:
    query = sa.select(sa.func.count()).select_from(ReferenceAmendment)
    query = query.join(Case, Case.id == ReferenceAmendment.case_id)
    return session.scalar(query.where(Case.study_id == study_id)) or 0


def sealed_references(session: Session, study_id: int) -> dict[int, tuple[str, str]]:
    """Label and basis of all cases when the study opened, by the case's row id."""
    found: dict[int, tuple[str, str]] = {}
    for _, amendment in amendments(session, study_id):
        found.setdefault(amendment.case_id, (amendment.old_label, amendment.old_basis))
    now = references(session, study_id).items()
    return {case_id: (its.label, its.basis) for case_id, its in now} | found


def further_views(session: Session, study_id: int) -> Sequence[FurtherView]:
    query = sa.select(FurtherView).join(Case, Case.id == FurtherView.case_id)
    return session.scalars(query.where(Case.study_id == study_id).order_by(FurtherView.id)).all()


def events(session: Session, study_id: int | None, *, most: int | None) -> Sequence[Event]:
    """Newest first; of one study, or all of them."""
    query = sa.select(Event).order_by(Event.id.desc()).limit(most)
    if study_id is not None:
        query = query.where(Event.study_id == study_id)
    return session.scalars(query).all()


def trail_names(session: Session) -> dict[str, str]:
    """Codes of the readers who take part, by the name under which events know them."""
    query = sa.select(Reader.trail_id, Reader.code).where(Reader.trail_id.is_not(None))
    return {trail_id: code for trail_id, code in session.execute(query).tuples() if trail_id}


def n_events(session: Session, study_id: int | None) -> int:
    query = sa.select(sa.func.count()).select_from(Event)
    if study_id is not None:
        query = query.where(Event.study_id == study_id)
    return session.scalar(query) or 0
