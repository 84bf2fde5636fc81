"""Invitations for one person, listed and taken back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.tables import Contact, Event
from readerstudy.domain import SYSTEM, ContactData, InvitationState
from readerstudy.domain.errors import InvitationError, NotFoundError, StateError, StudyError
from readerstudy.services import accounts
from readerstudy.services.people import invitations
from readerstudy.services.reading import joining
from readerstudy.services.study import drafts

ADA = ContactData("Ada", "ada@example.org", "second year")


def invited(db: Database, study: str, contact: ContactData = ADA, *, days: int = 9) -> str:
    return invitations.invite_person(db, actor=SYSTEM, slug=study, days=days, contact=contact)


def listed(db: Database, study: str) -> list[tuple[InvitationState, ContactData]]:
    found = invitations.list_invitations(db, actor=SYSTEM, slug=study)
    return [(made.state, made.contact) for made in found]


def newest(db: Database, study: str) -> int:
    return invitations.list_invitations(db, actor=SYSTEM, slug=study)[0].number


def test_the_list_says_what_became_of_each_link(
    db: Database, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited(db, study, days=1)
    joining.accept_invitation(db, token=invited(db, study, ContactData()))
    invited(db, study, ContactData())
    invitations.revoke_invitation(db, actor=SYSTEM, slug=study, number=newest(db, study))
    invited(db, study)
    nobody, states = ContactData(), InvitationState
    assert listed(db, study) == [
        (states.OPEN, ADA),
        (states.REVOKED, nobody),
        (states.ACCEPTED, nobody),
        (states.OPEN, ADA),
    ]
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert listed(db, study)[-1] == (states.EXPIRED, ADA)


def test_a_link_taken_back_opens_nothing_and_signs_its_reader_out(db: Database, study: str) -> None:
    link = invited(db, study)
    session_token = joining.accept_invitation(db, token=link)
    invitations.revoke_invitation(db, actor=SYSTEM, slug=study, number=newest(db, study))
    assert accounts.actor_for(db, token=session_token) is None
    for verb in (joining.look_up_invitation, joining.accept_invitation):
        with pytest.raises(InvitationError, match="taken back"):
            verb(db, token=link)
    with pytest.raises(StateError, match="is revoked"):
        invitations.revoke_invitation(db, actor=SYSTEM, slug=study, number=newest(db, study))


def test_a_link_of_another_study_is_not_found(db: Database, study: str) -> None:
    invited(db, "beta")
    with pytest.raises(NotFoundError, match="choose one of the list"):
        invitations.revoke_invitation(db, actor=SYSTEM, slug=study, number=newest(db, "beta"))


@pytest.mark.parametrize(
    ("contact", "days", "words"),
    [
        (ADA, 0, "1 to 730 days"),
        (ContactData(email="nowhere"), 9, "with '@'"),
        (ContactData(name="x" * 201), 9, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    db: Database, study: str, contact: ContactData, days: int, words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        invited(db, study, contact, days=days)
    assert listed(db, study) == []


def test_the_trail_does_not_name_the_person(db: Database, study: str) -> None:
    invited(db, study)
    drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    with db.reading() as session:
        assert session.scalars(sa.select(Contact.name)).all() == ["Ada"]
        written = " ".join(f"{e.subject} {e.new}" for e in session.scalars(sa.select(Event)))
    assert "ada" not in written.lower()
