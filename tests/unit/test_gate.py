"""What the gate decides, without a server: hosts, origins, headers behind a proxy."""

import pytest

from readerstudy.db import Database
from readerstudy.ui.security.gate import Gate
from readerstudy.ui.security.sessions import Sessions
from tests.support.coroutines import finish

PUBLIC = "https://study.example.org"


async def _echo(scope, receive, send):
    """Answers 200 and keeps what the application would have seen."""
    _echo.scope = scope
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_no_socket_is_opened():
    sent = []

    async def send(message):
        sent.append(message)

    gate = Gate(None, sessions=Sessions(Database("sqlite://"), is_secure=False), public_url=None)
    finish(gate({"type": "websocket", "path": "/admin/", "headers": []}, None, send))
    assert sent == [{"type": "websocket.close"}]


def ask(path="/", *, method="GET", public=None, **headers):
    """(status, headers) of one request."""
    gate = Gate(_echo, sessions=Sessions(Database("sqlite://"), is_secure=False), public_url=public)
    named = {"host": "127.0.0.1:7860"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"all_endpoints=1",
        "headers": [(k.encode(), v.encode()) for k, v in named.items()],
    }
    sent = []

    async def send(message):
        sent.append(message)

    finish(gate(scope, None, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], answered


@pytest.mark.parametrize(
    ("host", "public", "status"),
    [
        ("127.0.0.1:7860", None, 200),
        ("localhost:7860", None, 200),
        ("[::1]:7860", None, 200),
        ("192.168.1.5:7860", None, 200),
        ("evil.example", None, 400),
        ("", None, 400),
        ("study.example.org", PUBLIC, 200),
        ("evil.example", PUBLIC, 400),
    ],
)
def test_only_own_names_are_answered(host, public, status):
    assert ask(host=host, public=public)[0] == status


@pytest.mark.parametrize(
    ("origin", "host", "public", "status"),
    [
        ("http://localhost:7860", "localhost:7860", None, 200),
        ("http://localhost:9999", "localhost:7860", None, 403),
        ("https://evil.example", "127.0.0.1:7860", None, 403),
        ("null", "127.0.0.1:7860", None, 403),
        (PUBLIC, "127.0.0.1:7860", PUBLIC, 200),
        (PUBLIC, "study.example.org", PUBLIC, 200),
        ("http://study.example.org", "study.example.org", PUBLIC, 403),
    ],
)
def test_only_own_pages_may_post(origin, host, public, status):
    assert ask("/login", method="POST", origin=origin, host=host, public=public)[0] == status


def test_public_address_replaces_what_the_client_claims():
    ask(public=PUBLIC, x_forwarded_host="evil.example", x_gradio_server="http://evil.example")
    seen = dict(_echo.scope["headers"])
    assert seen[b"x-forwarded-host"] == b"study.example.org"
    assert seen[b"x-forwarded-proto"] == b"https"
    assert b"x-gradio-server" not in seen


def test_claims_vanish_without_a_public_address():
    ask(x_forwarded_host="evil.example")
    assert b"x-forwarded-host" not in dict(_echo.scope["headers"])


def test_private_endpoints_are_not_listed_on_request():
    ask("/gradio_api/info")
    assert _echo.scope["query_string"] == b""


def test_https_is_remembered_by_browsers():
    assert "strict-transport-security" in ask(public=PUBLIC)[1]
    assert "strict-transport-security" not in ask()[1]


@pytest.mark.parametrize("path", ["/admin/config", "/admin-api/a", "/study/config", "/study-api/a"])
def test_who_has_not_signed_in_does_not_reach_the_application(path):
    assert ask(path)[0] == 401
    assert ask(path, accept="text/html")[0] == 303
