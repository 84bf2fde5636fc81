"""The flow of people through a study: from invitation to analysis."""

from collections import Counter
from collections.abc import Collection, Sequence

from readerstudy.db import Database, Session
from readerstudy.db.queries import progress, studies
from readerstudy.db.queries.studies import ReaderCounts
from readerstudy.db.tables import Study
from readerstudy.domain import Actor, Flow, ReaderKind, Withdrawal
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.protocol import Analysis
from readerstudy.services.results.readings import exclusions

TOO_FEW = "too few cases answered"
INATTENTIVE = "too many attention checks wrong"


def flow(db: Database, *, actor: Actor, slug: str) -> Flow:
    with db.reading() as session:
        study = studies.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_PROGRESS, study_id=study.id)
        return flow_of(session, study)


def left_out(db: Database, *, actor: Actor, slug: str) -> tuple[Analysis, dict[str, str]]:
    """The rules of the protocol, and why by the code of each reader whom they leave out.

    It tells what a reader got wrong in attention checks: results, not progress.
    """
    with db.reading() as session:
        study = studies.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_RESULTS, study_id=study.id)
        return study.protocol.analysis, exclusions(session, study)


def flow_of(session: Session, study: Study) -> Flow:
    counts = studies.reader_counts(session, study.id)
    people = [c for c in counts if c.reader.kind is ReaderKind.HUMAN]
    has_started = progress.started(session, study.id)
    started = [person for person in people if person.reader.id in has_started]
    kept = [p for p in started if p.reader.withdrawal is not Withdrawal.DELETE]
    excluded = _excluded(session, study, kept)
    withdrawn = _withdrawn(people)
    return Flow(
        requests=progress.n_requests(session, study.id),
        invited=progress.n_invitations(session, study.id),
        revoked=progress.n_revoked(session, study.id) - withdrawn.get(Withdrawal.ANONYMISE, 0),
        accepted=len(people),
        consented=sum(person.has_consent for person in people),
        started=len(started),
        completed=sum(0 < person.total <= person.answered for person in started),
        excluded=excluded,
        withdrawn=withdrawn,
        analysed=len(kept) - sum(excluded.values()),
        simulated=len(counts) - len(people),
    )


def _withdrawn(people: Sequence[ReaderCounts]) -> dict[Withdrawal, int]:
    rules = [person.reader.withdrawal for person in people]
    return dict(Counter(rule for rule in rules if rule is not None))


def _excluded(session: Session, study: Study, people: Collection[ReaderCounts]) -> dict[str, int]:
    """A reader whom both rules leave out counts once, under the first."""
    first = study.protocol.analysis.model_copy(update={"max_attention_errors": None})
    too_few = exclusions(session, study, analysis=first)
    out = exclusions(session, study)
    codes = [person.reader.code for person in people if person.reader.code in out]
    return dict(Counter(TOO_FEW if code in too_few else INATTENTIVE for code in codes))
