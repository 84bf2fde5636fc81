"""Asking to take part, where a study lets people ask; its owners decide.

Names and addresses are in tables of their own, and no event holds them.
"""

from dataclasses import dataclass
from datetime import datetime

from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import invitations
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import AccessRequest, Study
from readerstudy.domain import Actor, ContactData, RequestState, StudyState
from readerstudy.domain.errors import NotFoundError, StateError, StudyError, ThrottledError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.lifetimes import INVITATION_LIFE
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.throttling import network_of
from readerstudy.services.people.invitations import add_invitation, check_contact, contact_of
from readerstudy.services.throttling import WINDOW_MINUTES, may_try

_MOST_PENDING = 500
_TAKES_PART = (StudyState.DRAFT, StudyState.OPEN)


@dataclass(frozen=True)
class JoinView:
    """What somebody who is not invited is told of a study that takes requests."""

    study_title: str
    synthetic: bool
    n_cases: int


@dataclass(frozen=True)
class ListedRequest:
    """`contact` is empty for who was refused; `invitation` is the number of what approval made."""

    number: int
    state: RequestState
    requested_at: datetime
    decided_at: datetime | None
    contact: ContactData
    invitation: int | None


def look_up_join(db: Database, *, slug: str) -> JoinView:
    """For anybody. A study that takes no requests looks like one that does not exist."""
    with db.reading() as session:
        study = _asked(session, slug)
        return JoinView(study.title, study.synthetic, queries.n_cases(session, study.id))


def ask_access(db: Database, *, slug: str, contact: ContactData, address: str = "") -> None:
    """For anybody, seldom. `address` of the caller is kept for minutes, to count by.

    Whoever waits already is told the same as the first time, so that nobody learns who asked.
    """
    if not (contact.name and contact.email):
        raise StudyError("Expected a name and an e-mail address; write both.")
    check_contact(contact)
    with db.transaction() as session:
        study = _asked(session, slug)
        waiting = invitations.pending_addresses(session, study.id)
        # Names of accounts have no capitals.
        is_let_in = may_try(session, f"JOIN {study.id}", address=network_of(address))
        if not is_let_in or len(waiting) >= _MOST_PENDING:
            raise ThrottledError(f"Too many requests; wait {WINDOW_MINUTES} minutes.")
        if contact.email.casefold() not in {email.casefold() for email in waiting}:
            session.add(
                AccessRequest(
                    study_id=study.id,
                    name=contact.name,
                    email=contact.email,
                    message=contact.note,
                    state=RequestState.PENDING,
                    requested_at=clock.now(),
                )
            )


def allow_requests(db: Database, *, actor: Actor, slug: str, is_allowed: bool) -> None:
    """No part of the seal, since it decides nothing about how answers become numbers."""
    with db.transaction() as session:
        study = _managed(session, actor, slug)
        if is_allowed:
            require_state(study.state, *_TAKES_PART, doing="let people ask to take part")
        old, study.takes_requests = study.takes_requests, is_allowed
        audit.record(
            session,
            actor=actor,
            verb="allow_requests",
            subject=slug,
            study_id=study.id,
            old={"takes_requests": old},
            new={"takes_requests": is_allowed},
        )


def list_requests(db: Database, *, actor: Actor, slug: str) -> list[ListedRequest]:
    """Newest first."""
    with db.reading() as session:
        study = _managed(session, actor, slug)
        return [
            ListedRequest(
                number=its.id,
                state=its.state,
                requested_at=its.requested_at,
                decided_at=its.decided_at,
                contact=contact_of(moved) if moved else _contact(its),
                invitation=its.invitation_id,
            )
            for its, moved in invitations.requests(session, study.id)
        ]


def approve_request(
    db: Database, *, actor: Actor, slug: str, number: int, days: int = INVITATION_LIFE.days
) -> str:
    """The raw token of a personal link, shown once; the request's contact becomes the link's."""
    with db.transaction() as session:
        study = _managed(session, actor, slug)
        its = _pending(session, study, number)
        made, token = add_invitation(session, study, days=days, contact=_contact(its))
        its.invitation_id = made.id
        new = {"invitation": made.id, "days": days}
        _decide(session, actor, its, RequestState.APPROVED, verb="approve_request", new=new)
        return token


def refuse_request(db: Database, *, actor: Actor, slug: str, number: int) -> None:
    """What the person wrote is deleted; that somebody was refused stays to be counted."""
    with db.transaction() as session:
        its = _pending(session, _managed(session, actor, slug), number)
        _decide(session, actor, its, RequestState.REFUSED, verb="refuse_request")


def _asked(session: Session, slug: str) -> Study:
    study = queries.find_study(session, slug)
    if study is None or not study.takes_requests or study.state not in _TAKES_PART:
        raise NotFoundError(
            "Expected a study that one can ask to take part in, but this is none; "
            "ask the people who told you of it for a personal link."
        )
    return study


def _managed(session: Session, actor: Actor, slug: str) -> Study:
    study = queries.study_by_slug(session, slug)
    authorise(actor, Permission.MANAGE, study_id=study.id)
    return study


def _pending(session: Session, study: Study, number: int) -> AccessRequest:
    its = invitations.request(session, study.id, number)
    if its is None:
        raise NotFoundError(
            f"Expected a request of this study, but there is no number {number}; "
            "choose one of the list."
        )
    if its.state is not RequestState.PENDING:
        raise StateError(f"Expected a request that waits, but number {number} is {its.state}.")
    return its


def _decide(
    session: Session,
    actor: Actor,
    its: AccessRequest,
    state: RequestState,
    *,
    verb: str,
    new: dict[str, int] | None = None,
) -> None:
    its.state, its.decided_at = state, clock.now()
    its.decided_by = f"{actor.role}:{actor.name}"
    its.name = its.email = its.message = ""
    audit.record(
        session,
        actor=actor,
        verb=verb,
        subject=f"request {its.id}",
        study_id=its.study_id,
        new=new,
    )


def _contact(its: AccessRequest) -> ContactData:
    return ContactData(its.name, its.email, its.message)
