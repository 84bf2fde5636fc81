"""Gives the events of an open page to whoever opened it, and to nobody else.

Gradio keeps them under a name that the page draws for itself, and hands them to anybody who says
that name: results, and the power to cancel.
"""

import json
import re
from collections import OrderedDict
from urllib.parse import parse_qs

from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from readerstudy.ui.security.plain_events import once
from readerstudy.ui.security.sessions import Sessions, Zone

_MOST_PAGES = 20_000
_ZONES = {"": None, "/study": Zone.STUDY, "/admin": Zone.ADMIN}
_PATH = re.compile(
    r"(?P<page>/study|/admin|)/gradio_api/"
    r"(?P<what>queue/join|queue/data|cancel|reset|heartbeat/(?P<name>[\w-]+))/?"
)


class OwnStreams:
    """Pure ASGI, behind `PlainEvents`, which bounds what a body can hold.

    The first event or heartbeat of a page says whose it is: on a page with a sign-in the account
    or reader, also after signing in anew. On the public page all are nobody, and the name that
    the page drew is the only key.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self.app = app
        self._sessions = sessions
        self._owners: OrderedDict[tuple[str, str], object] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            await self.app(scope, receive, send)
            return
        name = match["name"] or _asked_for(scope)
        if scope["method"] == "POST":
            body = await Request(scope, receive).body()
            name, receive = _named_in(body), once(body, receive)
        may_open = match["what"].startswith(("queue/join", "heartbeat"))
        owner = await self._caller(scope, _ZONES[match["page"]])
        if name and not self._is_own((match["page"], name), owner, may_open=may_open):
            await JSONResponse({"detail": "Not found."}, 404)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_own(self, page: tuple[str, str], owner: object, *, may_open: bool) -> bool:
        if page not in self._owners:
            if not may_open:
                return False
            self._owners[page] = owner
        while len(self._owners) > _MOST_PAGES:
            self._owners.popitem(last=False)
        self._owners.move_to_end(page)
        return self._owners[page] == owner

    async def _caller(self, scope: Scope, zone: Zone | None) -> object:
        if zone is None:
            return None
        actor = await self._sessions.actor_soon(HTTPConnection(scope), zone)
        return actor and (actor.account_id, actor.reader_id)


def _asked_for(scope: Scope) -> str:
    return str(parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[-1])


def _named_in(body: bytes) -> str:
    """What is no name is left to Gradio, which refuses it."""
    try:
        name = json.loads(body).get("session_hash")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return name if isinstance(name, str) else ""
