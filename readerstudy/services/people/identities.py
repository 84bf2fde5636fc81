"""Who is behind which code: an export of its own right, each use recorded; and forgetting it."""

from readerstudy.db import Database, audit
from readerstudy.db.queries import identities
from readerstudy.db.queries import studies as queries
from readerstudy.domain import Actor, StudyState
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.files import columns
from readerstudy.files.csvio import write_csv


def export_identities(db: Database, *, actor: Actor, slug: str) -> bytes:
    """CSV of codes and contacts, with the seal. The trail has the number of rows, and no name."""
    authorise(actor, Permission.SEE_IDENTITIES, study_id=actor.study_id)
    with db.transaction() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_IDENTITIES, study_id=study.id)
        seal = study.seal_hash or ""
        rows = [{**row, "seal": seal} for row in identities.identities(session, study)]
        audit.record(
            session,
            actor=actor,
            verb="export identified",
            subject=slug,
            study_id=study.id,
            new={"contacts": len(rows)},
        )
    return write_csv(columns.names(columns.IDENTITIES), rows).encode()


def forget_contacts(db: Database, *, actor: Actor, slug: str) -> int:
    """Names and addresses go for good, codes and answers stay. Returns how many there were."""
    with db.transaction() as session:
        study = queries.lock_study(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        require_state(
            study.state, StudyState.CLOSED, StudyState.ARCHIVED, doing="delete names and addresses"
        )
        count = identities.forget_contacts(session, study.id)
        audit.record(
            session,
            actor=actor,
            verb="forget_contacts",
            subject=slug,
            study_id=study.id,
            new={"contacts": count},
        )
        return count
