"""What of a visitor's event reaches Gradio: plain values, and nothing that nobody needs."""

import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from readerstudy.ui.security.plain_events import MAX_EVENT_BYTES, PlainEvents

JOIN = "/admin/gradio_api/queue/join"
OTHER = "/gradio_api/cancel"


@pytest.fixture
def client():
    async def echo(request: Request):
        body = await request.body()
        assert request.headers["content-length"] == str(len(body))
        return Response(body)

    routes = [Route(path, echo, methods=["POST"]) for path in (JOIN, OTHER, "/login")]
    return TestClient(PlainEvents(Starlette(routes=routes), events={"/admin": {3}}))


def event(*data, **more):
    return json.dumps({"data": list(data), "fn_index": 3, "session_hash": "abc-1", **more})


@pytest.mark.parametrize("number", [-1, 0, 4, 2**40, None])
def test_an_event_that_the_page_has_not_goes_no_further(client, number):
    answer = client.post(JOIN, content=event(fn_index=number))
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


@pytest.mark.parametrize(
    "sent",
    [
        event(None, True, 5, 0.5, "text", ["a", 1, None]),
        event(event_data={"handle": "x", "index": 3}, trigger_id=7),
        event(event_data=None),
        event("\u00e9 \u5b57 \U0001f600"),
    ],
)
def test_what_our_pages_send_goes_through_as_it_is(client, sent):
    answer = client.post(JOIN, content=sent)
    assert answer.status_code == 200
    assert answer.json() == json.loads(sent)


FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "sent",
    [
        event(FILE),
        event({"path": "/etc/passwd"}),
        event({}),
        event([FILE]),
        event([["a"]]),
        event(event_data={"handle": FILE}),
        event(event_data=[FILE]),
        event(event_data={f"k{i}": 1 for i in range(11)}),
        event(float("nan")),
        event(float("inf")),
        event(10**400),
        event(*range(101)),
        '{"data": [' + "9" * 6000 + "]}",
        '{"data": ["\\ud800"]}',
        '{"data": [' + "[" * 10_000 + "]" * 10_000 + "]}",
        '{"data": "text"}',
        event(session_hash="../../x"),
        event(session_hash="x" * 65),
        event(fn_index="3"),
        "[]",
        "{}",
        "",
        "no json",
        b"\xff\xfe",
    ],
)
def test_everything_else_is_refused_before_gradio_sees_it(client, sent):
    refused = client.post(JOIN, content=sent)
    assert refused.status_code == 400
    assert refused.json() == {"detail": "Expected an event of plain values."}


def test_keys_that_our_pages_do_not_send_go_no_further(client):
    sent = event("a", batched=True, oauth_token="x", request={"url": "x"}, simple_format=True)
    assert client.post(JOIN, content=sent).json() == json.loads(event("a"))


def test_every_body_for_gradio_is_bounded(client):
    long = b"0" * (MAX_EVENT_BYTES + 1)
    assert client.post(JOIN, content=long).status_code == 413
    assert client.post(OTHER, content=long).status_code == 413
    assert client.post(OTHER, content=b"{}").status_code == 200
    assert client.post("/login", content=long).status_code == 200
