"""Whether anything was stored since: a key that is cheap to ask and changes with every answer."""

from collections.abc import Hashable

from readerstudy.db import Session
from readerstudy.db.queries import studies, trail
from readerstudy.db.tables import Study


def state_of(session: Session, study: Study) -> tuple[Hashable, ...]:
    """Names everything that results, coverage and hardest cases are computed from."""
    return (
        study.id,
        study.seal_hash,
        tuple(sorted(studies.n_answers(session, study.id, with_revisions=True).items())),
        tuple(sorted(studies.n_readers(session, study.id).items())),
        studies.n_cases(session, study.id),
        studies.n_shown(session, study.id),
        len(studies.models(session, study.id)),
        trail.n_amendments(session, study.id),
        studies.n_withdrawn(session, study.id),
    )
