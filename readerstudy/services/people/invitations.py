"""Invitations one by one: for one person, with an own end, taken back. For owners alone."""

from datetime import datetime, timedelta

from data.texts import quoted
from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import readers
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import Contact, Invitation, Study
from readerstudy.domain import Actor, ContactData, InvitationState, ListedInvitation, StudyState
from readerstudy.domain.errors import NotFoundError, StateError, StudyError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.texts import checked_text
from readerstudy.security import tokens

_MAX_DAYS = 730
_LENGTHS = {"name": 200, "email": 200, "note": 500}


def invite_person(db: Database, *, actor: Actor, slug: str, days: int, contact: ContactData) -> str:
    """The raw token, shown once. An empty contact is not stored."""
    check_contact(contact)
    with db.transaction() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        made, token = add_invitation(session, study, days=days, contact=contact)
        # The trail is read by others than the owner, so the person is not named there.
        audit.record(
            session,
            actor=actor,
            verb="invite",
            subject=study.slug,
            study_id=study.id,
            new={"count": 1, "invitation": made.id, "days": days},
        )
        return token


def add_invitation(
    session: Session, study: Study, *, days: int, contact: ContactData
) -> tuple[Invitation, str]:
    """Inside a transaction of another verb; the invitation and its raw token."""
    if not 1 <= days <= _MAX_DAYS:
        raise StudyError(f"Expected 1 to {_MAX_DAYS} days, but got {days}; choose for example 90.")
    require_state(study.state, StudyState.DRAFT, StudyState.OPEN, doing="invite readers")
    token, now = tokens.new_token(), clock.now()
    made = Invitation(
        study_id=study.id,
        token_hash=tokens.hash_token(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    if contact != ContactData():
        session.add(Contact(invitation_id=made.id, created_at=now, **vars(contact)))
    return made, token


def list_invitations(db: Database, *, actor: Actor, slug: str) -> list[ListedInvitation]:
    """Newest first. A contact is never beside a reader's code."""
    with db.reading() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        now = clock.now()
        return [
            ListedInvitation(
                number=made.id,
                state=state_of(made, now),
                created_at=made.created_at,
                expires_at=made.expires_at,
                contact=contact_of(contact),
            )
            for made, contact in readers.invitations(session, study.id)
        ]


def revoke_invitation(db: Database, *, actor: Actor, slug: str, number: int) -> None:
    """The link opens nothing any more, and whoever came in by it is signed out."""
    with db.transaction() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        made = readers.invitation(session, study.id, number)
        if made is None:
            raise NotFoundError(
                f"Expected an invitation of this study, but there is no number {number}; "
                "choose one of the list."
            )
        if made.revoked_at is not None:
            raise StateError(f"Expected a link that is valid, but number {number} is revoked.")
        made.revoked_at = clock.now()
        if made.reader_id is not None:
            readers.end_sessions(session, made.reader_id)
        audit.record(
            session,
            actor=actor,
            verb="revoke_invitation",
            subject=f"invitation {number}",
            study_id=study.id,
        )


def state_of(made: Invitation, now: datetime) -> InvitationState:
    if made.revoked_at is not None:
        return InvitationState.REVOKED
    if made.expires_at is not None and made.expires_at <= now:
        return InvitationState.EXPIRED
    return InvitationState.OPEN if made.reader_id is None else InvitationState.ACCEPTED


def contact_of(contact: Contact | None) -> ContactData:
    if contact is None:
        return ContactData()
    return ContactData(contact.name, contact.email, contact.note)


def check_contact(contact: ContactData) -> None:
    for field, most in _LENGTHS.items():
        text = getattr(contact, field)
        checked_text(text, what=f"a {field}", most=most, has_lines=field == "note")
    if contact.email and "@" not in contact.email:
        raise StudyError(
            f"Expected an e-mail address with '@', but got {quoted(contact.email)}; correct it."
        )
