"""Who is asking: two zones, each with its own cookie, both answered by the session table."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import anyio
from fastapi import Request, Response
from starlette.requests import HTTPConnection

from readerstudy.db import Database
from readerstudy.domain import Actor, Role
from readerstudy.services.accounts import actor_for, sign_out

_CACHE_SECONDS = 3.0
_CACHE_SIZE = 2000
_COOKIE_SECONDS = 60 * 60 * 24 * 30


@dataclass(frozen=True)
class _Rule:
    cookie: str
    roles: frozenset[Role]


class Zone(Enum):
    """Separate cookies, so that an administrator may try an invitation in the same browser."""

    STUDY = _Rule("skinreader-study", frozenset({Role.READER}))
    ADMIN = _Rule("skinreader-admin", frozenset({Role.OWNER, Role.ANALYST, Role.MONITOR}))

    @property
    def roles(self) -> frozenset[Role]:
        return self.value.roles


class NotSignedInError(Exception):
    """The session ended; the page says how to come back."""


class Sessions:
    """Reads and writes the cookies; the database alone knows what a token means."""

    def __init__(self, db: Database, *, is_secure: bool) -> None:
        self._db = db
        self._is_secure = is_secure
        self._seen: dict[str, tuple[float, Actor | None]] = {}

    def actor(self, connection: HTTPConnection, zone: Zone) -> Actor | None:
        """The caller, asked from the database each time. May be of a role foreign to the zone."""
        token = self.token(connection, zone)
        return actor_for(self._db, token=token) if token else None

    def admitted(self, connection: HTTPConnection, zone: Zone) -> Actor | None:
        """As `actor`, but nobody of a role foreign to the zone."""
        actor = self.actor(connection, zone)
        return actor if actor and actor.role in zone.roles else None

    def required(self, zone: Zone) -> Callable[[Request], Actor]:
        """What a route depends on: the admitted caller, else NotSignedInError."""

        def caller(request: Request) -> Actor:
            actor = self.admitted(request, zone)
            if actor is None:
                raise NotSignedInError
            return actor

        return caller

    async def actor_soon(self, connection: HTTPConnection, zone: Zone) -> Actor | None:
        """As `actor`, remembered for seconds: one page asks a hundred times, on the event loop."""
        token = self.token(connection, zone)
        if not token:
            return None
        now = time.monotonic()
        until, actor = self._seen.get(token, (0.0, None))
        if until < now:
            actor = await anyio.to_thread.run_sync(lambda: actor_for(self._db, token=token))
            self._remember(token, until=now + _CACHE_SECONDS, actor=actor)
        return actor

    def token(self, connection: HTTPConnection, zone: Zone) -> str:
        return connection.cookies.get(self._name(zone), "")

    def open(self, response: Response, zone: Zone, token: str) -> None:
        response.set_cookie(
            self._name(zone),
            token,
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
            path="/",
        )

    def end(self, connection: HTTPConnection, zone: Zone) -> None:
        """The session of this browser, if it has one."""
        token = self.token(connection, zone)
        if token:
            sign_out(self._db, token=token)
            self._seen.pop(token, None)

    def close(self, connection: HTTPConnection, response: Response, zone: Zone) -> None:
        self.end(connection, zone)
        response.delete_cookie(self._name(zone), path="/", secure=self._is_secure, httponly=True)

    def forget_seen(self) -> None:
        """After sessions of others were ended: the gate asks the database anew."""
        self._seen.clear()

    def _name(self, zone: Zone) -> str:
        return f"__Host-{zone.value.cookie}" if self._is_secure else zone.value.cookie

    def _remember(self, token: str, *, until: float, actor: Actor | None) -> None:
        if len(self._seen) >= _CACHE_SIZE:
            self._seen.clear()
        self._seen[token] = (until, actor)
