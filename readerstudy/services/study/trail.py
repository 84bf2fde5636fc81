"""The audit trail, for owners alone: it tells who did what, and reference standards of before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readerstudy.db import Database, Session
from readerstudy.db.queries import accounts
from readerstudy.db.queries import studies as queries
from readerstudy.db.queries import trail as queries_life
from readerstudy.db.tables import Event, SignInFailures
from readerstudy.domain import Actor
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.seal import canonical_json
from readerstudy.files.csvio import write_csv

SHOWN = 200
COLUMNS = ("at", "actor", "verb", "subject", "old", "new", "reason")


@dataclass(frozen=True)
class TrailEvent:
    """`old` and `new`: JSON, empty where there is nothing to tell."""

    at: datetime
    actor: str
    verb: str
    subject: str
    old: str
    new: str
    reason: str


@dataclass(frozen=True)
class Trail:
    """Newest first; `total` counts those that are not shown too."""

    events: tuple[TrailEvent, ...]
    total: int


def trail(
    db: Database, *, actor: Actor, slug: str | None = None, most: int | None = SHOWN
) -> Trail:
    """Of one study; `slug` None: of all, with accounts, for those who may see every study."""
    with db.reading() as session:
        study_id = _study_id(session, actor, slug)
        total = queries_life.n_events(session, study_id)
        if study_id is None:
            total += accounts.n_failures(session)
        return Trail(tuple(_told(session, study_id, most)), total)


def trail_csv(db: Database, *, actor: Actor, slug: str | None = None) -> str:
    """All of it, oldest first."""
    with db.reading() as session:
        found = _told(session, _study_id(session, actor, slug), None)
        return write_csv(COLUMNS, (vars(event) for event in reversed(found)))


def _told(session: Session, study_id: int | None, most: int | None) -> list[TrailEvent]:
    """Newest first. Accounts belong to no study, so that failed sign-ins stand among all events."""
    names = queries_life.trail_names(session)
    found = [_event(event, names) for event in queries_life.events(session, study_id, most=most)]
    if study_id is None:
        found += map(_failures, accounts.failures(session, most=most))
        found.sort(key=lambda event: event.at, reverse=True)
    return found[:most]


def _study_id(session: Session, actor: Actor, slug: str | None) -> int | None:
    authorise(actor, Permission.MANAGE, study_id=actor.study_id if slug else None)
    if slug is None:
        return None
    study = queries.study_by_slug(session, slug)
    authorise(actor, Permission.MANAGE, study_id=study.id)
    return study.id


def _event(event: Event, names: Mapping[str, str]) -> TrailEvent:
    """Readers under their codes as long as they take part."""
    role, _, name = event.actor.partition(":")
    return TrailEvent(
        at=event.at,
        actor=f"{role}:{names.get(name, name)}",
        verb=event.verb,
        subject=event.subject,
        old=_json(event.old),
        new=_json(event.new),
        reason=event.reason,
    )


def _failures(counted: SignInFailures) -> TrailEvent:
    """At the beginning of the quarter of an hour; whoever tried is nobody we know."""
    return TrailEvent(
        at=counted.since,
        actor="stranger:",
        verb="failed_sign_ins",
        subject=counted.name or "unknown names",
        old="",
        new=_json({"wrong": counted.wrong, "refused_unchecked": counted.unchecked}),
        reason="",
    )


def _json(content: Mapping[str, Any] | None) -> str:
    return canonical_json(dict(content)) if content else ""
