"""Who runs studies, who reads, and how they come in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from readerstudy.db.tables.base import Base, Json, identity, reference
from readerstudy.domain import ReaderKind, RequestState, Role, Withdrawal


class Account(Base):
    """`study_id` empty means every study. Who is disabled cannot sign in; nobody is deleted."""

    __tablename__ = "accounts"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    role: Mapped[Role]
    study_id: Mapped[int | None] = mapped_column(sa.ForeignKey("studies.id"))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """Failed or unfinished sign-ins; a success clears those of its name and address.

    Requests to take part too, under a name that no account can have. A name that no account has
    stands here as a keyed digest.
    """

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(sa.String(60), index=True)
    address: Mapped[str] = mapped_column(sa.String(45), server_default="", index=True)
    at: Mapped[datetime]


class SignInFailures(Base):
    """How many sign-ins failed in a quarter of an hour; `name` is empty for names of no account."""

    __tablename__ = "sign_in_failures"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    wrong: Mapped[int]
    unchecked: Mapped[int]


class SignedIn(Base):
    """A signed-in session of an account or of a reader, never of both."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.CheckConstraint("(account_id IS NULL) <> (reader_id IS NULL)", name="one_owner"),
    )

    id: Mapped[int] = identity()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    reader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("readers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Reader(Base):
    """`trail_id` names a person in the audit trail, which cannot change: withdrawal forgets it."""

    __tablename__ = "readers"
    __table_args__ = (sa.UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = identity()
    study_id: Mapped[int] = reference("studies.id")
    code: Mapped[str] = mapped_column(sa.String(40))
    trail_id: Mapped[str | None] = mapped_column(sa.String(40))
    kind: Mapped[ReaderKind]
    order_seed: Mapped[int] = mapped_column(sa.BigInteger)
    option_order: Mapped[list[str] | None] = mapped_column(sa.JSON())
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawal: Mapped[Withdrawal | None]


class Invitation(Base):
    __tablename__ = "invitations"

    id: Mapped[int] = identity()
    study_id: Mapped[int] = reference("studies.id")
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    reader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("readers.id"), unique=True)


class Contact(Base):
    """Who was invited: apart from everything that a reader does, for the owner's eyes alone."""

    __tablename__ = "contacts"

    id: Mapped[int] = identity()
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitations.id"), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]


class AccessRequest(Base):
    """Somebody asks to take part; approval makes an invitation.

    A decision empties name, e-mail and message: approval moves them to the invitation's contact,
    and nobody needs those of who was refused.
    """

    __tablename__ = "access_requests"

    id: Mapped[int] = identity()
    study_id: Mapped[int] = reference("studies.id")
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

    id: Mapped[int] = identity()
    reader_id: Mapped[int] = reference("readers.id")
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
