"""What a reader does case by case: see it, answer it, once."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from readerstudy import clock
from readerstudy.db import Database, Session
from readerstudy.db.queries import assignments as queries
from readerstudy.db.tables import Answer, Assignment, Reader, Study, Support
from readerstudy.domain import (
    Actor,
    Advice,
    AdvicePicture,
    Arm,
    CaseView,
    Given,
    Measured,
    Saved,
    Stage,
    StudyState,
)
from readerstudy.domain.answer_rules import (
    check_given,
    is_too_late,
    not_before,
    seconds_left,
    usable,
)
from readerstudy.domain.errors import AlreadyAnswered, AnswerError, NotFoundError, StateError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import reader_of
from readerstudy.domain.texts import checked_text
from readerstudy.services.intake import image_store, supports
from readerstudy.services.reading import case_views, feedback
from readerstudy.services.reading.readers import options_of, stage_of

_MAX_CLIENT_TOKEN = 80
_LATER = "Expected the case on the page, but got a later one; reload the page."


def current_case(db: Database, *, actor: Actor) -> CaseView | None:
    """The first unanswered case of the drawn order; notes once when it was first shown."""
    reader_id = reader_of(actor)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        if stage_of(session, reader, study) is not Stage.QUIZ:
            return None
        assignment = queries.next_assignment(session, reader_id)
        if assignment is None:
            return None
        assignment.shown_at = assignment.shown_at or clock.now()
        return view_of(session, reader, study, assignment)


def submit_answer(
    db: Database,
    *,
    actor: Actor,
    case_token: str,
    given: Given,
    client_token: str,
    measured: Measured,
) -> Saved:
    """Returns after the commit. The same token, or the same answer again, is the same answer."""
    reader_id = reader_of(actor)
    check_client_token(client_token)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        assignment = own_assignment(session, reader_id, case_token)
        stored = queries.current_answer(session, assignment)
        if stored is not None:
            saved = saved_of(session, study, assignment)
            return _repeated(saved, stored, answer=given.answer, client_token=client_token)
        _check_may_answer(session, reader, study, assignment, client_token)
        protocol = study.protocol
        codes = [option.code for option in options_of(study)]
        check_given(given, codes=codes, protocol=protocol)
        answer = new_answer(assignment, given, usable(measured), protocol.time_limit_s)
        answer.client_token = client_token
        session.add(answer)
        session.flush()
        return saved_of(session, study, assignment)


def case_image(db: Database, *, actor: Actor, case_token: str, view: int = 1) -> bytes:
    """Of cases that were shown, and of the next, which the page fetches beforehand; while open."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        _, study = queries.reader_and_study(session, reader_id)
        require_state(study.state, StudyState.OPEN, doing="see a case")
        assignment = own_assignment(session, reader_id, case_token)
        if not queries.is_shown_or_next(session, assignment):
            raise AnswerError(
                "Expected the case on the page, but got a later one; reload the page."
            )
        file = case_views.image_file(session, study, assignment.case_id, view=view)
    if file is None:
        raise NotFoundError(f"Expected a view of this case, but it has no view {view}; reload.")
    return image_store.load(file, folder=db.images)


def support_image(db: Database, *, actor: Actor, case_token: str, number: int) -> bytes:
    """A picture beside the advice, once the advice itself was shown; while open.

    With a second reading that is after the first answer was stored.
    """
    reader_id = reader_of(actor)
    with db.reading() as session:
        _, study = queries.reader_and_study(session, reader_id)
        require_state(study.state, StudyState.OPEN, doing="see a case")
        assignment = own_assignment(session, reader_id, case_token)
        _shown_at(assignment)
        found = supports.shown(session, study, assignment.case_id) if assignment.advice else []
        if not 1 <= number <= len(found):
            raise NotFoundError(
                f"Expected a picture beside the advice, but it has no number {number}; reload."
            )
        file = found[number - 1].image_file
    return image_store.load(file, folder=db.images)


def saved_of(session: Session, study: Study, assignment: Assignment) -> Saved:
    progress = queries.progress(session, assignment.reader_id)
    return Saved(*progress, feedback.reference_for(session, study, assignment))


def view_of(session: Session, reader: Reader, study: Study, assignment: Assignment) -> CaseView:
    protocol = study.protocol
    advice = assignment.advice
    after = queries.assignment_after(session, assignment)
    first = queries.first_reading(session, assignment) if advice else None
    return CaseView(
        case_token=assignment.token,
        position=assignment.position,
        total=queries.progress(session, reader.id).total,
        is_practice=assignment.arm is Arm.PRACTICE,
        options=options_of(study, reader.option_order),
        questions=protocol.questions,
        clinical_text=case_views.clinical_text(session, study, assignment.case_id),
        seconds_left=seconds_left(
            _shown_at(assignment), limit_s=protocol.time_limit_s, now=clock.now()
        ),
        advice=advice_of(advice, supports.shown(session, study, assignment.case_id))
        if advice
        else None,
        first_answer=first.answer if first else None,
        views=case_views.views(session, study, assignment.case_id),
        preload=after.token if after else None,
        preload_views=len(case_views.views(session, study, after.case_id)) if after else 0,
        back=queries.token_at(session, reader.id, assignment.position - 1)
        if protocol.policies.back
        else None,
    )


def advice_of(advice: dict[str, Any], pictures: Sequence[Support]) -> Advice:
    """Whether it is wrong on purpose stays on the server until the reader is done."""
    return Advice(
        advice["model"],
        tuple((code, p) for code, p in advice["shown"]),
        advice.get("malignancy"),
        tuple(AdvicePicture(its.kind, its.caption) for its in pictures),
    )


def check_client_token(client_token: str) -> None:
    if not 0 < len(client_token) <= _MAX_CLIENT_TOKEN:
        raise AnswerError(
            f"Expected a client token of 1 to {_MAX_CLIENT_TOKEN} characters, "
            f"but got {len(client_token)}; reload the page."
        )
    checked_text(client_token, what="a client token", most=_MAX_CLIENT_TOKEN)


def own_assignment(session: Session, reader_id: int, case_token: str) -> Assignment:
    assignment = queries.assignment_by_token(session, reader_id, case_token)
    if assignment is None:
        raise NotFoundError("Expected a case of yours, but this one is unknown; reload the page.")
    return assignment


def _shown_at(assignment: Assignment) -> datetime:
    if assignment.shown_at is None:
        raise AnswerError(_LATER)
    return assignment.shown_at


def _repeated(saved: Saved, stored: Answer, *, answer: str, client_token: str) -> Saved:
    if stored.client_token == client_token or stored.answer == answer:
        return saved
    raise AlreadyAnswered(
        f"Expected no further answer, but this case has one already ({stored.answer or 'none'}), "
        "which stands; go on with the next case.",
        saved=saved,
    )


def _check_may_answer(
    session: Session, reader: Reader, study: Study, assignment: Assignment, client_token: str
) -> None:
    require_state(study.state, StudyState.OPEN, doing="answer")
    if stage_of(session, reader, study) is not Stage.QUIZ:
        raise StateError("Expected consent and profile before the first answer; reload the page.")
    _shown_at(assignment)
    if queries.answer_by_client_token(session, client_token) is not None:
        raise AnswerError("Expected a new client token, but this one was used; reload the page.")


def new_answer(
    assignment: Assignment, given: Given, measured: Measured, limit_s: int | None
) -> Answer:
    """Revision 1. An answer after the time was up is kept as none: missing, not wrong."""
    shown_at, now = _shown_at(assignment), clock.now()
    if given.timed_out or is_too_late(shown_at, limit_s=limit_s, now=now):
        given = Given(answer="", timed_out=True)
    return Answer(
        reader_id=assignment.reader_id,
        case_id=assignment.case_id,
        arm=assignment.arm,
        revision=1,
        shown_at=shown_at,
        answered_at=not_before(now, shown_at),
        **asdict(given),
        **asdict(measured),
    )
