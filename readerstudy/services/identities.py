"""The identified export: who is behind which code. A right of its own, and each use is recorded."""

from readerstudy.db import Database, audit, queries_identities
from readerstudy.db import queries_studies as queries
from readerstudy.entities import Actor
from readerstudy.export import tidy
from readerstudy.export.csvio import write_csv
from readerstudy.rules import Permission, authorise


def export_identities(db: Database, *, actor: Actor, slug: str) -> bytes:
    """CSV of codes and contacts. The trail has the number of rows, and no name."""
    authorise(actor, Permission.SEE_IDENTITIES, study_id=actor.study_id)
    with db.transaction() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_IDENTITIES, study_id=study.id)
        rows = queries_identities.identities(session, study)
        audit.record(
            session,
            actor=actor,
            verb="export identified",
            subject=slug,
            study_id=study.id,
            new={"contacts": len(rows)},
        )
    return write_csv(tidy.names(tidy.IDENTITIES), rows).encode()
