"""What a reader does before the first case: open the invitation, consent, declare a profile."""

import hashlib

from data.texts import quoted
from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import assignments as queries
from readerstudy.db.queries import studies
from readerstudy.db.tables import Consent, Profile, Reader, Study
from readerstudy.domain import Actor, InvitationView, ReaderStatus, Stage, StudyState, Withdrawal
from readerstudy.domain.errors import StateError, StudyError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import reader_of
from readerstudy.services.accounts import open_session
from readerstudy.services.reading.readers import (
    asked_of,
    checked_profile,
    consent_of,
    find_invitation,
    in_trail,
    new_reader,
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
            require_state(study.state, StudyState.OPEN, doing="take part")
            reader = new_reader(session, study)
            invitation.reader_id = reader.id
            audit.record(
                session,
                actor=in_trail(reader),
                verb="accept_invitation",
                subject=study.slug,
                study_id=study.id,
            )
        return open_session(session, reader_id=invitation.reader_id)


def status(db: Database, *, actor: Actor, language: str = "en") -> ReaderStatus:
    """`language` is that of the consent text, if the study has it."""
    reader_id = reader_of(actor)
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
            synthetic=study.synthetic,
            code=reader.code,
            profile_fields=asked_of(study),
            is_closed=study.state in (StudyState.CLOSED, StudyState.ARCHIVED),
            withdrawal=Withdrawal(study.protocol.readers.withdrawal),
            contacts_until=study.protocol.readers.contacts_until,
            gives_feedback=study.protocol.policies.feedback == "immediate",
            back=_last_token(session, reader, study, progress.answered),
        )


def _last_token(session: Session, reader: Reader, study: Study, answered: int) -> str | None:
    """From the last page, where the protocol lets readers look back."""
    if study.state is not StudyState.OPEN or not study.protocol.policies.back:
        return None
    return queries.token_at(session, reader.id, answered)


def give_consent(db: Database, *, actor: Actor, version: str, language: str = "en") -> None:
    """`version` and `language` are those of the text that was shown; its hash is the proof."""
    reader_id = reader_of(actor)
    with db.transaction() as session:
        _, study = queries.reader_and_study(session, reader_id, lock=True)
        require_state(study.state, StudyState.OPEN, doing="consent")
        shown = consent_of(study, language)
        if (version, language) != (study.consent_version, shown.language):
            raise StudyError(
                f"Expected consent to version {study.consent_version} ({shown.language}), "
                f"but got {quoted(version)} ({quoted(language)}); "
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
    reader_id = reader_of(actor)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        require_state(study.state, StudyState.OPEN, doing="save a profile")
        fields = checked_profile(profile, asked_of(study))
        if stage_of(session, reader, study) is Stage.CONSENT:
            raise StateError("Expected consent before the profile; read and accept the text first.")
        stored = queries.profile(session, reader_id)
        if stored is None:
            session.add(Profile(reader_id=reader_id, fields=fields, saved_at=clock.now()))
        elif queries.progress(session, reader_id).answered == 0:
            stored.fields, stored.saved_at = fields, clock.now()
        else:
            raise StateError("Expected the profile before the first answer; it stays as it was.")
