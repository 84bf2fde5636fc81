"""Asking to take part, and who decides."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.tables import AccessRequest, Contact, SignInAttempt
from readerstudy.domain import SYSTEM, ContactData, InvitationState, RequestState
from readerstudy.domain.errors import NotFoundError, StateError, StudyError, ThrottledError
from readerstudy.domain.throttling import MAX_ATTEMPTS, MAX_ATTEMPTS_OF_NAME
from readerstudy.services import accounts
from readerstudy.services.people import invitations, requests
from readerstudy.services.reading import joining, own_data
from readerstudy.services.results.reader_flow import flow
from readerstudy.services.study import summaries
from tests.support.making import close, dump

ADA = ContactData("Ada Countess", "ada@example.org", "Dermatology, Nowhere")


@pytest.fixture
def asked(db: Database, study: str) -> str:
    """The study, which takes requests; one waits."""
    requests.allow_requests(db, actor=SYSTEM, slug=study, is_allowed=True)
    ask(db)
    return study


def ask(db: Database, contact: ContactData = ADA, *, address: str = "192.0.2.1") -> None:
    requests.ask_access(db, slug="alpha", contact=contact, address=address)


def listed(db: Database) -> list[requests.ListedRequest]:
    return requests.list_requests(db, actor=SYSTEM, slug="alpha")


def test_nobody_can_ask_unless_the_owner_lets_them(db: Database, study: str) -> None:
    for slug in (study, "nowhere"):
        with pytest.raises(NotFoundError, match="can ask to take part") as caught:
            requests.ask_access(db, slug=slug, contact=ADA)
        with pytest.raises(NotFoundError) as looked:
            requests.look_up_join(db, slug=slug)
        assert str(looked.value) == str(caught.value)
    requests.allow_requests(db, actor=SYSTEM, slug=study, is_allowed=True)
    assert requests.look_up_join(db, slug=study).study_title == "Study alpha"
    ask(db)
    close(db, study)
    with pytest.raises(NotFoundError):
        ask(db)
    with pytest.raises(StateError, match="closed"):
        requests.allow_requests(db, actor=SYSTEM, slug=study, is_allowed=True)
    requests.allow_requests(db, actor=SYSTEM, slug=study, is_allowed=False)
    assert not summaries.list_studies(db, actor=SYSTEM)[0].takes_requests


def test_approval_makes_a_link_and_moves_the_contact(db: Database, asked: str) -> None:
    [its] = listed(db)
    assert (its.state, its.contact) == (RequestState.PENDING, ADA)
    assert [s.n_waiting for s in summaries.list_studies(db, actor=SYSTEM)] == [1, 0]
    token = requests.approve_request(db, actor=SYSTEM, slug=asked, number=its.number, days=7)
    [decided], [made] = listed(db), invitations.list_invitations(db, actor=SYSTEM, slug=asked)
    assert (decided.state, decided.contact) == (RequestState.APPROVED, ADA)
    assert [s.n_waiting for s in summaries.list_studies(db, actor=SYSTEM)] == [0, 0]
    assert (decided.invitation, made.contact, made.state) == (
        made.number, ADA, InvitationState.OPEN,
    )  # fmt: skip
    assert joining.look_up_invitation(db, token=token).study_title == "Study alpha"
    with pytest.raises(StateError, match="is approved"):
        requests.refuse_request(db, actor=SYSTEM, slug=asked, number=its.number)
    with pytest.raises(NotFoundError, match="no number 99"):
        requests.approve_request(db, actor=SYSTEM, slug=asked, number=99)


def test_a_request_of_another_study_is_none(db: Database, asked: str) -> None:
    [its] = listed(db)
    with pytest.raises(NotFoundError, match="of this study"):
        requests.approve_request(db, actor=SYSTEM, slug="beta", number=its.number)


def test_refusal_deletes_what_the_person_wrote(db: Database, asked: str) -> None:
    [its] = listed(db)
    requests.refuse_request(db, actor=SYSTEM, slug=asked, number=its.number)
    kept = dump(db)
    assert [word for word in ("Ada Countess", "ada@", "Nowhere") if word in kept] == []
    assert listed(db)[0].contact == ContactData()
    assert flow(db, actor=SYSTEM, slug=asked).requests == 1


def test_withdrawal_forgets_who_asked_and_keeps_the_count(db: Database, asked: str) -> None:
    token = requests.approve_request(db, actor=SYSTEM, slug=asked, number=listed(db)[0].number)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=token))
    assert actor is not None
    own_data.withdraw(db, actor=actor)
    assert "ada@example.org" not in dump(db)
    assert listed(db)[0].invitation is None
    assert flow(db, actor=SYSTEM, slug=asked).requests == 1


def test_names_are_in_tables_of_their_own_alone(db: Database, asked: str) -> None:
    requests.approve_request(db, actor=SYSTEM, slug=asked, number=listed(db)[0].number)
    ask(db, ContactData("Ben Countess", "ben@example.org", ""))
    with db.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        holding = {
            table.name
            for table in tables.sorted_tables
            for row in connection.execute(sa.select(table)).tuples()
            if "Countess" in str(row)
        }
    assert holding == {Contact.__tablename__, AccessRequest.__tablename__}


def test_whoever_asks_twice_waits_once(db: Database, asked: str) -> None:
    ask(db, ContactData("Ada", "ADA@example.org", "again"))
    assert len(listed(db)) == 1


@pytest.mark.parametrize(
    "contact",
    [
        ContactData("", "ada@example.org"),
        ContactData("Ada", ""),
        ContactData("Ada", "no address"),
        ContactData("A" * 201, "ada@example.org"),
        ContactData("Ada", "ada@example.org", "n" * 501),
    ],
)
def test_what_cannot_be_a_contact_is_a_sentence(
    db: Database, asked: str, contact: ContactData
) -> None:
    with pytest.raises(StudyError, match="Expected"):
        ask(db, contact)
    assert len(listed(db)) == 1


def test_one_address_asks_seldom_and_others_still_can(
    db: Database, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(number: int) -> ContactData:
        return ContactData("N.", f"n{number}@example.org")

    for number in range(MAX_ATTEMPTS - 1):
        ask(db, other(number))
    with pytest.raises(ThrottledError, match="wait 15 minutes"):
        ask(db, other(99))
    for number in range(MAX_ATTEMPTS, MAX_ATTEMPTS_OF_NAME):
        ask(db, other(number), address=f"198.51.100.{number}")
    with pytest.raises(ThrottledError):
        ask(db, other(100), address="203.0.113.1")
    assert len(listed(db)) == MAX_ATTEMPTS_OF_NAME
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    ask(db, other(100))
    with db.reading() as session:
        assert session.scalars(sa.select(SignInAttempt.address)).all() == ["192.0.2.1"]


def test_a_study_does_not_fill_up(
    db: Database, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_MOST_PENDING", 1)
    with pytest.raises(ThrottledError):
        ask(db, ContactData("Ben", "ben@example.org"))


def test_an_account_cannot_be_locked_out_by_requests(db: Database, asked: str) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="JOIN 1", password="a long password")
    for number in range(MAX_ATTEMPTS - 1):
        ask(db, ContactData("N.", f"n{number}@example.org"))
    assert accounts.sign_in(db, name="JOIN 1", password="a long password", address="192.0.2.1")
