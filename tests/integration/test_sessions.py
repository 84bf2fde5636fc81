"""The cookies of sign-ins, and whom each of the two zones takes."""

import pytest
from fastapi import Response
from starlette.requests import Request

from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Actor, Role
from readerstudy.services import accounts
from readerstudy.services.reading import joining
from readerstudy.services.study import drafts
from readerstudy.ui.security.sessions import NotSignedInError, Sessions, Zone
from tests.support.making import PASSWORD, make_account


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def tokens(db: Database, study: str) -> dict[Zone, str]:
    """Of an owner and of a reader."""
    owner = make_account(db, Role.OWNER, None)
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    return {
        Zone.ADMIN: accounts.sign_in(db, name=owner.name, password=PASSWORD),
        Zone.STUDY: joining.accept_invitation(db, token=link),
    }


def request_with(cookies: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookies.encode())]})


def opened(db: Database, zone: Zone, *, is_secure: bool) -> tuple[str, set[str]]:
    """The cookie's name and what a browser is told of it."""
    response = Response()
    Sessions(db, is_secure=is_secure).open(response, zone, "secret")
    value, *told = response.headers["set-cookie"].split("; ")
    return value.removesuffix("=secret"), {word.lower() for word in told}


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("is_secure", [True, False])
def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(
    db: Database, zone: Zone, is_secure: bool
) -> None:
    name, told = opened(db, zone, is_secure=is_secure)
    assert {"httponly", "samesite=lax", "path=/"} <= told
    assert not any(word.startswith("domain") for word in told)
    # Browsers take a name that begins so from this host alone, and only by TLS.
    assert ("secure" in told) == name.startswith("__Host-") == is_secure


def test_each_zone_has_its_own_cookie(db: Database) -> None:
    assert len({opened(db, zone, is_secure=True)[0] for zone in Zone}) == len(Zone)


@pytest.mark.parametrize("zone", Zone)
def test_a_zone_takes_its_own_roles_alone(
    db: Database, tokens: dict[Zone, str], zone: Zone
) -> None:
    sessions = Sessions(db, is_secure=False)
    for whose, token in tokens.items():
        request = request_with(f"{zone.value.cookie}={token}")
        actor: Actor | None = sessions.admitted(request, zone)
        assert (actor is not None) == (whose is zone)
        if whose is not zone:
            with pytest.raises(NotSignedInError):
                sessions.required(zone)(request)
