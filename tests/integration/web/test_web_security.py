"""The walls of the site, asked over HTTP; who may do what is in tests/attacks/matrix.csv."""

import asyncio
import contextlib
import re

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Mount

import app as composition
from readerstudy.config import load_settings
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Role
from readerstudy.domain.throttling import MAX_ATTEMPTS
from readerstudy.services import accounts
from readerstudy.services.setup import open_database
from readerstudy.ui.gradio_page import Page, UnguardedHandlerError, allow, allow_anyone, mount
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.sign_in import sign_in_routes
from tests.attacks import enumerated
from tests.support.coroutines import finish
from tests.support.live import ADMIN_COOKIE, STUDY_COOKIE, call, free_port, serve
from tests.support.making import PASSWORD

CLOSED = ("/study", "/admin", "/study-api", "/admin-api")
REFUSED = {401, 403, 404, 405}
FILE = {"_type": "gradio.FileData"}


def gradio_mounts(site):
    return {
        route.path: route.app.get_blocks()
        for route in site.app.routes
        if isinstance(route, Mount) and hasattr(route.app, "get_blocks")
    }


def all_routes(app):
    """(method, path) of every route, own and Gradio's, with its parameters filled in."""
    return [(m, re.sub(r"\{[^}]*\}", "x", path)) for m, path, _ in enumerated.all_routes(app)]


def closed_routes(site):
    found = [(m, p) for m, p in all_routes(site.app) if p.startswith(CLOSED)]
    assert len(found) > 150  # else the enumeration itself is broken
    return found


def events(site, zone):
    """(index, name) of every handler of a zone's page."""
    found = [(i, fn.api_name) for i, fn in gradio_mounts(site)[zone].fns.items()]
    assert found
    return found


def test_there_are_three_pages(site):
    assert set(gradio_mounts(site)) == {"", "/study", "/admin"}


def test_staff_are_no_readers(site):
    staff = site.staff()
    staff.cookies.set(STUDY_COOKIE, staff.cookies[ADMIN_COOKIE])
    assert staff.get("/study/").status_code == 403
    assert staff.get("/study-api/current").status_code == 403


@pytest.mark.parametrize("zone", ["/study", "/admin"])
def test_strangers_call_no_handler(site, zone):
    client = site.anonymous()
    for index, name in events(site, zone):
        assert call(client, zone, index) == 401
        assert_no_direct_call(client, zone, name)


def test_readers_call_no_admin_handler(site):
    client = site.as_admin(site.reader())
    for index, name in events(site, "/admin"):
        assert call(client, "/admin", index) == 403
        assert_no_direct_call(client, "/admin", name)


def assert_no_direct_call(client, zone, name):
    for way in ("call", "run", "api", "call/v2"):
        answer = client.post(f"{zone}/gradio_api/{way}/{name}", json={"data": []})
        assert answer.status_code in REFUSED, (way, name)


@pytest.mark.parametrize("zone", ["/study", "/admin"])
def test_handlers_refuse_strangers_even_without_the_gate(site, zone):
    stranger = gr.Request(Request({"type": "http", "headers": [], "method": "POST", "path": "/"}))
    for fn in gradio_mounts(site)[zone].fns.values():
        with pytest.raises(gr.Error, match="Sign in again"):
            fn.fn(stranger)


def test_only_predict_is_public(site):
    info = site.anonymous().get("/gradio_api/info", params={"all_endpoints": "1"}).json()
    assert list(info["named_endpoints"]) == ["/predict"]
    assert info["unnamed_endpoints"] == {}
    for _, name in events(site, ""):
        status = site.anonymous().post(f"/gradio_api/call/{name}", json={"data": []}).status_code
        assert (status != 404) == (name == "predict"), name


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://example.org/x",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/mcp/schema",
        "/gradio_api/runs",
        "/gradio_api/openapi.json",
        "/gradio_api/component_server",
        "/monitoring",
        "/monitoring/summary",
        "/pwa_icon/9000",
        "/manifest.json",
        "/study/gradio_api/info",
        "/study/gradio_api/upload",
        "/admin/gradio_api/file=/etc/hostname",
        "/docs",
        "/openapi.json",
        "/Admin/",
        "//admin/",
        "/nowhere",
    ],
)
def test_what_nobody_needs_is_closed(site, path):
    assert site.anonymous().get(site.url + path).status_code in REFUSED
    assert site.staff().get(site.url + path).status_code in {404, 405}


def test_no_file_is_served(site):
    for path in ("/etc/hostname", "http://example.org/x", "http%3A//example.org/x", "../app.py"):
        answer = site.anonymous().get(f"/gradio_api/file={path}")
        assert (answer.status_code, answer.content) in ((204, b""), (404, answer.content))


def test_inputs_are_accepted_only_if_uploaded(site):
    """Every input of every page, the plain text ones too, given a path of the server."""
    secret = site.db.images.parent / "log" / "secret.txt"
    secret.write_text("do not read me")
    clients = {"": site.anonymous(), "/study": site.reader(), "/admin": site.staff()}
    for zone, client in clients.items():
        for index, fn in gradio_mounts(site)[zone].fns.items():
            for place in range(len(fn.inputs)):
                data = [None] * len(fn.inputs)
                data[place] = {"path": str(secret), "meta": FILE, "orig_name": "x.png"}
                answer = str(call(client, zone, index, data))
                assert "do not read me" not in answer
                assert "uploads/" not in answer, (zone, index, place)
                assert "Traceback" not in answer


@pytest.mark.parametrize(
    "path", ["http://example.org/x.png", "https://127.0.0.1/x", " HTTP://example.org", "ftp://x/y"]
)
def test_no_address_is_fetched_for_a_visitor(site, path):
    client = site.anonymous()
    body = {"data": [{"path": path, "meta": FILE}], "fn_index": 0, "session_hash": "x"}
    assert client.post("/gradio_api/queue/join", json=body).status_code == 400
    assert client.post("/gradio_api/call/predict", json={"data": body["data"]}).status_code == 400
    nested = {"data": [[{"a": {"path": path}}]], "fn_index": 0, "session_hash": "x"}
    assert client.post("/gradio_api/queue/join", json=nested).status_code == 400


def test_bodies_are_bounded(site):
    client = site.anonymous()
    event = {"data": ["0" * 300_000], "fn_index": 0, "session_hash": "x"}
    assert client.post("/gradio_api/queue/join", json=event).status_code == 413
    form = client.post("/gradio_api/upload", files={"field": (None, b"0" * 22_000_000)})
    assert form.status_code == 413


BAD_ANSWERS = [{"json": {"case_token": 3, "<b>": 1}}, {"json": ["<b>"]}, {"content": "<b>"}]


@pytest.mark.parametrize("sent", BAD_ANSWERS)
@pytest.mark.parametrize(("language", "word"), [("en", "missing"), ("zh", "不完整")])
def test_a_malformed_answer_is_a_sentence_without_echo(site, sent, language, word):
    reader = site.reader()
    reader.cookies.set("skinreader-language", language)
    refused = reader.post("/study-api/answer", **sent)
    assert refused.status_code == 422
    assert list(refused.json()) == ["detail"]
    assert word in refused.json()["detail"]
    assert "<b>" not in refused.text


@pytest.mark.parametrize(("language", "word"), [("en", "missing"), ("zh-CN", "不完整")])
def test_a_form_without_its_fields_is_a_page_without_echo(site, language, word):
    client = site.anonymous(**{"Accept-Language": language})
    refused = client.post("/login", data={"name": "x-very-own-name"})
    assert refused.status_code == 422
    assert refused.headers["content-type"].startswith("text/html")
    assert word in refused.text
    assert "x-very-own-name" not in refused.text


def test_a_figure_of_another_kind_is_a_sentence(site):
    refused = site.staff().get("/admin-api/alpha/figure/BCC.png")
    assert refused.status_code == 422
    assert isinstance(refused.json()["detail"], str)


@pytest.mark.parametrize("path", ["", "/", "/nowhere", "/nowhere/at/all"])
def test_unknown_routes_of_our_own_are_json(site, path):
    page = {"Accept": "text/html"}
    for client, prefix in ((site.reader(), "/study-api"), (site.staff(), "/admin-api")):
        for method in ("GET", "POST", "DELETE"):
            missing = client.request(method, prefix + path, headers=page)
            assert missing.status_code == 404
            assert isinstance(missing.json()["detail"], str)


@pytest.mark.parametrize(("trusted", "owner_comes_in"), [("127.0.0.1", True), ("", False)])
def test_a_stranger_behind_a_trusted_proxy_does_not_lock_the_owner_out(
    tmp_path, trusted, owner_comes_in
):
    """What a visitor claims is not believed, nor a proxy that nobody named."""
    settings = load_settings(
        {"SKINREADER_VAR": str(tmp_path), "SKINREADER_TRUSTED_PROXIES": trusted}
    )
    db = open_database(settings)
    db.migrate()
    accounts.create_admin(db, actor=SYSTEM, name="ada", password=PASSWORD)
    app = FastAPI()
    app.include_router(sign_in_routes(db, Sessions(db, is_secure=False)))
    config = composition.server_config(app, settings)
    config.load()
    with serve(config.loaded_app, port=free_port()) as url:

        def attempt(password, *, address):
            data = {"name": "ada", "password": password}
            headers = {"X-Forwarded-For": address}
            return httpx.post(f"{url}/login", data=data, headers=headers).status_code

        for number in range(MAX_ATTEMPTS):
            assert attempt("wrong", address=f"192.0.2.{number}, 203.0.113.9") == 401
        assert attempt(PASSWORD, address="203.0.113.9") == 401
        assert attempt(PASSWORD, address="192.0.2.1") == (303 if owner_comes_in else 401)
    db.close()


def test_own_origin_may_act(site):
    reader = site.reader()
    assert reader.post("/logout", headers={"Origin": site.url}).status_code == 303


def test_unknown_host_names_are_refused(site):
    client = site.anonymous(Host="rebound.evil.example")
    assert client.get("/").status_code == 400
    assert site.anonymous(Host="localhost").get("/healthz").status_code == 200


def test_client_cannot_choose_the_public_address(site):
    claims = {"X-Forwarded-Host": "evil.example", "X-Gradio-Server": "http://evil.example"}
    for path in ("/", "/config", "/gradio_api/info"):
        answer = site.anonymous().get(path, headers=claims | {"Origin": "https://evil.example"})
        assert "evil.example" not in answer.text
        assert "access-control-allow-origin" not in answer.headers


def test_every_page_carries_the_security_headers(site):
    for client, path in (
        (site.anonymous(), "/"),
        (site.anonymous(), "/login"),
        (site.reader(), "/study/"),
        (site.staff(), "/admin/"),
    ):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "object-src 'none'" in headers["content-security-policy"] or path == "/login"


def test_private_pages_are_not_stored(site):
    reader, staff = site.reader(), site.staff()
    for client, path in ((reader, "/study/"), (reader, "/study-api/current"), (staff, "/admin/")):
        assert client.get(path).headers["cache-control"] == "private, no-store"


def test_assets_are_kept_by_the_browser(site):
    page = site.anonymous().get("/").text
    [name] = re.findall(r"assets/index-[\w-]+\.js", page)[:1]
    answer = site.anonymous().get(f"/{name}")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert site.anonymous(**{"Accept-Encoding": "identity"}).get(f"/{name}").text == answer.text


def test_session_cookie_is_out_of_reach_of_scripts(site):
    [cookie] = site.reader().post("/logout").headers.get_list("set-cookie")[:1]
    assert "HttpOnly" in cookie


def test_signing_out_ends_the_session_on_the_server(site):
    reader = site.reader()
    token = reader.cookies[STUDY_COOKIE]
    reader.post("/logout")
    again = site.anonymous()
    again.cookies.set(STUDY_COOKIE, token)
    assert again.get("/study-api/current").status_code == 401


def test_strangers_are_led_to_the_right_door(site):
    client = site.anonymous(Accept="text/html")
    assert client.get("/admin/").headers["location"] == "/login"
    assert client.get("/study/").headers["location"] == "/invite"


def test_only_owners_get_contacts_and_only_of_their_study(site):
    owner = site.staff(Role.OWNER, study="alpha")
    assert owner.get("/admin-api/alpha/identities.csv").text.startswith("reader_id,name,email")
    assert owner.get("/admin-api/beta/identities.csv").status_code == 403
    for other in (site.reader(), site.anonymous()):
        assert other.get("/admin-api/alpha/identities.csv").status_code in (401, 403)


def test_a_page_with_an_unguarded_handler_is_not_mounted(tmp_path):
    sessions = Sessions(Database("sqlite://"), is_secure=False)
    with gr.Blocks() as blocks:
        blocks.load(lambda: None)
    for zone in (None, Zone.ADMIN):
        with pytest.raises(UnguardedHandlerError, match="guarded"):
            mount(FastAPI(), Page(blocks, "/x", zone), sessions=sessions, private=tmp_path)


def test_a_handler_guarded_for_another_zone_is_not_mounted(tmp_path):
    sessions = Sessions(Database("sqlite://"), is_secure=False)
    for guard in (allow_anyone, allow(Zone.STUDY, sessions)):
        with gr.Blocks() as blocks:
            blocks.load(guard(lambda: None))
        with pytest.raises(UnguardedHandlerError, match="guarded"):
            mount(FastAPI(), Page(blocks, "/x", Zone.ADMIN), sessions=sessions, private=tmp_path)


def test_an_idle_page_hardly_ever_looks_for_work(tmp_path):
    """Gradio's own pace, a thousand times a second, is a sixth of a core for three pages."""
    with gr.Blocks() as blocks:
        pass
    mount(FastAPI(), Page(blocks, "/x", None), sessions=None, private=tmp_path)
    queue, looked = blocks._queue, []

    class Watched(type(queue)):
        """Both loops ask at each turn whether they are stopped."""

        @property
        def stopped(self):
            looked.append(1)
            return False

        @stopped.setter
        def stopped(self, _):
            pass

    async def idle(seconds):
        loops = asyncio.gather(queue.start_processing(), queue.start_progress_updates())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loops, seconds)

    queue.__class__ = Watched
    finish(idle(1.0))
    assert 2 <= len(looked) <= 30
