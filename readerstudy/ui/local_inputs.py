"""Refuses events whose files lie elsewhere: Gradio would fetch any address that an input names."""

import json
import re
from typing import Any

from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An event of our pages is some text and the names of uploaded files.
MAX_EVENT_BYTES = 200_000
_EVENT = re.compile(r"(/study|/admin)?/gradio_api/(queue/join|call/\w+)/?")
_ADDRESS = re.compile(r"\s*\w+:")


class LocalInputs:
    """Pure ASGI; reads the body of an event, then hands it on unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_event(scope):
            await self.app(scope, receive, send)
            return
        body = await _bounded_body(Request(scope, receive))
        if body is None:
            await JSONResponse({"detail": "The event is too long."}, 413)(scope, receive, send)
        elif _names_an_address(body):
            refusal = JSONResponse({"detail": "Upload the file; no address is fetched."}, 400)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, _once(body, receive), send)


def _is_event(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and _EVENT.fullmatch(scope["path"]) is not None
    )


async def _bounded_body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            return None
    return body


def _names_an_address(body: bytes) -> bool:
    try:
        content = json.loads(body)
    except ValueError:
        return False  # Gradio refuses it with the right words
    return _has_remote_path(content)


def _has_remote_path(value: Any) -> bool:
    if isinstance(value, dict):
        path = value.get("path")
        is_remote = isinstance(path, str) and _ADDRESS.match(path) is not None
        return is_remote or any(_has_remote_path(v) for v in value.values())
    return isinstance(value, list) and any(_has_remote_path(v) for v in value)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body again, then whatever follows: Gradio listens for the disconnect."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
