"""What of a case is shown: its own image alone (level I), or further views and text too."""

from readerstudy.db import Session
from readerstudy.db.queries import assignments as queries
from readerstudy.db.tables import Study


def views(session: Session, study: Study, case_id: int) -> tuple[str, ...]:
    """A caption, or nothing, for each image that is shown of a case, given by its row id."""
    return tuple(queries.view_captions(session, case_id)) if _is_full(study) else ("",)


def clinical_text(session: Session, study: Study, case_id: int) -> str:
    return queries.clinical_text(session, case_id) if _is_full(study) else ""


def image_file(session: Session, study: Study, case_id: int, *, view: int) -> str | None:
    """None where there is no such view, or it is not shown."""
    if view > 1 and not _is_full(study):
        return None
    return queries.image_file(session, case_id, view=view)


def _is_full(study: Study) -> bool:
    return study.protocol.questions.information == "full"
