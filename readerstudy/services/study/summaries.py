"""What staff see of studies and of how far their readers are, before any result."""

from readerstudy.db import Database, Session
from readerstudy.db.queries import invitations
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import Study
from readerstudy.domain import (
    Actor,
    ReaderKind,
    ReaderProgress,
    StudyState,
    StudySummary,
    Withdrawal,
)
from readerstudy.domain.lifecycle import current_stage, keeps_closed
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.services.reading.readers import options_of


def list_studies(db: Database, *, actor: Actor) -> list[StudySummary]:
    """Those that the actor may see; refuses readers."""
    authorise(actor, Permission.SEE_PROGRESS, study_id=actor.study_id)
    with db.reading() as session:
        return [
            _summary(session, study)
            for study in queries.studies(session)
            if actor.study_id in (None, study.id)
        ]


def study_names(db: Database, *, actor: Actor) -> dict[str, str]:
    """Title by short name, of those that the actor may see; refuses readers."""
    authorise(actor, Permission.SEE_PROGRESS, study_id=actor.study_id)
    with db.reading() as session:
        return {
            study.slug: study.title
            for study in queries.studies(session)
            if actor.study_id in (None, study.id)
        }


def study_summary(db: Database, *, actor: Actor, slug: str) -> StudySummary:
    authorise(actor, Permission.SEE_PROGRESS, study_id=actor.study_id)
    with db.reading() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_PROGRESS, study_id=study.id)
        return _summary(session, study)


def progress(db: Database, *, actor: Actor, slug: str) -> list[ReaderProgress]:
    with db.reading() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_PROGRESS, study_id=study.id)
        return [
            _progress(study.state, counts)
            for counts in queries.reader_counts(session, study.id)
            if counts.reader.withdrawal is not Withdrawal.DELETE
        ]


def _progress(state: StudyState, counts: queries.ReaderCounts) -> ReaderProgress:
    return ReaderProgress(
        code=counts.reader.code,
        kind=counts.reader.kind,
        stage=current_stage(
            state=state,
            has_consent=counts.has_consent,
            has_profile=counts.has_profile,
            answered=counts.answered,
            total=counts.total,
        ),
        answered=counts.answered,
        total=counts.total,
        last_answer_at=counts.last_answer_at,
    )


def _summary(session: Session, study: Study) -> StudySummary:
    readers = queries.n_readers(session, study.id)
    answers = queries.n_answers(session, study.id)
    return StudySummary(
        slug=study.slug,
        title=study.title,
        state=study.state,
        synthetic=study.synthetic,
        n_cases=queries.n_cases(session, study.id),
        n_readers=readers.get(ReaderKind.HUMAN, 0) - queries.n_deleted_readers(session, study.id),
        n_simulated=readers.get(ReaderKind.SIMULATED, 0),
        n_answers=answers.get(ReaderKind.HUMAN, 0),
        n_simulated_answers=answers.get(ReaderKind.SIMULATED, 0),
        models=tuple(model.name for model in queries.models(session, study.id)),
        classes=options_of(study),
        rule=study.rule,
        seal_hash=study.seal_hash,
        opened_at=study.opened_at,
        closed_at=study.closed_at,
        gives_feedback=study.protocol.policies.feedback == "immediate",
        takes_requests=study.takes_requests,
        n_waiting=invitations.n_pending(session, study.id),
        keeps_closed=keeps_closed(study.protocol),
        contacts_until=study.protocol.readers.contacts_until,
    )
