"""What the verbs of readers share: invitation, drawn order, consent text, stage and profile."""

from collections.abc import Sequence
from typing import NamedTuple

from data.texts import quoted
from readerstudy import clock
from readerstudy.db import Session
from readerstudy.db.queries import assignments as queries
from readerstudy.db.queries import studies
from readerstudy.db.tables import Assignment, Invitation, Reader, Study
from readerstudy.domain import Actor, Option, ReaderKind, Role, Stage
from readerstudy.domain.errors import InvitationError, StudyError
from readerstudy.domain.lifecycle import current_stage
from readerstudy.domain.profile import PROFILE_FIELDS, ProfileField, fields_asked
from readerstudy.domain.texts import checked_text
from readerstudy.security import tokens
from readerstudy.services.reading.plans import drawer_of


class ShownConsent(NamedTuple):
    language: str
    text: str


def consent_of(study: Study, language: str) -> ShownConsent:
    """In the language asked for if the study has it, else in English."""
    if language == "zh" and study.consent_text_zh:
        return ShownConsent("zh", study.consent_text_zh)
    return ShownConsent("en", study.consent_text)


def options_of(study: Study, order: Sequence[str] | None = None) -> tuple[Option, ...]:
    """The study's classes, in a reader's `order` if there is one."""
    diseases = study.taxonomy.diseases
    found = {d.code: Option(d.code, d.name_en, d.name_zh) for d in diseases}
    return tuple(found[code] for code in order or found)


def find_invitation(
    session: Session, token: str, *, lock: bool = False
) -> tuple[Invitation, Study]:
    invitation = studies.invitation(session, tokens.hash_token(token), lock=lock)
    if invitation is None:
        raise InvitationError(
            "Expected an invitation link as it was sent, but this one is unknown; "
            "copy the whole link, or ask for a new one."
        )
    if invitation.revoked_at is not None:
        raise InvitationError(
            "Expected a valid link, but this one was taken back; ask for a new one."
        )
    if invitation.expires_at is not None and invitation.expires_at <= clock.now():
        raise InvitationError("Expected a valid link, but this one has expired; ask for a new one.")
    return invitation, queries.study_of(session, invitation.study_id, lock=lock)


def new_reader(session: Session, study: Study) -> Reader:
    reader = Reader(
        study_id=study.id,
        code=tokens.new_reader_code(),
        trail_id=tokens.new_trail_id(),
        kind=ReaderKind.HUMAN,
        order_seed=tokens.new_seed(),
        created_at=clock.now(),
    )
    session.add(reader)
    session.flush()
    drawer = drawer_of(session, study)
    reader.option_order = drawer.option_order(seed=reader.order_seed)
    number = studies.n_readers(session, study.id)[ReaderKind.HUMAN] - 1
    studies.add_rows(session, Assignment, drawer.rows(reader, number=number))
    return reader


def in_trail(reader: Reader) -> Actor:
    """Whom events name: never by the code, since events stay when a reader withdraws."""
    return Actor(role=Role.READER, reader_id=reader.id, name=reader.trail_id or "")


def stage_of(session: Session, reader: Reader, study: Study) -> Stage:
    progress = queries.progress(session, reader.id)
    return current_stage(
        state=study.state,
        has_consent=queries.consent(session, reader.id, study.consent_version) is not None,
        has_profile=queries.profile(session, reader.id) is not None,
        answered=progress.answered,
        total=progress.total,
    )


def asked_of(study: Study) -> tuple[ProfileField, ...]:
    """The questions about the reader that this study's protocol has."""
    wanted = study.protocol.readers
    return fields_asked(wanted.profile, wanted.years)


def checked_profile(
    profile: dict[str, str], asked: Sequence[ProfileField] = PROFILE_FIELDS
) -> dict[str, str]:
    """An empty answer to what is not asked is no answer."""
    known = {field.key: field for field in asked}
    every = {field.key for field in PROFILE_FIELDS}
    profile = {
        key: value for key, value in profile.items() if value or key not in every - set(known)
    }
    for key, value in profile.items():
        if key not in known:
            raise StudyError(
                f"Expected one of {', '.join(known)}, but got the field {quoted(key)}."
            )
        field = known[key]
        if value and field.choices and value not in field.choices:
            raise StudyError(
                f"Expected {field.label} to be one of {', '.join(field.choices)}, "
                f"but got {quoted(value)}; choose one of the list."
            )
        checked_text(value, what=field.label, most=field.max_length)
    return {key: profile.get(key, "").strip() for key in known}
