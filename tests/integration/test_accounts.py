"""Sign-in, sessions and the first administrator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from readerstudy import clock
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Role
from readerstudy.domain.errors import PermissionDenied, SignInError, StudyError
from readerstudy.domain.lifetimes import ACCOUNT_SESSION
from readerstudy.domain.throttling import ATTEMPT_WINDOW, MAX_ATTEMPTS, MAX_ATTEMPTS_OF_NAME
from readerstudy.services import accounts
from tests.support.making import dump

PASSWORD = "correct horse battery"


@pytest.fixture
def owner(db: Database) -> str:
    accounts.create_admin(db, actor=SYSTEM, name="Ada", password=PASSWORD)
    return "ada"


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment = clock.now() + by
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_signs_in_without_regard_to_case_and_blanks(db: Database, owner: str) -> None:
    token = accounts.sign_in(db, name=" ADA ", password=PASSWORD)
    actor = accounts.actor_for(db, token=token)
    assert actor is not None
    assert (actor.role, actor.name, actor.study_id) == (Role.OWNER, "ada", None)


def test_signing_out_ends_the_session(db: Database, owner: str) -> None:
    token = accounts.sign_in(db, name=owner, password=PASSWORD)
    accounts.sign_out(db, token=token)
    assert accounts.actor_for(db, token=token) is None


def test_a_session_expires(db: Database, owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = accounts.sign_in(db, name=owner, password=PASSWORD)
    later(monkeypatch, ACCOUNT_SESSION + timedelta(seconds=1))
    assert accounts.actor_for(db, token=token) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 10_000, "ü"])
def test_an_unknown_token_is_nobody(db: Database, owner: str, token: str) -> None:
    assert accounts.actor_for(db, token=token) is None


def test_wrong_name_and_wrong_password_read_alike(db: Database, owner: str) -> None:
    said = []
    for name, password in (("ada", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(SignInError) as caught:
            accounts.sign_in(db, name=name, password=password)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_repeated_failures_are_throttled_even_with_the_right_password(
    db: Database, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SignInError, match="password"):
            accounts.sign_in(db, name=owner, password="wrong")
    with pytest.raises(SignInError, match="wait"):
        accounts.sign_in(db, name=owner, password=PASSWORD)
    later(monkeypatch, ATTEMPT_WINDOW + timedelta(seconds=1))
    assert accounts.sign_in(db, name=owner, password=PASSWORD)


def test_a_stranger_cannot_lock_the_owner_out(db: Database, owner: str) -> None:
    stranger, home = "203.0.113.9", "192.0.2.1"
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SignInError, match="password"):
            accounts.sign_in(db, name=owner, password="wrong", address=stranger)
    with pytest.raises(SignInError, match="wait"):
        accounts.sign_in(db, name=owner, password=PASSWORD, address=stranger)
    assert accounts.sign_in(db, name=owner, password=PASSWORD, address=home)
    with pytest.raises(SignInError, match="wait"):
        accounts.sign_in(db, name=owner, password=PASSWORD, address=stranger)


def test_guesses_from_ever_new_addresses_end(
    db: Database, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_ATTEMPTS_OF_NAME):
        with pytest.raises(SignInError, match="password"):
            accounts.sign_in(db, name=owner, password="wrong", address=f"192.0.2.{number}")
    with pytest.raises(SignInError, match="wait"):
        accounts.sign_in(db, name=owner, password=PASSWORD, address="198.51.100.1")
    later(monkeypatch, ATTEMPT_WINDOW + timedelta(seconds=1))
    assert accounts.sign_in(db, name=owner, password=PASSWORD, address="198.51.100.1")


def test_a_success_clears_the_failures(db: Database, owner: str) -> None:
    for _ in range(2):
        for _ in range(MAX_ATTEMPTS - 1):
            with pytest.raises(SignInError):
                accounts.sign_in(db, name=owner, password="wrong")
        accounts.sign_in(db, name=owner, password=PASSWORD)


def test_the_first_admin_is_made_once_with_a_drawn_password(db: Database) -> None:
    drawn = accounts.ensure_first_admin(db, password=None)
    assert drawn is not None
    assert len(drawn) >= 20
    assert accounts.ensure_first_admin(db, password=None) is None
    assert accounts.sign_in(db, name=accounts.FIRST_ADMIN, password=drawn)


def test_the_first_admin_takes_a_given_password(db: Database) -> None:
    assert accounts.ensure_first_admin(db, password=PASSWORD) is None
    assert accounts.sign_in(db, name=accounts.FIRST_ADMIN, password=PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "role", "said"),
    [
        ("ada", PASSWORD, Role.OWNER, "new name"),
        ("bob", "short", Role.OWNER, "at least 10"),
        ("", PASSWORD, Role.OWNER, "1 to 60"),
        ("b" * 61, PASSWORD, Role.OWNER, "1 to 60"),
        ("bob", PASSWORD, Role.READER, "invitation"),
    ],
)
def test_refuses_accounts_that_cannot_be(
    db: Database, owner: str, name: str, password: str, role: Role, said: str
) -> None:
    with pytest.raises(StudyError, match=said):
        accounts.create_admin(db, actor=SYSTEM, name=name, password=password, role=role)


def test_an_analyst_makes_no_accounts(db: Database) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD, role=Role.ANALYST)
    eve = accounts.actor_for(db, token=accounts.sign_in(db, name="eve", password=PASSWORD))
    assert eve is not None
    with pytest.raises(PermissionDenied):
        accounts.create_admin(db, actor=eve, name="mallory", password=PASSWORD)


def test_neither_password_nor_token_is_in_the_database(db: Database, owner: str) -> None:
    token = accounts.sign_in(db, name=owner, password=PASSWORD)
    stored = dump(db)
    assert "ada" in stored
    assert PASSWORD not in stored
    assert token not in stored


def test_parallel_guesses_are_counted_one_by_one(db: Database, owner: str) -> None:
    said: list[str] = []

    def guess(_: int) -> None:
        with pytest.raises(SignInError) as caught:
            accounts.sign_in(db, name=owner, password="wrong")
        said.append(str(caught.value))

    with ThreadPoolExecutor(max_workers=12) as pool:
        list(pool.map(guess, range(12)))
    assert len([text for text in said if "password" in text]) == MAX_ATTEMPTS


@pytest.mark.parametrize("name", ["a\0b", "ada\0"])
def test_a_name_that_no_database_can_hold_is_a_sentence(
    db: Database, owner: str, name: str
) -> None:
    with pytest.raises(StudyError, match="Expected"):
        accounts.sign_in(db, name=name, password=PASSWORD)
