"""Requests as no browser sends them, and all that came back."""

import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from tests.attacks.enumerated import Event
from tests.attacks.payloads import to_json
from tests.attacks.valid import Asked

JSON = {"content-type": "application/json"}
LIMIT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """`status` of the request that can be refused; `body` all bytes that came, headers first."""

    status: int
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def ask_event(client: httpx.Client, event: Event, data: list[Any], **forged: Any) -> Answer:
    """By the queue, as a page does; `forged` replaces or adds to what the page says beside."""
    session = uuid.uuid4().hex
    body = {
        "data": data,
        "fn_index": event.index,
        "session_hash": session,
        "event_data": None,
        "trigger_id": None,
        **forged,
    }
    since = time.perf_counter()
    joined = _send(client, "POST", f"{event.page}/gradio_api/queue/join", body)
    if joined.status_code != httpx.codes.OK:
        return _answer(joined, joined.content, since)
    asked = forged.get("session_hash", session)
    address = f"{event.page}/gradio_api/queue/data?session_hash={quote(str(asked))}"
    return _answer(joined, joined.content + _events(client, address), since)


def ask_by_name(client: httpx.Client, event: Event, data: list[Any], **forged: Any) -> Answer:
    """By its name, as programs do."""
    address = f"{event.page}/gradio_api/call/{event.api_name}"
    since = time.perf_counter()
    joined = _send(client, "POST", address, {"data": data, **forged})
    body = joined.content
    if joined.status_code == httpx.codes.OK:
        body += _events(client, f"{address}/{joined.json()['event_id']}")
    return _answer(joined, body, since)


def ask_route(client: httpx.Client, method: str, path: str, asked: Asked, **options: Any) -> Answer:
    address = path.replace(":path}", "}")
    for name, value in asked.path.items():
        address = address.replace(f"{{{name}}}", escaped(value))
    query = "&".join(f"{quote(name)}={escaped(value)}" for name, value in asked.query.items())
    if asked.json:
        options["headers"] = JSON | options.get("headers", {})
        options["content"] = to_json(asked.json)
    elif asked.form:
        options["headers"] = {
            "content-type": "application/x-www-form-urlencoded", **options.get("headers", {})
        }  # fmt: skip
        options["content"] = "&".join(f"{k}={escaped(v)}" for k, v in asked.form.items())
    elif asked.content:
        options["content"] = asked.content
    since = time.perf_counter()
    address = f"{address}?{query}" if query else address
    with client.stream(method, address, **options) as answer:
        is_endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        body = b"" if is_endless else answer.read()
    return _answer(answer, body, since)


def escaped(value: Any) -> str:
    """Percent-encoded, lone surrogates too."""
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="")


def _send(client: httpx.Client, method: str, address: str, body: Any) -> httpx.Response:
    return client.request(method, address, content=to_json(body), headers=JSON)


def _events(client: httpx.Client, address: str) -> bytes:
    body = b""
    until = time.perf_counter() + LIMIT_S
    with client.stream("GET", address) as lines:
        for piece in lines.iter_bytes():
            body += piece
            is_done = b'"process_completed"' in body or b"event: complete" in body
            if is_done or b"event: error" in body or time.perf_counter() > until:
                break
    return body


def _answer(response: httpx.Response, body: bytes, since: float) -> Answer:
    headers = b"\n".join(k + b": " + v for k, v in response.headers.raw)
    return Answer(response.status_code, headers + b"\n\n" + body, time.perf_counter() - since)
