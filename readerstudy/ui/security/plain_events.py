"""Hands Gradio only events of plain values: no mapping that could name a file or an address.

Gradio takes a mapping with a `path` for an upload, wherever it stands, and copies, serves or
fetches what it names. Our pages never send one: pictures and archives have routes of their own.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_EVENT_BYTES = 200_000
_GRADIO = re.compile(r"(/study|/admin)?/gradio_api/.*")
_EVENT = re.compile(r"(/study|/admin)?/gradio_api/(queue/join|call/\w+)/?")

# Whole numbers that a browser can tell apart.
_Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Plain = None | bool | _Whole | float | str
_Name = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


class _Event(BaseModel):
    """All that an event of our pages is made of; what else is sent goes no further."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    data: list[_Plain | list[_Plain]] = Field(max_length=100)
    event_data: dict[_Name, _Plain] | None = Field(default=None, max_length=10)
    fn_index: _Whole | None = None
    session_hash: _Name | None = None
    trigger_id: _Whole | None = None


class PlainEvents:
    """Pure ASGI; reads the body of an event, and hands on what was understood of it.

    `events` are the numbers of each page's events, by the page's prefix: for another number Gradio
    has an error of its own and no sentence.
    """

    def __init__(self, app: ASGIApp, *, events: Mapping[str, Collection[int]]) -> None:
        self.app = app
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not _is(scope, _GRADIO):
            await self.app(scope, receive, send)
            return
        try:
            body = await _bounded_body(Request(scope, receive))
        except ClientDisconnect:
            return
        if body is None:
            await JSONResponse({"detail": "The event is too long."}, 413)(scope, receive, send)
            return
        if _is(scope, _EVENT):
            try:
                event = _Event.model_validate_json(body)
                self._check_number(scope["path"], event)
            except ValueError:
                refusal = JSONResponse({"detail": "Expected an event of plain values."}, 400)
                await refusal(scope, receive, send)
                return
            body = event.model_dump_json(exclude_unset=True).encode()
        await self.app(_with_length(scope, len(body)), once(body, receive), send)

    def _check_number(self, path: str, event: _Event) -> None:
        page, _, what = path.partition("/gradio_api/")
        known = self._events.get(page)  # None where there is no such page, as without the demo
        if known and what.startswith("queue/join") and event.fn_index not in known:
            raise ValueError(event.fn_index)


def _is(scope: Scope, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(scope["path"]) is not None


async def _bounded_body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            return None
    return body


def _with_length(scope: Scope, length: int) -> Scope:
    scope = {**scope, "headers": list(scope["headers"])}
    MutableHeaders(scope=scope)["content-length"] = str(length)
    return scope


def once(body: bytes, receive: Receive) -> Receive:
    """The body again, then whatever follows: Gradio listens for the disconnect."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
