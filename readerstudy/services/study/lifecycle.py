"""A study after it was opened: closed and signed off, reopened, archived; or copied anew."""

from collections.abc import Mapping

from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import studies as queries
from readerstudy.db.queries import trail
from readerstudy.db.tables import Case, FurtherView, Study
from readerstudy.domain import Actor, SignOff, StudyState
from readerstudy.domain.lifecycle import require_reopenable, require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.texts import checked_reason, required_text
from readerstudy.services.study.drafts import check_new_name

_MAX_SIGNATURE = 200
_MAX_STATEMENT = 2000


def close_study(db: Database, *, actor: Actor, slug: str, sign_off: SignOff) -> None:
    """Answers are no longer taken; whoever signs says in own words that this is right."""
    with db.transaction() as session:
        study = _lock(session, actor, slug)
        require_state(study.state, StudyState.OPEN, doing="close it")
        now = clock.now()
        study.sign_off = {
            "name": required_text(sign_off.name, what="a name", most=_MAX_SIGNATURE),
            "statement": required_text(
                sign_off.statement, what="a statement", most=_MAX_STATEMENT, has_lines=True
            ),
            "at": now.isoformat(),
        }
        study.state, study.closed_at = StudyState.CLOSED, now
        _record(session, actor, study, "close_study", new=study.sign_off)


def reopen_study(db: Database, *, actor: Actor, slug: str, reason: str) -> None:
    """The seal stays that of the first opening; the sign-off goes into the audit trail."""
    with db.transaction() as session:
        study = _lock(session, actor, slug)
        require_state(study.state, StudyState.CLOSED, doing="reopen it")
        require_reopenable(study.protocol)
        old = {
            "closed_at": study.closed_at.isoformat() if study.closed_at else None,
            "sign_off": study.sign_off,
        }
        why = checked_reason(reason)
        study.state, study.closed_at, study.sign_off = StudyState.OPEN, None, None
        _record(session, actor, study, "reopen_study", old=old, reason=why)


def archive_study(db: Database, *, actor: Actor, slug: str) -> None:
    """For good: results and exports stay readable, and nothing changes any more."""
    with db.transaction() as session:
        study = _lock(session, actor, slug)
        require_state(study.state, StudyState.CLOSED, doing="archive it")
        study.state, study.archived_at = StudyState.ARCHIVED, clock.now()
        _record(session, actor, study, "archive_study")


def copy_study(
    db: Database, *, actor: Actor, slug: str, new_slug: str, title: str, with_cases: bool = False
) -> None:
    """A draft with classes, rule, protocol and consent; cases with their images if wanted.

    Readers, answers and predictions are never copied.
    """
    authorise(actor, Permission.MANAGE)
    with db.transaction() as session:
        source = queries.lock_study(session, slug)
        check_new_name(session, new_slug, title)
        study = _draft_like(source, new_slug, title)
        session.add(study)
        session.flush()
        count = _copy_cases(session, source, study) if with_cases else 0
        _record(session, actor, study, "copy_study", new={"from": slug, "n_cases": count})


def _lock(session: Session, actor: Actor, slug: str) -> Study:
    study = queries.lock_study(session, slug)
    authorise(actor, Permission.MANAGE, study_id=study.id)
    return study


def _draft_like(source: Study, slug: str, title: str) -> Study:
    return Study(
        slug=slug,
        title=title.strip(),
        state=StudyState.DRAFT,
        synthetic=source.synthetic,
        stored_taxonomy=source.stored_taxonomy,
        rule=source.rule,
        stored_protocol=source.stored_protocol,
        consent_text=source.consent_text,
        consent_text_zh=source.consent_text_zh,
        consent_version=source.consent_version,
        created_at=clock.now(),
    )


def _copy_cases(session: Session, source: Study, study: Study) -> int:
    """Images are files named by their hash, which both studies share."""
    references = trail.references(session, source.id)
    cases = queries.cases_as_imported(session, source.id)
    copies: dict[int, int] = {}
    for case in cases:
        copy = Case(study_id=study.id, **_columns(case, "study_id"))
        reference = references[case.id]
        queries.add_case(session, copy, label=reference.label, basis=reference.basis)
        copies[case.id] = copy.id
    for view in trail.further_views(session, source.id):
        session.add(FurtherView(case_id=copies[view.case_id], **_columns(view, "case_id")))
    return len(cases)


def _columns(row: Case | FurtherView, *left_out: str) -> dict[str, object]:
    names = [column.key for column in row.__table__.columns]
    return {name: getattr(row, name) for name in names if name not in ("id", *left_out)}


def _record(
    session: Session,
    actor: Actor,
    study: Study,
    verb: str,
    *,
    old: Mapping[str, object] | None = None,
    new: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        session,
        actor=actor,
        verb=verb,
        subject=study.slug,
        study_id=study.id,
        old=old,
        new=new,
        reason=reason,
    )
