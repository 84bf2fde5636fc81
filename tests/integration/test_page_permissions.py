"""Who may call what through the pages: every handler and route, for everybody of two studies.

The gate in front of them is left away, and the table is the same: tests/attacks/matrix.csv.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.routing import Route

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.services.accounts import open_session
from readerstudy.ui.admin import build_admin
from readerstudy.ui.admin.downloads import admin_routes
from readerstudy.ui.admin.invitations_view import ONLY_OWNERS
from readerstudy.ui.admin.tab import OUT_OF_DATE
from readerstudy.ui.admin.uploads import upload_routes
from readerstudy.ui.gradio_page import allow
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.sign_in import sign_in_routes
from readerstudy.ui.study.api import ERROR_HANDLERS, study_routes
from readerstudy.ui.study.quiz import build_study
from readerstudy.ui.study.result import result_routes
from readerstudy.ui.study.rights import rights_routes
from tests.attacks.matrix import allowed
from tests.integration.test_permissions import LISTS, READERS
from tests.support.making import World

COOKIES = {Zone.STUDY: "skinreader-study", Zone.ADMIN: "skinreader-admin"}
REFUSALS = ("Expected somebody who may", "Sign in again", ONLY_OWNERS, OUT_OF_DATE)

# Who stands in which column, as to the study alpha; who may do it here may do it everywhere.
COLUMNS = {
    "stranger": "anonymous",
    "reader alpha": "reader",
    "second reader alpha": "other reader",
    "reader beta": "reader elsewhere",
    "second reader beta": "reader elsewhere",
    "monitor alpha": "monitor",
    "monitor everywhere": "monitor",
    "monitor beta": "owner elsewhere",
    "analyst alpha": "analyst",
    "analyst everywhere": "analyst",
    "analyst beta": "owner elsewhere",
    "owner alpha": "owner",
    "owner everywhere": "owner everywhere",
    "owner beta": "owner elsewhere",
}
# In the order of a study's life, so that nobody is refused by its state alone.
ADMIN: dict[str, tuple[Any, ...]] = {
    "load": (),
    "reload": ("alpha",),
    "offer_factors": (),
    "show_overview": ("alpha",),
    "show_study": ("alpha",),
    "show_results": ("alpha", None),
    "choose_picture": ("alpha", None, "roc_BCC"),
    "show_progress": ("alpha",),
    "show_cases": ("alpha",),
    "show_groups": ("alpha", "site"),
    "show_exports": ("alpha",),
    "show_life": ("alpha",),
    "show_trail": ("alpha",),
    "show_invitations": ("alpha",),
    "invite": ("alpha", 1),
    "invite_person": ("alpha", "", "", "", 9),
    "revoke_invitation": ("alpha", "99"),
    "show_requests": ("alpha",),
    "allow_requests": ("alpha",),
    "approve_request": ("alpha", "99", 9),
    "refuse_request": ("alpha", "99"),
    "stop_requests": ("alpha",),
    "preview_this": ("alpha", 1),
    "preview_before": ("alpha", 2),
    "preview_after": ("alpha", 1),
    "make_study": ("made", "Made", "DEMO8", "strict", False),
    "copy_study": ("alpha", "copied", "Copied", False),
    "paste_study": ("slug: pasted\ntitle: P\ntaxonomy: DEMO8", "YAML"),
    "open_study": ("alpha", True),
    "close_study": ("alpha", "Ada", "Done."),
    "amend": ("alpha", "case-00", "SK", "histology", "why"),
    "reopen_study": ("alpha", "why"),
    "archive_study": ("alpha",),
}
STUDY: dict[str, tuple[Any, ...]] = {
    "show": (),
    "consent": (True, "2", "en"),
    "profile": ("student", *[None] * 6),
}
ANSWER = {"case_token": "{token}", "answer": "BCC", "client_token": "12345678"}
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/admin-api/{slug}/export.zip"): "/admin-api/alpha/export.zip",
    ("GET", "/admin-api/{slug}/figure/{name}.{kind}"): "/admin-api/alpha/figure/roc_BCC.svg",
    ("GET", "/admin-api/{slug}/thumbnail"): "/admin-api/alpha/thumbnail?case=case-00",
    ("GET", "/admin-api/{slug}/identities.csv"): "/admin-api/alpha/identities.csv",
    ("GET", "/admin-api/{slug}/report.html"): "/admin-api/alpha/report.html",
    ("GET", "/admin-api/{slug}/trail.csv"): "/admin-api/alpha/trail.csv",
    (
        "GET",
        "/admin-api/{slug}/preview/{position}/view/{view}",
    ): "/admin-api/alpha/preview/1/view/1",
    (
        "GET",
        "/admin-api/{slug}/preview/{position}/support/{number}",
    ): "/admin-api/alpha/preview/1/support/1",
    ("PUT", "/admin-api/{slug}/cases"): "/admin-api/alpha/cases",
    ("PUT", "/admin-api/{slug}/predictions"): "/admin-api/alpha/predictions?name=b4",
    ("PUT", "/admin-api/{slug}/supports"): "/admin-api/alpha/supports?model=net",
    ("PUT", "/admin-api/study-file"): "/admin-api/study-file?name=sent.yaml",
    ("GET", "/admin-api/account"): "/admin-api/account",
    ("POST", "/admin-api/account"): "/admin-api/account",
    ("GET", "/admin-api/accounts"): "/admin-api/accounts",
    ("GET", "/admin-api/trail.csv"): "/admin-api/trail.csv",
    ("POST", "/admin-api/accounts/password"): "/admin-api/accounts/password",
    ("POST", "/admin-api/accounts/{action}"): "/admin-api/accounts/sessions",
    ("GET", "/study-api/status"): "/study-api/status",
    ("GET", "/study-api/current"): "/study-api/current",
    ("GET", "/study-api/case/{case_token}"): "/study-api/case/{token}",
    ("GET", "/study-api/image/{case_token}/{view}"): "/study-api/image/{token}/1",
    ("GET", "/study-api/support/{case_token}/{number}"): "/study-api/support/{token}/1",
    ("POST", "/study-api/answer"): "/study-api/answer",
    ("POST", "/study-api/revise"): "/study-api/revise",
    ("GET", "/study-api/my-result"): "/study-api/my-result",
    ("GET", "/study-api/missed/{case_token}"): "/study-api/missed/{token}",
    ("GET", "/study-api/my-data.json"): "/study-api/my-data.json",
    ("GET", "/study-api/my-data.csv"): "/study-api/my-data.csv",
    ("GET", "/study-api/withdraw"): "/study-api/withdraw",
    ("POST", "/study-api/withdraw"): "/study-api/withdraw",
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def backend(request: pytest.FixtureRequest) -> str:
    """Pages compute results, which takes seconds: the server is for the slow tests."""
    return str(request.param)


@pytest.fixture
def tokens(world: World) -> dict[str, str]:
    """A session of everybody but the stranger, who has none."""
    with world.db.transaction() as session:
        return {
            name: open_session(session, account_id=its.account_id, reader_id=its.reader_id)
            for name, its in world.actors.items()
            if its.account_id or its.reader_id
        }


def handlers(blocks: gr.Blocks) -> dict[str, Callable[..., Any]]:
    return {fn.fn.__name__: fn.fn for fn in blocks.fns.values()}


def cookie_of(token: str) -> str:
    """One token in both places: neither page may take the other's."""
    return "; ".join(f"{name}={token}" for name in COOKIES.values())


def was_let_in(handler: Callable[..., Any], data: tuple[Any, ...], token: str) -> bool:
    headers = [(b"cookie", cookie_of(token).encode())]
    request = gr.Request(
        Request({"type": "http", "method": "POST", "path": "/", "headers": headers})
    )
    is_first = next(iter(inspect.signature(handler).parameters)) == "request"
    try:
        said = str(handler(request, *data) if is_first else handler(*data, request))
    except gr.Error as error:
        said = str(error)
    assert "Something went wrong" not in said
    return not any(words in said for words in REFUSALS)


def expected(page: str, method: str, name: str) -> set[str]:
    columns = allowed(page, method, name)
    return {who for who, column in COLUMNS.items() if column in columns}


@pytest.mark.parametrize("zone", list(Zone))
def test_only_those_who_may_call_a_handler_can(
    world: World, tokens: dict[str, str], zone: Zone
) -> None:
    guard = allow(zone, Sessions(world.db, is_secure=False))
    if zone is Zone.ADMIN:
        blocks, table = build_admin(world.db, guard=guard, public_url="http://here"), ADMIN
    else:
        blocks, table = build_study(world.db, guard=guard), STUDY
    found = handlers(blocks)
    assert set(found) == set(table)
    wrong = {}
    page = "/admin" if zone is Zone.ADMIN else "/study"
    for name, data in table.items():
        passed = {who for who in world.actors if was_let_in(found[name], data, tokens.get(who, ""))}
        if wrongly := passed ^ expected(page, "event", name):
            wrong[name] = wrongly
    assert wrong == {}


@pytest.fixture
def app(db: Database) -> Iterator[TestClient]:
    made = FastAPI()
    for kind, handler in ERROR_HANDLERS.items():
        made.add_exception_handler(kind, handler)
    sessions = Sessions(db, is_secure=False)
    for routes in (
        sign_in_routes,
        admin_routes,
        upload_routes,
        study_routes,
        rights_routes,
        result_routes,
    ):
        made.include_router(routes(db, sessions))
    with TestClient(made) as client:
        yield client


def own_routes(client: TestClient) -> set[tuple[str, str]]:
    assert isinstance(client.app, FastAPI)
    found = set()
    pending = list(client.app.routes)
    while pending:
        route = pending.pop()
        if hasattr(route, "original_router"):
            pending += route.original_router.routes
        elif isinstance(route, Route) and "-api/" in route.path:
            found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found


def test_only_those_who_may_reach_a_route_do(
    world: World, tokens: dict[str, str], app: TestClient
) -> None:
    assert own_routes(app) == set(ROUTES)
    wrong = {}
    for (method, path), url in ROUTES.items():
        passed = {
            who for who in world.actors if is_answered(app, world, method, url, tokens.get(who, ""))
        }
        if wrongly := passed ^ expected("own", method, path):
            wrong[path] = wrongly
    assert wrong == {}


def is_answered(app: TestClient, world: World, method: str, url: str, token: str) -> bool:
    """Being told that a state is wrong means having been let in; another's case is hidden."""
    case = world.case_tokens["alpha"]
    body: dict[str, Any] = {}
    if method == "PUT":
        body = {"content": b"slug: sent\ntitle: Sent\ntaxonomy: DEMO8"}
    elif url.endswith(("answer", "revise")):
        body = {"json": ANSWER | {"case_token": case}}
    reply = app.request(
        method, url.replace("{token}", case), headers={"cookie": cookie_of(token)}, **body
    )
    return reply.status_code not in (401, 403) and "a case of yours" not in reply.text


def test_the_matrix_knows_everybody(world: World) -> None:
    assert set(world.actors) == LISTS | READERS | {"stranger"} == set(COLUMNS)
    assert all(isinstance(actor, Actor) for actor in world.actors.values())
