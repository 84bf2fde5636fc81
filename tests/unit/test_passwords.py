"""Passwords are hashed with a salt; nobody's password is never right."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from readerstudy.domain.errors import StudyError
from readerstudy.security import passwords
from readerstudy.security.passwords import MAX_LENGTH, MIN_LENGTH, hash_password, is_right_password


def test_the_right_password_is_right_and_others_are_not() -> None:
    stored = hash_password("a long password")
    assert is_right_password("a long password", stored)
    assert not is_right_password("A long password", stored)


def test_equal_passwords_have_different_hashes() -> None:
    first, second = (hash_password("a long password") for _ in range(2))
    assert first != second
    assert first.startswith("$argon2id$")


def test_nobody_has_no_password() -> None:
    assert not is_right_password("", None)
    assert not is_right_password("anything at all", None)


def test_a_password_of_nobody_costs_what_anybodys_does() -> None:
    assert extract_parameters(passwords._NOBODY) == extract_parameters(PasswordHasher().hash("x"))


@pytest.mark.parametrize("password", ["x" * (MAX_LENGTH + 1), "x" * 10_000_000, "\ud800" * 20])
def test_what_nobody_can_type_is_refused_without_a_hash(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = hash_password("a long password")
    monkeypatch.setattr(passwords, "PasswordHasher", None)
    assert not is_right_password(password, stored)
    with pytest.raises(StudyError, match="choose another") as caught:
        hash_password(password)
    assert len(str(caught.value)) < 200


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not is_right_password("a long password", "not a hash")


@pytest.mark.parametrize("password", ["", "x" * (MIN_LENGTH - 1)])
def test_a_short_password_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(StudyError, match=f"at least {MIN_LENGTH}") as caught:
        hash_password(password)
    assert not password or password not in str(caught.value)
