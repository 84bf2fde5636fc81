"""What readers do, and the audit trail."""

from datetime import datetime
from typing import get_type_hints

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from readerstudy.db.tables.base import Base, Json, identity, reference
from readerstudy.domain import Arm
from readerstudy.domain.reading import QUESTIONS, Given


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

    id: Mapped[int] = identity()
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("readers.id"))
    case_id: Mapped[int] = reference("cases.id")
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

    id: Mapped[int] = identity()
    reader_id: Mapped[int]
    case_id: Mapped[int] = mapped_column(index=True)
    arm: Mapped[Arm]
    revision: Mapped[int]
    answer: Mapped[str] = mapped_column(sa.String(40))
    client_token: Mapped[str] = mapped_column(sa.String(80), unique=True)
    shown_at: Mapped[datetime]
    answered_at: Mapped[datetime]
    active_ms: Mapped[int | None]
    timed_out: Mapped[bool]
    cannot_tell: Mapped[bool] = mapped_column(server_default=sa.false())
    screen: Mapped[str | None] = mapped_column(sa.String(20))
    zooms: Mapped[int | None]


_kinds = get_type_hints(Given)
for _question in QUESTIONS:
    _kind = sa.Integer() if _kinds[_question.name] == int | None else sa.String(40)
    setattr(Answer, _question.name, mapped_column(_kind, nullable=True))


class Event(Base):
    """The audit trail, append-only like the answers."""

    __tablename__ = "events"

    id: Mapped[int] = identity()
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    study_id: Mapped[int | None] = mapped_column(sa.ForeignKey("studies.id"), index=True)
    verb: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(200))
    old: Mapped[Json | None]
    new: Mapped[Json | None]
    reason: Mapped[str] = mapped_column(sa.String(500))
