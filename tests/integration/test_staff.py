"""Accounts of those who run studies: passwords, disabling, sessions, and what the trail says."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from readerstudy.db import Database, Session
from readerstudy.db.queries import accounts as queries_accounts
from readerstudy.domain import SYSTEM, Actor, Role
from readerstudy.domain.errors import (
    NotFoundError,
    PermissionDenied,
    SignInError,
    StateError,
    StudyError,
)
from readerstudy.domain.throttling import MAX_ATTEMPTS
from readerstudy.security import passwords
from readerstudy.services import accounts
from readerstudy.services.people import staff
from readerstudy.services.study import trail
from tests.support.making import PASSWORD, dump, make_account

NEW = "another long password"


@pytest.fixture
def owner(db: Database) -> Actor:
    return make_account(db, Role.OWNER, None)


def signed_in(db: Database, name: str, password: str = PASSWORD) -> Actor:
    actor = accounts.actor_for(db, token=accounts.sign_in(db, name=name, password=password))
    assert actor is not None
    return actor


def test_the_list_says_who_may_sign_in_and_where(db: Database, study: str, owner: Actor) -> None:
    make_account(db, Role.ANALYST, study)
    staff.disable_account(db, actor=owner, name="ANALYST-alpha ")
    found = {
        its.name: (its.role, its.study, its.is_disabled, its.n_sessions)
        for its in staff.list_accounts(db, actor=owner)
    }
    assert found == {
        "analyst-alpha": (Role.ANALYST, "alpha", True, 0),
        "owner-everywhere": (Role.OWNER, None, False, 1),
    }


def test_a_password_is_changed_only_with_the_old_one(db: Database, owner: Actor) -> None:
    with pytest.raises(SignInError, match="Expected"):
        accounts.change_password(db, actor=owner, old="wrong", new=NEW)
    assert signed_in(db, owner.name)
    accounts.change_password(db, actor=owner, old=PASSWORD, new=NEW)
    with pytest.raises(SignInError):
        accounts.sign_in(db, name=owner.name, password=PASSWORD)
    assert signed_in(db, owner.name, NEW)


def test_guesses_of_the_old_password_are_counted_like_sign_ins(db: Database, owner: Actor) -> None:
    """Whoever finds an open page must not guess there without end."""
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SignInError, match="known name"):
            accounts.change_password(db, actor=owner, old="wrong", new=NEW, address="192.0.2.1")
    with pytest.raises(SignInError, match="wait"):
        accounts.change_password(db, actor=owner, old=PASSWORD, new=NEW, address="192.0.2.1")


def test_readers_and_the_command_line_have_no_password_of_their_own(
    db: Database, reader: Actor
) -> None:
    for actor in (reader, SYSTEM):
        with pytest.raises(PermissionDenied, match="account"):
            accounts.change_password(db, actor=actor, old=PASSWORD, new=NEW)


def test_the_last_owner_of_every_study_stays(db: Database, study: str, owner: Actor) -> None:
    make_account(db, Role.OWNER, study)
    with pytest.raises(StateError, match="is the last"):
        staff.disable_account(db, actor=SYSTEM, name=owner.name)
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    staff.disable_account(db, actor=SYSTEM, name=owner.name)
    with pytest.raises(StateError, match="is the last"):
        staff.disable_account(db, actor=SYSTEM, name="eve")
    staff.enable_account(db, actor=SYSTEM, name=owner.name)
    assert signed_in(db, owner.name)


def test_nobody_shuts_out_or_helps_oneself(db: Database, owner: Actor) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    with pytest.raises(StateError, match="somebody else"):
        staff.disable_account(db, actor=owner, name=owner.name)
    with pytest.raises(StateError, match="somebody else"):
        staff.set_password(db, actor=owner, name=owner.name, password=NEW)
    assert signed_in(db, owner.name)


def test_two_owners_who_disable_each_other_at_once_leave_one(
    db: Database, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    eve, both = signed_in(db, "eve"), Barrier(2, timeout=1)
    real = queries_accounts.lock_owners

    def counted(session: Session) -> list[int]:
        """Whoever may look while the other one has looked and not yet acted is too late."""
        found = real(session)
        with suppress(BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(queries_accounts, "lock_owners", counted)

    def disable(actor: Actor, name: str) -> None:
        try:
            staff.disable_account(db, actor=actor, name=name)
        except StateError as error:
            assert "is the last" in str(error)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(disable, (owner, eve), ("eve", owner.name)))
    assert sorted(its.is_disabled for its in staff.list_accounts(db, actor=SYSTEM)) == [False, True]


@pytest.mark.parametrize("way", ["disable", "password"])
def test_a_sign_in_that_is_under_way_does_not_slip_through(
    db: Database, owner: Actor, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Hashing takes a while, in which the account may be disabled or get another password."""
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    real = passwords.is_right_password

    def slow(password: str, stored: str | None) -> bool:
        if way == "disable":
            staff.disable_account(db, actor=owner, name="eve")
        else:
            staff.set_password(db, actor=owner, name="eve", password=NEW)
        return real(password, stored)

    monkeypatch.setattr(passwords, "is_right_password", slow)
    with pytest.raises(SignInError, match="known name"):
        accounts.sign_in(db, name="eve", password=PASSWORD)
    assert {its.name: its.n_sessions for its in staff.list_accounts(db, actor=owner)}["eve"] == 0


def test_a_session_of_a_disabled_account_is_nobodys(db: Database, owner: Actor) -> None:
    """Even one that was opened all the same."""
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    eve = signed_in(db, "eve")
    staff.disable_account(db, actor=owner, name="eve")
    with db.transaction() as session:
        token = accounts.open_session(session, account_id=eve.account_id)
    assert accounts.actor_for(db, token=token) is None


def test_the_trail_says_who_changed_what_and_never_a_password(db: Database, owner: Actor) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    accounts.change_password(db, actor=signed_in(db, "eve"), old=PASSWORD, new=NEW)
    staff.set_password(db, actor=owner, name="eve", password=f"{NEW} set")
    staff.end_sessions(db, actor=owner, name="eve")
    staff.disable_account(db, actor=owner, name="eve")
    staff.enable_account(db, actor=owner, name="eve")
    found = [(e.actor, e.verb) for e in trail.trail(db, actor=owner).events if e.subject == "eve"]
    by_owner = ("enable_account", "disable_account", "end_sessions", "set_password")
    assert found[:5] == [
        *((f"owner:{owner.name}", verb) for verb in by_owner),
        ("owner:eve", "change_password"),
    ]
    assert NEW not in dump(db)


@pytest.mark.parametrize("name", ["nobody", "", "a\0b", "\ud800", "x" * 100_000])
def test_an_account_that_is_not_there_is_a_short_sentence(
    db: Database, owner: Actor, name: str
) -> None:
    for verb in (staff.disable_account, staff.enable_account, staff.end_sessions):
        with pytest.raises(NotFoundError, match="choose one of the list") as caught:
            verb(db, actor=owner, name=name)
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()


def test_what_is_so_already_is_a_sentence(db: Database, owner: Actor) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    with pytest.raises(StateError, match="already"):
        staff.enable_account(db, actor=owner, name="eve")
    staff.disable_account(db, actor=owner, name="eve")
    with pytest.raises(StateError, match="is disabled"):
        staff.disable_account(db, actor=owner, name="eve")
    with pytest.raises(StudyError, match="at least 10"):
        staff.set_password(db, actor=owner, name="eve", password="short")
