"""What a reader does: open the invitation, consent, declare a profile, answer case by case."""

import hashlib
from datetime import datetime

from readerstudy import clock, rules
from readerstudy.db import Database, Session, audit
from readerstudy.db import queries_reading as queries
from readerstudy.db import queries_studies as studies
from readerstudy.db.tables import Answer, Assignment, Consent, Profile, Reader, Study
from readerstudy.entities import (
    Actor,
    CaseView,
    InvitationView,
    ReaderStatus,
    Saved,
    Stage,
    StudyState,
)
from readerstudy.errors import (
    AlreadyAnswered,
    AnswerError,
    NotFoundError,
    StateError,
    StudyError,
)
from readerstudy.services import images
from readerstudy.services.accounts import open_session
from readerstudy.services.readers import (
    actor_of,
    checked_profile,
    consent_of,
    find_invitation,
    new_reader,
    options_of,
    stage_of,
)

_MAX_CLIENT_TOKEN = 80


def look_up_invitation(db: Database, *, token: str) -> InvitationView:
    with db.reading() as session:
        invitation, study = find_invitation(session, token)
        return InvitationView(
            study_title=study.title,
            synthetic=study.synthetic,
            n_cases=studies.n_cases(session, study.id),
            state=study.state,
            is_accepted=invitation.reader_id is not None,
        )


def accept_invitation(db: Database, *, token: str) -> str:
    """The first time makes the reader; later the same link signs the same reader in again."""
    with db.transaction() as session:
        invitation, study = find_invitation(session, token, lock=True)
        if invitation.reader_id is None:
            rules.require_state(study.state, StudyState.OPEN, doing="take part")
            reader = new_reader(session, study)
            invitation.reader_id = reader.id
            audit.record(
                session,
                actor=actor_of(reader),
                verb="accept_invitation",
                subject=reader.code,
                study_id=study.id,
            )
        return open_session(session, reader_id=invitation.reader_id)


def status(db: Database, *, actor: Actor, language: str = "en") -> ReaderStatus:
    """`language` is that of the consent text, if the study has it."""
    reader_id = rules.reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        progress = queries.progress(session, reader_id)
        shown = consent_of(study, language)
        return ReaderStatus(
            stage=stage_of(session, reader, study),
            study_title=study.title,
            consent_text=shown.text,
            consent_language=shown.language,
            consent_version=study.consent_version,
            answered=progress.answered,
            total=progress.total,
            ask_confidence=study.ask_confidence,
            synthetic=study.synthetic,
            options=options_of(study),
            code=reader.code,
        )


def give_consent(db: Database, *, actor: Actor, version: str, language: str = "en") -> None:
    """`version` and `language` are those of the text that was shown; its hash is the proof."""
    reader_id = rules.reader_of(actor)
    with db.transaction() as session:
        _, study = queries.reader_and_study(session, reader_id, lock=True)
        rules.require_state(study.state, StudyState.OPEN, doing="consent")
        shown = consent_of(study, language)
        if (version, language) != (study.consent_version, shown.language):
            raise StudyError(
                f"Expected consent to version {study.consent_version} ({shown.language}), "
                f"but got {version!r} ({language}); "
                "reload the page and read the present text."
            )
        if queries.consent(session, reader_id, version) is not None:
            return
        session.add(
            Consent(
                reader_id=reader_id,
                version=version,
                language=language,
                text_sha256=hashlib.sha256(shown.text.encode()).hexdigest(),
                given_at=clock.now(),
            )
        )


def save_profile(db: Database, *, actor: Actor, profile: dict[str, str]) -> None:
    """A second call replaces the first until the reader has begun; unknown keys are refused."""
    reader_id = rules.reader_of(actor)
    fields = checked_profile(profile)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        rules.require_state(study.state, StudyState.OPEN, doing="save a profile")
        if stage_of(session, reader, study) is Stage.CONSENT:
            raise StateError("Expected consent before the profile; read and accept the text first.")
        stored = queries.profile(session, reader_id)
        if stored is None:
            session.add(Profile(reader_id=reader_id, fields=fields, saved_at=clock.now()))
        elif queries.progress(session, reader_id).answered == 0:
            stored.fields, stored.saved_at = fields, clock.now()
        else:
            raise StateError("Expected the profile before the first answer; it stays as it was.")


def current_case(db: Database, *, actor: Actor) -> CaseView | None:
    """The first unanswered case of the drawn order; notes once when it was first shown."""
    reader_id = rules.reader_of(actor)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        if stage_of(session, reader, study) is not Stage.QUIZ:
            return None
        assignment = queries.next_assignment(session, reader_id)
        if assignment is None:
            return None
        assignment.shown_at = assignment.shown_at or clock.now()
        return CaseView(
            case_token=assignment.token,
            position=assignment.position,
            total=queries.progress(session, reader_id).total,
            options=options_of(study),
            ask_confidence=study.ask_confidence,
        )


def submit_answer(
    db: Database,
    *,
    actor: Actor,
    case_token: str,
    answer: str,
    confidence: int | None,
    client_token: str,
    active_ms: int | None,
) -> Saved:
    """Returns after the commit. The same token, or the same answer again, is the same answer."""
    reader_id = rules.reader_of(actor)
    _check_client_token(client_token)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        assignment = _assignment(session, reader_id, case_token)
        stored = queries.current_answer(session, assignment)
        if stored is not None:
            return _repeated(session, stored, answer=answer, client_token=client_token)
        _check_may_answer(session, reader, study, assignment, client_token)
        codes = [option.code for option in options_of(study)]
        rules.check_answer(answer, confidence, codes=codes, ask_confidence=study.ask_confidence)
        session.add(
            _first_answer(
                assignment,
                answer=answer,
                confidence=confidence,
                client_token=client_token,
                active_ms=rules.usable_active_ms(active_ms),
            )
        )
        session.flush()
        return Saved(*queries.progress(session, reader_id))


def case_image(db: Database, *, actor: Actor, case_token: str) -> bytes:
    """Only images that the server has shown to this reader, and only while the study is open."""
    reader_id = rules.reader_of(actor)
    with db.reading() as session:
        _, study = queries.reader_and_study(session, reader_id)
        rules.require_state(study.state, StudyState.OPEN, doing="see a case")
        assignment = _assignment(session, reader_id, case_token)
        _shown_at(assignment)
        file = queries.image_file(session, assignment)
    return images.load(file, folder=db.images)


def _check_client_token(client_token: str) -> None:
    if not 0 < len(client_token) <= _MAX_CLIENT_TOKEN:
        raise AnswerError(
            f"Expected a client token of 1 to {_MAX_CLIENT_TOKEN} characters, "
            f"but got {len(client_token)}; reload the page."
        )


def _assignment(session: Session, reader_id: int, case_token: str) -> Assignment:
    assignment = queries.assignment_by_token(session, reader_id, case_token)
    if assignment is None:
        raise NotFoundError("Expected a case of yours, but this one is unknown; reload the page.")
    return assignment


def _shown_at(assignment: Assignment) -> datetime:
    if assignment.shown_at is None:
        raise AnswerError("Expected the case on the page, but got a later one; reload the page.")
    return assignment.shown_at


def _repeated(session: Session, stored: Answer, *, answer: str, client_token: str) -> Saved:
    saved = Saved(*queries.progress(session, stored.reader_id))
    if stored.client_token == client_token or stored.answer == answer:
        return saved
    raise AlreadyAnswered(
        f"Expected no further answer, but this case has one already ({stored.answer}), "
        "which stands; go on with the next case.",
        saved=saved,
    )


def _check_may_answer(
    session: Session, reader: Reader, study: Study, assignment: Assignment, client_token: str
) -> None:
    rules.require_state(study.state, StudyState.OPEN, doing="answer")
    if stage_of(session, reader, study) is not Stage.QUIZ:
        raise StateError("Expected consent and profile before the first answer; reload the page.")
    _shown_at(assignment)
    if queries.answer_by_client_token(session, client_token) is not None:
        raise AnswerError("Expected a new client token, but this one was used; reload the page.")


def _first_answer(
    assignment: Assignment,
    *,
    answer: str,
    confidence: int | None,
    client_token: str,
    active_ms: int | None,
) -> Answer:
    shown_at = _shown_at(assignment)
    return Answer(
        reader_id=assignment.reader_id,
        case_id=assignment.case_id,
        arm=assignment.arm,
        revision=1,
        answer=answer,
        confidence=confidence,
        client_token=client_token,
        shown_at=shown_at,
        answered_at=rules.not_before(clock.now(), shown_at),
        active_ms=active_ms,
        timed_out=False,
    )
