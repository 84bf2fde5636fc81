"""The only way of a reference standard to a reader of an open study: docs/decisions/040."""

from readerstudy.db import Session
from readerstudy.db.queries import assignments as queries
from readerstudy.db.queries import feedback
from readerstudy.db.tables import Assignment, Study


def reference_for(session: Session, study: Study, assignment: Assignment) -> str | None:
    """None unless the protocol gives feedback and no reading of the case is left to the reader."""
    if study.protocol.policies.feedback != "immediate":
        return None
    if not queries.is_read_to_the_end(session, assignment):
        return None
    return feedback.reference_of(session, assignment)
