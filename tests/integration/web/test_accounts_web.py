"""Attacks on sign-in, accounts and links, made over HTTP against the running site."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import select

import app as composition
from readerstudy.config import load_settings
from readerstudy.db.tables import Answer, Reader
from readerstudy.domain import SYSTEM, ContactData, Role
from readerstudy.domain.throttling import network_of
from readerstudy.security import passwords
from readerstudy.security.tokens import hash_token
from readerstudy.services import accounts
from readerstudy.services.people import invitations, staff
from readerstudy.services.setup import open_database
from readerstudy.services.study import drafts
from readerstudy.ui.plain_page import caller_address
from readerstudy.ui.security.hashing import AT_ONCE, MAX_WAITING
from readerstudy.ui.security.sessions import Sessions
from readerstudy.ui.sign_in import sign_in_routes
from tests.integration.web.test_web_security import REFUSED, all_routes, closed_routes, events
from tests.support.coroutines import finish
from tests.support.live import ADMIN_COOKIE, STUDY_COOKIE, call, free_port, serve
from tests.support.making import PASSWORD

NEW = "another long password"


def sign_in(client, name, password=PASSWORD):
    return client.post("/login", data={"name": name, "password": password})


def is_in(client):
    return client.get("/admin-api/account").status_code == 200


def change(client, *, old=PASSWORD, new=NEW, again=NEW):
    return client.post("/admin-api/account", data={"old": old, "new": new, "again": again})


def test_a_planted_cookie_is_not_the_session_after(site):
    client, name = site.anonymous(), site.account()
    client.cookies.set(ADMIN_COOKIE, "planted" * 6)
    answer = sign_in(client, name)
    assert answer.status_code == 303
    given = answer.cookies[ADMIN_COOKIE]
    assert "planted" not in given
    assert not is_in(site_with(site, ADMIN_COOKIE, "planted" * 6))
    assert is_in(site_with(site, ADMIN_COOKIE, given))


def test_who_used_the_browser_before_is_signed_out(site):
    """An attacker may plant a session of an own account, and would keep it."""
    attacker, name = site.staff(), site.account()
    victim = site_with(site, ADMIN_COOKIE, attacker.cookies[ADMIN_COOKIE])
    assert is_in(victim)
    token = sign_in(victim, name).cookies[ADMIN_COOKIE]
    assert token != attacker.cookies[ADMIN_COOKIE]
    assert not is_in(attacker)


def test_a_planted_cookie_is_not_the_readers_session(site):
    client = site.anonymous()
    client.cookies.set(STUDY_COOKIE, "planted" * 6)
    [token] = drafts.invite(site.db, actor=SYSTEM, slug="alpha", count=1)
    assert client.post(f"/invite/{token}").cookies[STUDY_COOKIE] != "planted" * 6
    assert site_with(site, STUDY_COOKIE, "planted" * 6).get("/study-api/status").status_code == 401


def site_with(site, cookie, token):
    client = site.anonymous()
    client.cookies.set(cookie, token)
    return client


def test_a_changed_password_ends_all_other_sessions(site):
    name = site.account(Role.MONITOR)
    mine, other = site.signed_in(name), site.signed_in(name)
    old = mine.cookies[ADMIN_COOKIE]
    assert is_in(other)
    answer = change(mine)
    assert answer.status_code == 200
    assert answer.cookies[ADMIN_COOKIE] != old
    assert is_in(site_with(site, ADMIN_COOKIE, answer.cookies[ADMIN_COOKIE]))
    assert not is_in(other)
    assert not is_in(site_with(site, ADMIN_COOKIE, old))
    assert sign_in(site.anonymous(), name).status_code == 401
    assert sign_in(site.anonymous(), name, NEW).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": "wrong"}, "Expected a known name"),
        ({"new": "short", "again": "short"}, "at least 10"),
        ({"again": "something else"}, "typed the same twice"),
        ({"new": "x" * 1001, "again": "x" * 1001}, "at most 1000"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why_and_ends_nothing(site, given, said):
    name = site.account()
    mine, other = site.signed_in(name), site.signed_in(name)
    answer = change(mine, **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert is_in(mine)
    assert is_in(other)


def reached_by(client, site):
    """Closed routes that still answer, and handlers that still do."""
    found = {
        (method, path): status
        for method, path in closed_routes(site)
        if path.startswith("/admin")
        and (status := client.request(method, path).status_code) not in REFUSED
    }
    handlers = {name: call(client, "/admin", index) for index, name in events(site, "/admin")}
    return found, {name for name, status in handlers.items() if status != 401}


def test_a_disabled_account_reaches_nothing_at_once(site):
    owner, name = site.staff(), site.account()
    client = site.signed_in(name)
    assert client.get("/admin/").status_code == 200  # the gate remembers who that was
    owner.post("/admin-api/accounts/disable", data={"name": name})
    assert reached_by(client, site) == ({}, set())
    assert sign_in(site.anonymous(), name).status_code == 401


@pytest.mark.parametrize("way", ["disable", "password", "sessions", "sign out"])
def test_no_handler_or_route_trusts_what_the_gate_remembers(site, way):
    """Ended by another process, such as the command line: the gate learns of it in seconds."""
    name = site.account()
    client = site.signed_in(name)
    assert client.get("/admin/").status_code == 200
    end(site, name, way, token=client.cookies[ADMIN_COOKIE])
    index = next(index for index, its in events(site, "/admin") if its == "show_results")
    answered = call(client, "/admin", index, ["alpha", None])
    assert answered == 401 or "Sign in again" in str(answered)
    for path in ("account", "accounts", "alpha/export.zip", "alpha/trail.csv", "trail.csv"):
        assert client.get(f"/admin-api/{path}").status_code == 401
    assert change(client).status_code == 401


def end(site, name, way, *, token):
    if way == "disable":
        staff.disable_account(site.db, actor=SYSTEM, name=name)
    elif way == "password":
        staff.set_password(site.db, actor=SYSTEM, name=name, password=NEW)
    elif way == "sessions":
        staff.end_sessions(site.db, actor=SYSTEM, name=name)
    else:
        accounts.sign_out(site.db, token=token)


def test_an_open_stream_brings_nothing_after_the_account_was_disabled(site):
    owner, name = site.staff(), site.account()
    client = site.signed_in(name)
    index = next(index for index, its in events(site, "/admin") if its == "show_progress")
    assert "output" in call(client, "/admin", index, ["alpha"], session="kept")
    owner.post("/admin-api/accounts/disable", data={"name": name})
    assert call(client, "/admin", index, ["alpha"], session="kept") == 401
    listened = client.get("/admin/gradio_api/queue/data", params={"session_hash": "kept"})
    assert listened.status_code == 401


def test_an_owner_helps_another_person(site):
    owner, name = site.staff(), site.account(Role.ANALYST)
    analyst = site.signed_in(name)
    assert f"<h2>{name}</h2>" in owner.get("/admin-api/accounts").text
    sent = {"name": name, "password": NEW}
    assert owner.post("/admin-api/accounts/password", data=sent).status_code == 200
    assert not is_in(analyst)
    again = site.anonymous()
    assert sign_in(again, name, NEW).status_code == 303
    assert owner.post("/admin-api/accounts/sessions", data=sent).status_code == 200
    assert not is_in(again)
    assert owner.post("/admin-api/accounts/disable", data=sent).status_code == 200
    assert sign_in(site.anonymous(), name, NEW).status_code == 401
    assert owner.post("/admin-api/accounts/enable", data=sent).status_code == 200
    assert sign_in(site.anonymous(), name, NEW).status_code == 303
    shown = owner.get("/admin-api/accounts").text
    for verb in ("set password", "end sessions", "disable account", "enable account"):
        assert f"<td>{verb}</td><td>{name}</td>" in shown
    assert f"failed_sign_ins,{name}" in owner.get("/admin-api/trail.csv").text


@pytest.mark.parametrize("action", ["password", "disable", "enable", "sessions"])
def test_a_change_that_cannot_be_says_why(site, action):
    sent = {"name": "<img src=x onerror=alert(1)>", "password": NEW}
    answer = site.staff().post(f"/admin-api/accounts/{action}", data=sent)
    assert answer.status_code == 422
    assert "choose one of the list" in answer.text
    assert "<img" not in answer.text


def test_what_is_typed_into_a_link_or_a_name_is_never_markup(site):
    owner, marked = site.staff(), "<script>x</script>"
    accounts.create_admin(site.db, actor=SYSTEM, name=marked, password=PASSWORD)
    assert "<script>" not in owner.get("/admin-api/accounts").text
    assert "<script>" not in sign_in(site.anonymous(), marked, "wrong").text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_no_state_changes_for_a_foreign_page(site, headers):
    """Every method of every route of the running app that may change something."""
    unsafe = [(m, p) for m, p in all_routes(site.app) if m not in ("GET", "HEAD", "OPTIONS")]
    assert {"/login", "/logout", "/invite/x", "/join/x", "/admin-api/account"} <= {
        path for _, path in unsafe
    }
    both = site.staff()
    both.cookies.set(STUDY_COOKIE, site.reader().cookies[STUDY_COOKIE])
    passed = {
        (method, path): status
        for method, path in unsafe
        if (status := both.request(method, path, headers=headers).status_code) != 403
    }
    assert passed == {}
    assert is_in(both)


def test_one_link_in_two_browsers_is_one_reader(site):
    """As the protocol says: the same link signs the same reader in again, and nobody else."""
    [token] = drafts.invite(site.db, actor=SYSTEM, slug="alpha", count=1)
    browsers = [site.anonymous() for _ in range(2)]
    codes = set()
    for client in browsers:
        assert client.get(f"/invite/{token}").status_code == 200
        assert client.post(f"/invite/{token}").status_code == 303
        codes.add(client.get("/study-api/status").json()["code"])
    assert len(codes) == 1
    sessions = {client.cookies[STUDY_COOKIE] for client in browsers}
    assert len(sessions) == 2
    site.make_ready(browsers[0])
    case = browsers[0].get("/study-api/current").json()["case"]["case_token"]
    for number, client in enumerate(browsers):
        body = {"case_token": case, "answer": "BCC", "client_token": f"browser-{number}"}
        client.post("/study-api/answer", json=body)
    with site.db.reading() as session:
        reader = session.scalar(select(Reader.id).where(Reader.code == codes.pop()))
        stored = session.scalars(select(Answer).where(Answer.reader_id == reader)).all()
    assert len(stored) == 1
    browsers[0].post("/logout")
    assert browsers[1].get("/study-api/status").status_code == 200


def test_a_revoked_link_ends_what_it_opened(site):
    link = invitations.invite_person(
        site.db, actor=SYSTEM, slug="alpha", days=9, contact=ContactData()
    )
    client = site.anonymous()
    client.post(f"/invite/{link}")
    assert client.get("/study-api/status").status_code == 200
    made = invitations.list_invitations(site.db, actor=SYSTEM, slug="alpha")[0]
    invitations.revoke_invitation(site.db, actor=SYSTEM, slug="alpha", number=made.number)
    assert client.get("/study-api/status").status_code == 401
    assert_opens_nothing(site, link)


def test_an_expired_link_opens_nothing(site):
    link = invitations.invite_person(
        site.db, actor=SYSTEM, slug="alpha", days=1, contact=ContactData()
    )
    with site.db.transaction() as session:
        made = invitations.queries.invitation(session, hash_token(link))
        made.expires_at = made.created_at
    assert_opens_nothing(site, link)


@pytest.mark.parametrize("guess", ["A" * 43, "x", "%00", "%ED%A0%80", "é", "..%2f", "a" * 9000])
def test_a_guessed_link_opens_nothing(site, guess):
    assert_opens_nothing(site, guess)


def assert_opens_nothing(site, link):
    for method in ("GET", "POST"):
        answer = site.anonymous().request(method, f"/invite/{link}")
        assert answer.status_code == 404
        assert answer.cookies == {}
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"name": "ada", "password": "x" * 1_000_000}},
        {"data": {"name": "x" * 10_000_000, "password": "x"}},
        {"files": {"name": (None, "ada"), "password": ("x.bin", b"x" * 1_000_000)}},
    ],
    ids=["password", "name", "file"],
)
def test_a_form_of_sign_in_is_small(site, body):
    assert site.anonymous().post("/login", **body).status_code == 413


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "raw_unicode_escape"])
@pytest.mark.parametrize("field", ["name", "password"])
def test_half_a_character_is_a_wrong_password(site, charset, field):
    """A form may name an encoding in which Python reads what is no text."""
    fields = {"name": "ada", "password": "a long password"} | {field: r"\ud800 \x00 +2AA-"}
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    answer = site.anonymous().post(
        "/login", content=f"{parts}--b--\r\n", headers={"Content-Type": kind}
    )
    assert answer.status_code in (401, 422)
    assert "Traceback" not in answer.text


@pytest.fixture
def door(tmp_path):
    """A server with the sign-in alone, and a route that the quiz's threads answer."""
    settings = load_settings({"SKINREADER_VAR": str(tmp_path / "door")})
    db = open_database(settings)
    db.migrate()
    app = FastAPI()
    app.include_router(sign_in_routes(db, Sessions(db, is_secure=False)))

    @app.get("/quiz")
    def quiz() -> str:
        return threading.current_thread().name

    with serve(app, port=free_port()) as url:
        yield url
    db.close()


def test_a_crowd_at_the_door_does_not_stop_the_quiz(door, monkeypatch):
    """Counted in threads and hashes: while hashing stands still, all else goes on."""
    go_on, hashing, n_most = threading.Event(), [], []

    def stuck(_password, _stored):
        hashing.append(1)
        n_most.append(sum(hashing))
        go_on.wait(60)
        hashing.append(-1)
        return False

    monkeypatch.setattr(passwords, "is_right_password", stuck)
    crowd, taken = 60, AT_ONCE + MAX_WAITING
    client = httpx.Client(base_url=door, timeout=90)

    def knock(number):
        return sign_in(client, f"name-{number}")

    with ThreadPoolExecutor(max_workers=crowd) as pool:
        knocks = [pool.submit(knock, number) for number in range(crowd)]
        try:
            deadline = time.monotonic() + 30
            while sum(k.done() for k in knocks) < crowd - taken and time.monotonic() < deadline:
                time.sleep(0.05)
            turned_away = [k.result() for k in knocks if k.done()]
            assert client.get("/quiz", timeout=10).status_code == 200
        finally:
            go_on.set()
    assert [answer.status_code for answer in turned_away] == [503] * (crowd - taken)
    assert "try again in a moment" in turned_away[0].text
    assert max(n_most) == AT_ONCE
    assert len(n_most) == taken
    assert sorted(k.result().status_code for k in knocks) == [401] * taken + [503] * (crowd - taken)


REAL = "203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "peer", "claims", "believed"),
    [
        ("", "127.0.0.1", ["192.0.2.1"], "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", ["192.0.2.1"], "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", [REAL], REAL),
        ("127.0.0.1", "127.0.0.1", [f"192.0.2.1, 127.0.0.1, {REAL}"], REAL),
        ("127.0.0.1", "127.0.0.1", ["192.0.2.1", REAL], REAL),
        ("127.0.0.1,10.0.0.0/8", "127.0.0.1", [f"192.0.2.1, {REAL}, 10.1.2.3"], REAL),
        ("127.0.0.1", "127.0.0.1", [f"192.0.2.1, {REAL}:4711"], REAL),
        ("127.0.0.1", "127.0.0.1", ["192.0.2.1, [2001:db8:1:2:3::4]:99"], "2001:db8:1:2::/64"),
        ("127.0.0.1", "127.0.0.1", ["192.0.2.1, " + "x" * 9000], ""),
    ],
)
def test_an_address_is_what_the_last_trusted_proxy_saw(tmp_path, trusted, peer, claims, believed):
    """Whatever a visitor writes into the header stands left of what a proxy adds."""
    settings = load_settings(
        {"SKINREADER_VAR": str(tmp_path), "SKINREADER_TRUSTED_PROXIES": trusted}
    )
    app = FastAPI()

    @app.get("/")
    def address(request: Request) -> str:
        return network_of(caller_address(request))

    config = composition.server_config(app, settings)
    config.load()

    async def ask():
        transport = httpx.ASGITransport(config.loaded_app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            headers = [("X-Forwarded-For", claim) for claim in claims]
            return (await client.get("/", headers=headers)).json()

    assert finish(ask()) == believed
