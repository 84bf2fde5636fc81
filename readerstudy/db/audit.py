"""The audit trail: one row beside every change that a person may have to explain."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from readerstudy import clock
from readerstudy.db.tables import Event
from readerstudy.domain import Actor


def record(
    session: Session,
    *,
    actor: Actor,
    verb: str,
    subject: str,
    study_id: int | None = None,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    session.add(
        Event(
            at=clock.now(),
            actor=f"{actor.role}:{actor.name}",
            study_id=study_id,
            verb=verb,
            subject=subject,
            old=dict(old) if old else None,
            new=dict(new) if new else None,
            reason=reason,
        )
    )
