"""Looking back at answered cases, and changing an answer, where the protocol allows it."""

from dataclasses import replace
from typing import Any

from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import assignments as queries
from readerstudy.db.tables import Answer, Assignment, Reader, Study
from readerstudy.domain import Actor, CaseView, Given, Measured, Saved, Stage, StudyState
from readerstudy.domain.answer_rules import check_given, usable
from readerstudy.domain.errors import AnswerError, StateError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import reader_of
from readerstudy.domain.reading import part
from readerstudy.services.reading import answering, feedback
from readerstudy.services.reading.readers import in_trail, options_of, stage_of


def earlier_case(db: Database, *, actor: Actor, case_token: str) -> CaseView:
    """An own answered case with the answer that stands; while the study is open."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        assignment = answering.own_assignment(session, reader_id, case_token)
        stored = _stored(session, reader, study, assignment)
        return replace(
            answering.view_of(session, reader, study, assignment),
            seconds_left=None,
            preload=None,
            preload_views=0,
            forth=queries.token_at(session, reader_id, assignment.position + 1),
            given=part(Given, stored),
            is_locked=_why_locked(session, study, assignment) is not None,
            reference=feedback.reference_for(session, study, assignment),
        )


def revise_answer(
    db: Database,
    *,
    actor: Actor,
    case_token: str,
    given: Given,
    client_token: str,
    measured: Measured,
) -> Saved:
    """The same token, or the answer that stands, adds nothing.

    The event says that there is a further revision, not what was answered: events stay for ever.
    """
    reader_id = reader_of(actor)
    answering.check_client_token(client_token)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        assignment = answering.own_assignment(session, reader_id, case_token)
        stored = _stored(session, reader, study, assignment)
        if (reason := _why_locked(session, study, assignment)) is not None:
            raise AnswerError(reason)
        codes = [option.code for option in options_of(study)]
        check_given(given, codes=codes, protocol=study.protocol)
        if given != part(Given, stored) and not _is_known(session, stored, client_token):
            _add_revision(session, reader, assignment, stored, given, client_token, measured)
        return answering.saved_of(session, study, assignment)


def _stored(session: Session, reader: Reader, study: Study, assignment: Assignment) -> Answer:
    require_state(study.state, StudyState.OPEN, doing="look back")
    if stage_of(session, reader, study) not in (Stage.QUIZ, Stage.DONE):
        raise StateError("Expected consent and profile before the first case; reload the page.")
    if not study.protocol.policies.back:
        raise StateError("Expected the next case: this study lets nobody look back; go on.")
    stored = queries.current_answer(session, assignment)
    if stored is None:
        raise AnswerError("Expected a case that you have answered, but this is not; go on.")
    return stored


def _why_locked(session: Session, study: Study, assignment: Assignment) -> str | None:
    if not study.protocol.policies.revise:
        return "Expected the answer that stands: in this study answers are final; go on."
    if queries.is_read_again(session, assignment):
        return "Expected the answer that stands: you have since seen this case again; go on."
    return None


def _is_known(session: Session, stored: Answer, client_token: str) -> bool:
    """Whether it is a retry; a token of another case is refused."""
    known = queries.answer_by_client_token(session, client_token)
    if known is None:
        return False
    if _place(known) != _place(stored):
        raise AnswerError("Expected a new client token, but this one was used; reload the page.")
    return True


def _place(answer: Answer) -> tuple[Any, ...]:
    return answer.reader_id, answer.case_id, answer.arm


def _add_revision(
    session: Session,
    reader: Reader,
    assignment: Assignment,
    stored: Answer,
    given: Given,
    client_token: str,
    measured: Measured,
) -> None:
    measured = usable(measured)
    answer = answering.new_answer(assignment, given, measured, None)
    answer.revision = stored.revision + 1
    answer.client_token = client_token
    answer.active_ms = _sum(stored.active_ms, measured.active_ms)
    answer.zooms = _sum(stored.zooms, measured.zooms)
    session.add(answer)
    audit.record(
        session,
        actor=in_trail(reader),
        verb="revise_answer",
        subject=f"position {assignment.position}",
        study_id=reader.study_id,
        old={"revision": stored.revision},
        new={"revision": answer.revision},
        reason="the reader looked back",
    )
    session.flush()


def _sum(before: int | None, now: int | None) -> int | None:
    """Of all visits to the case; what the browser did not say stays unsaid."""
    return None if before is None or now is None else before + now
