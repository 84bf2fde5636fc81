"""What all tables share."""

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from readerstudy.db.types import UtcDateTime, enum_column
from readerstudy.domain import (
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


def identity() -> Mapped[int]:
    return mapped_column(primary_key=True)


def reference(target: str) -> Mapped[int]:
    return mapped_column(sa.ForeignKey(target), index=True)
