"""The one query for a reader's page that reads the reference standard: see services/feedback.py."""

from sqlalchemy.orm import Session

from readerstudy.db.tables import Assignment, ReferenceStandard


def reference_of(session: Session, assignment: Assignment) -> str:
    return session.get_one(ReferenceStandard, assignment.case_id).label
