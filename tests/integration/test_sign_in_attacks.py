"""Attacks on the door of those who run studies: guessing, stalling, strange names and passwords."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import sqlalchemy as sa

from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.queries import accounts as queries_accounts
from readerstudy.db.tables import SignInAttempt
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import InvitationError, SignInError
from readerstudy.domain.throttling import ATTEMPT_WINDOW, MAX_ATTEMPTS, MAX_ATTEMPTS_OF_ADDRESS
from readerstudy.security import passwords
from readerstudy.services import accounts, throttling
from readerstudy.services.people import staff
from readerstudy.services.reading import joining
from readerstudy.services.study import trail
from tests.support.making import PASSWORD, dump, statements

HOME, STRANGER = "192.0.2.1", "203.0.113.9"
TYPED = "Hunter2-in-the-wrong-box"


@pytest.fixture
def owner(db: Database) -> str:
    accounts.create_admin(db, actor=SYSTEM, name="ada", password=PASSWORD)
    return "ada"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed; each entry costs the server 64 MiB and some time."""
    seen: list[str] = []
    real = passwords.PasswordHasher().__class__.verify

    def verify(self: object, stored: str, password: str) -> bool:
        seen.append(password)
        return bool(real(self, stored, password))  # type: ignore[arg-type]

    monkeypatch.setattr(passwords.PasswordHasher().__class__, "verify", verify)
    return seen


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No quarter of an hour ends meanwhile."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)


def refused(db: Database, name: str, *, password: str = "wrong", address: str = STRANGER) -> str:
    with pytest.raises(SignInError) as caught:
        accounts.sign_in(db, name=name, password=password, address=address)
    return str(caught.value)


def test_one_address_makes_the_server_hash_a_bounded_number_of_times(
    db: Database, owner: str, hashed: list[str]
) -> None:
    for number in range(2 * MAX_ATTEMPTS_OF_ADDRESS):
        refused(db, f"name-{number}")
    assert len(hashed) == MAX_ATTEMPTS_OF_ADDRESS
    assert "wait" in refused(db, owner, password=PASSWORD)
    assert accounts.sign_in(db, name=owner, password=PASSWORD, address=HOME)


def test_parallel_names_from_one_address_are_counted_one_by_one(
    db: Database, owner: str, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_ATTEMPTS_OF_ADDRESS - 1):
        refused(db, f"name-{number}")
    real, both = queries_accounts.n_attempts_from, Barrier(2, timeout=1)

    def counted(*args: Any) -> int:
        """Whoever may look while the other one has looked and not yet counted is too late."""
        found = real(*args)
        with suppress(BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(queries_accounts, "n_attempts_from", counted)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda name: refused(db, name), ("one", "two")))
    assert len(hashed) == MAX_ATTEMPTS_OF_ADDRESS


def test_a_network_of_ipv6_is_one_address(db: Database, owner: str, hashed: list[str]) -> None:
    for number in range(MAX_ATTEMPTS_OF_ADDRESS + 5):
        refused(db, f"name-{number}", address=f"2001:db8:1:2::{number:x}")
    assert len(hashed) == MAX_ATTEMPTS_OF_ADDRESS
    assert accounts.sign_in(db, name=owner, password=PASSWORD, address="2001:db8:1:3::1")


def test_a_clinic_behind_one_address_signs_in(db: Database) -> None:
    """A success clears its own failures, so that only those who never succeed use the count up."""
    for number in range(MAX_ATTEMPTS_OF_ADDRESS // MAX_ATTEMPTS + 2):
        accounts.create_admin(db, actor=SYSTEM, name=f"p{number}", password=PASSWORD)
        for _ in range(MAX_ATTEMPTS - 1):
            refused(db, f"p{number}", address=HOME)
        assert accounts.sign_in(db, name=f"p{number}", password=PASSWORD, address=HOME)


def test_known_unknown_and_disabled_names_cost_and_read_the_same(
    db: Database, owner: str, hashed: list[str]
) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="eve", password=PASSWORD)
    staff.disable_account(db, actor=SYSTEM, name="eve")
    said, cost = [], []
    for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("eve", PASSWORD)):
        before = len(hashed)
        done = statements(
            db,
            lambda n=name, p=password: said.append(refused(db, n, password=p)),  # type: ignore[misc]
        )
        cost.append((len(hashed) - before, [text.split()[0] for text in done]))
    assert said[0] == said[1] == said[2]
    assert cost[0] == cost[1] == cost[2]
    assert cost[0][0] == 1


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_whoever_waits_is_not_told_whether_the_name_is_known(
    db: Database, owner: str, name: str
) -> None:
    said = [refused(db, name) for _ in range(MAX_ATTEMPTS + 1)]
    assert ["wait" in text for text in said] == [False] * MAX_ATTEMPTS + [True]


STRANGE = ["a\0b", "\ud800", "ada\udfff", "x" * 1_000_000, "\u202eada", "", " ", "a\nb"]


@pytest.mark.parametrize("name", STRANGE, ids=range(len(STRANGE)))
def test_a_name_that_no_account_can_have_is_an_unknown_one(
    db: Database, owner: str, name: str
) -> None:
    assert refused(db, name) == refused(db, "nobody")


@pytest.mark.parametrize("password", ["\ud800" * 12, "x" * 10_000_000, "a\0" * 10, ""])
def test_a_password_that_nobody_can_have_is_a_wrong_one(
    db: Database, owner: str, hashed: list[str], password: str
) -> None:
    assert refused(db, owner, password=password) == refused(db, owner)
    assert max(map(len, hashed)) <= passwords.MAX_LENGTH


def test_what_was_typed_as_an_unknown_name_is_kept_nowhere(
    db: Database, owner: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(MAX_ATTEMPTS + 2):
            refused(db, TYPED)
    kept = dump(db) + caplog.text
    assert TYPED.casefold() not in kept.casefold()
    with db.reading() as session:
        names = set(session.scalars(sa.select(SignInAttempt.name)))
    assert len(names) == 1


@pytest.mark.usefixtures("frozen")
def test_the_trail_counts_the_failures_of_a_name_in_one_row(db: Database, owner: str) -> None:
    for _ in range(MAX_ATTEMPTS + 3):
        refused(db, owner)
    for number in range(4):
        refused(db, f"{TYPED}{number}")
    found = {(e.subject, e.new) for e in trail.trail(db, actor=SYSTEM).events if "failed" in e.verb}
    assert found == {
        ("ada", '{"refused_unchecked":3,"wrong":5}'),
        ("unknown names", '{"refused_unchecked":0,"wrong":4}'),
    }
    written = trail.trail_csv(db, actor=SYSTEM)
    assert "unknown names" in written
    assert TYPED.casefold() not in written.casefold()
    assert STRANGER not in written


def test_a_new_quarter_of_an_hour_is_a_new_row(
    db: Database, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(db, owner)
    moment = clock.now() + ATTEMPT_WINDOW + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    refused(db, owner)
    found = [e.subject for e in trail.trail(db, actor=SYSTEM).events if "failed" in e.verb]
    assert found == ["ada", "ada"]


def test_an_attack_fills_neither_database_nor_log(
    db: Database, owner: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(MAX_ATTEMPTS_OF_ADDRESS + 30):
            refused(db, f"name-{number}")
    with db.reading() as session:
        kept = session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) or 0
    assert kept == MAX_ATTEMPTS_OF_ADDRESS
    assert len(trail.trail(db, actor=SYSTEM).events) < 10
    assert 1 <= len(caplog.records) < 10


@pytest.mark.usefixtures("frozen")
def test_hammering_does_not_keep_the_database_writing(
    db: Database, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "_MOST_TOLD", MAX_ATTEMPTS + 2)
    for _ in range(MAX_ATTEMPTS + 2):
        refused(db, owner)
    before = dump(db)
    for _ in range(3):
        refused(db, owner)
    assert dump(db) == before


def test_guessing_invitations_is_hopeless_and_writes_nothing(db: Database, study: str) -> None:
    """256 random bits: a count would only shut out the many readers of one clinic."""
    before = dump(db)
    said, cost = set(), set()
    for guess in ("A" * 43, "B" * 43, "x", "\ud800", "é" * 500, "a\0b"):
        for verb in (joining.look_up_invitation, joining.accept_invitation):

            def tried(verb: Callable[..., object] = verb, guess: str = guess) -> None:
                with pytest.raises(InvitationError) as caught:
                    verb(db, token=guess)
                said.add(str(caught.value))

            cost.add((verb, len(statements(db, tried))))
    assert len(said) == 1
    assert len(cost) == 2
    assert dump(db) == before
