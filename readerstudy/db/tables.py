"""The tables. Invariants are constraints here; docs/database.md explains the choices."""

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from readerstudy.db.types import UtcDateTime, enum_column
from readerstudy.entities import (
    Arm,
    CaseRole,
    ReaderKind,
    RequestState,
    Role,
    Rule,
    StudyState,
    SupportKind,
    Withdrawal,
)

Json = dict[str, Any]


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Json: sa.JSON(),
        Role: enum_column(Role),
        StudyState: enum_column(StudyState),
        Arm: enum_column(Arm),
        CaseRole: enum_column(CaseRole, is_checked=False),
        ReaderKind: enum_column(ReaderKind),
        Rule: enum_column(Rule),
        SupportKind: enum_column(SupportKind),
        RequestState: enum_column(RequestState),
        Withdrawal: enum_column(Withdrawal, is_checked=False),
    }


def _id() -> Mapped[int]:
    return mapped_column(primary_key=True)


def _reference(target: str) -> Mapped[int]:
    return mapped_column(sa.ForeignKey(target), index=True)


class Study(Base):
    __tablename__ = "studies"

    id: Mapped[int] = _id()
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[StudyState]
    synthetic: Mapped[bool]
    taxonomy: Mapped[Json]
    rule: Mapped[Rule]
    protocol: Mapped[Json] = mapped_column(server_default="{}")
    consent_text: Mapped[str] = mapped_column(sa.Text)
    consent_text_zh: Mapped[str | None] = mapped_column(sa.Text)
    consent_version: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    sign_off: Mapped[Json | None] = mapped_column(sa.JSON(none_as_null=True))
    seal_hash: Mapped[str | None] = mapped_column(sa.String(64))


class Account(Base):
    """`study_id` empty means every study."""

    __tablename__ = "accounts"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    role: Mapped[Role]
    study_id: Mapped[int | None] = mapped_column(sa.ForeignKey("studies.id"))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed or unfinished sign-ins; a success clears those of its name and address."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(sa.String(60), index=True)
    address: Mapped[str] = mapped_column(sa.String(45), server_default="")
    at: Mapped[datetime]


class SignedIn(Base):
    """A signed-in session of an account or of a reader, never of both."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.CheckConstraint("(account_id IS NULL) <> (reader_id IS NULL)", name="one_owner"),
    )

    id: Mapped[int] = _id()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    reader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("readers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Case(Base):
    __tablename__ = "cases"
    __table_args__ = (sa.UniqueConstraint("study_id", "case_id"),)

    id: Mapped[int] = _id()
    study_id: Mapped[int] = _reference("studies.id")
    case_id: Mapped[str] = mapped_column(sa.String(200))
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    lesion_id: Mapped[str] = mapped_column(sa.String(200))
    patient_id: Mapped[str] = mapped_column(sa.String(200))
    site: Mapped[str] = mapped_column(sa.String(200))
    age_band: Mapped[str] = mapped_column(sa.String(100))
    skin_tone: Mapped[str] = mapped_column(sa.String(100))
    source: Mapped[str] = mapped_column(sa.String(500))
    licence: Mapped[str] = mapped_column(sa.String(500))
    role: Mapped[CaseRole] = mapped_column(server_default=CaseRole.TEST.value)
    is_repeated: Mapped[bool] = mapped_column(server_default=sa.false())
    clinical_text: Mapped[str] = mapped_column(sa.Text, server_default="")


class FurtherView(Base):
    """A further image of a case; the first is the case's own, at position 1."""

    __tablename__ = "case_views"
    __table_args__ = (sa.UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = _id()
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"))
    position: Mapped[int]
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    caption: Mapped[str] = mapped_column(sa.String(200))


class ReferenceStandard(Base):
    """Apart from `cases`, so that no query made for a reader can carry it along."""

    __tablename__ = "reference_standards"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(40))
    basis: Mapped[str] = mapped_column(sa.String(200))


class ReferenceAmendment(Base):
    """Append-only: a reference standard that was mended after the study closed, and why."""

    __tablename__ = "reference_amendments"

    id: Mapped[int] = _id()
    case_id: Mapped[int] = _reference("cases.id")
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    old_label: Mapped[str] = mapped_column(sa.String(40))
    old_basis: Mapped[str] = mapped_column(sa.String(200))
    new_label: Mapped[str] = mapped_column(sa.String(40))
    new_basis: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.String(500))


class Model(Base):
    """One imported set of predictions: the model as it was when the file was made."""

    __tablename__ = "models"
    __table_args__ = (sa.UniqueConstraint("study_id", "name"),)

    id: Mapped[int] = _id()
    study_id: Mapped[int] = _reference("studies.id")
    name: Mapped[str] = mapped_column(sa.String(60))
    checkpoint_sha256: Mapped[str] = mapped_column(sa.String(64))
    card: Mapped[Json]
    imported_at: Mapped[datetime]


class ModelPrediction(Base):
    """`probabilities`: {code: probability} over the model's own classes."""

    __tablename__ = "predictions"

    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    probabilities: Mapped[Json]


class Support(Base):
    """A picture shown beside a model's advice: its saliency map, or a similar known case."""

    __tablename__ = "supports"
    __table_args__ = (sa.UniqueConstraint("model_id", "case_id", "kind", "position"),)

    id: Mapped[int] = _id()
    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"))
    case_id: Mapped[int] = _reference("cases.id")
    kind: Mapped[SupportKind]
    position: Mapped[int]
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    caption: Mapped[str] = mapped_column(sa.String(200))


class Reader(Base):
    __tablename__ = "readers"
    __table_args__ = (sa.UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = _id()
    study_id: Mapped[int] = _reference("studies.id")
    code: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[ReaderKind]
    order_seed: Mapped[int] = mapped_column(sa.BigInteger)
    option_order: Mapped[list[str] | None] = mapped_column(sa.JSON())
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawal: Mapped[Withdrawal | None]


class Invitation(Base):
    __tablename__ = "invitations"

    id: Mapped[int] = _id()
    study_id: Mapped[int] = _reference("studies.id")
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    reader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("readers.id"), unique=True)


class Contact(Base):
    """Who was invited: apart from everything that a reader does, for the owner's eyes alone."""

    __tablename__ = "contacts"

    id: Mapped[int] = _id()
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitations.id"), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]


class AccessRequest(Base):
    """Somebody asks to take part; approval makes an invitation."""

    __tablename__ = "access_requests"

    id: Mapped[int] = _id()
    study_id: Mapped[int] = _reference("studies.id")
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(200))
    message: Mapped[str] = mapped_column(sa.String(500))
    state: Mapped[RequestState]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(80))
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitations.id"), unique=True)


class Consent(Base):
    """`text_sha256` is of the text that was shown, in `language`."""

    __tablename__ = "consents"
    __table_args__ = (sa.UniqueConstraint("reader_id", "version"),)

    id: Mapped[int] = _id()
    reader_id: Mapped[int] = _reference("readers.id")
    version: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(10), server_default="en")
    text_sha256: Mapped[str] = mapped_column(sa.String(64))
    given_at: Mapped[datetime]


class Profile(Base):
    """What readers declare about themselves; never a name or an address."""

    __tablename__ = "profiles"

    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("readers.id"), primary_key=True)
    fields: Mapped[Json]
    saved_at: Mapped[datetime]


class Assignment(Base):
    """The drawn order. `shown_at` is set once, when the case is first shown.

    `advice` is stored before anybody sees it, so that it can be shown again and analysed.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        sa.UniqueConstraint("reader_id", "case_id", "arm"),
        sa.UniqueConstraint("reader_id", "position"),
        sa.CheckConstraint("position >= 1", name="position_from_1"),
    )

    id: Mapped[int] = _id()
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("readers.id"))
    case_id: Mapped[int] = _reference("cases.id")
    arm: Mapped[Arm]
    position: Mapped[int]
    token: Mapped[str] = mapped_column(sa.String(40), unique=True)
    advice: Mapped[Json | None] = mapped_column(sa.JSON(none_as_null=True))
    shown_at: Mapped[datetime | None]


class Answer(Base):
    """Append-only (triggers of the migration): a change is a further revision.

    Only what a reader's withdrawal deletes can go.

    `answer` is empty where there is none: the reader could not tell, or the time was up.
    """

    __tablename__ = "answers"
    __table_args__ = (
        sa.UniqueConstraint("reader_id", "case_id", "arm", "revision"),
        sa.ForeignKeyConstraint(
            ["reader_id", "case_id", "arm"],
            ["assignments.reader_id", "assignments.case_id", "assignments.arm"],
        ),
        sa.CheckConstraint("answered_at >= shown_at", name="answered_after_shown"),
        sa.CheckConstraint("confidence BETWEEN 0 AND 100", name="confidence_0_to_100"),
        sa.CheckConstraint("active_ms >= 0", name="active_ms_from_0"),
        sa.CheckConstraint("revision >= 1", name="revision_from_1"),
    )

    id: Mapped[int] = _id()
    reader_id: Mapped[int]
    case_id: Mapped[int] = mapped_column(index=True)
    arm: Mapped[Arm]
    revision: Mapped[int]
    answer: Mapped[str] = mapped_column(sa.String(40))
    answer_2: Mapped[str | None] = mapped_column(sa.String(40))
    answer_3: Mapped[str | None] = mapped_column(sa.String(40))
    confidence: Mapped[int | None]
    management: Mapped[str | None] = mapped_column(sa.String(40))
    client_token: Mapped[str] = mapped_column(sa.String(80), unique=True)
    shown_at: Mapped[datetime]
    answered_at: Mapped[datetime]
    active_ms: Mapped[int | None]
    timed_out: Mapped[bool]
    cannot_tell: Mapped[bool] = mapped_column(server_default=sa.false())
    screen: Mapped[str | None] = mapped_column(sa.String(20))
    zooms: Mapped[int | None]


class Event(Base):
    """The audit trail, append-only like the answers."""

    __tablename__ = "events"

    id: Mapped[int] = _id()
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    study_id: Mapped[int | None] = mapped_column(sa.ForeignKey("studies.id"), index=True)
    verb: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(200))
    old: Mapped[Json | None]
    new: Mapped[Json | None]
    reason: Mapped[str] = mapped_column(sa.String(500))
