"""What is another's: pages that are open elsewhere, links, and acts from a foreign site."""

import uuid
from datetime import timedelta

import pytest

from readerstudy import clock
from readerstudy.domain import SYSTEM, ContactData
from readerstudy.security.tokens import hash_token
from readerstudy.services.people import invitations
from tests.attacks.asking import ask_event, ask_route
from tests.attacks.enumerated import all_routes, events, own_routes
from tests.attacks.valid import ROUTES, Asked, beside_of, inputs
from tests.support.live import ADMIN_COOKIE, STUDY_COOKIE

_SAFE = {"GET", "HEAD", "OPTIONS"}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
# A page with a sign-in, whom its pages are for, and an event of it.
PAGES = {"/study": ("reader", "show"), "/admin": ("owner", "show_overview")}


def event_of(stage, page):
    handler = PAGES[page][1]
    return next(e for e in events(stage.site.app) if e.page == page and e.handler == handler)


def knock(client, page, name):
    """The statuses of everything that names an open page, and all that was said."""
    api = f"{page}/gradio_api"
    body = {"session_hash": name, "fn_index": 0, "event_id": "x", "data": []}
    found = {}
    for what in ("queue/join", "cancel", "reset"):
        found[what] = client.post(f"{api}/{what}", json=body).status_code
    for what in (f"queue/data?session_hash={name}", f"heartbeat/{name}"):
        with client.stream("GET", f"{api}/{what}") as answer:
            found[what.split("/")[0]] = answer.status_code
    return found


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("begun_by", ["queue/join", "heartbeat"])
def test_nobody_else_reaches_an_open_page(stage, page, begun_by):
    who, _ = PAGES[page]
    mine, other = stage.client(stage.new_token(who, "quiz")), stage.as_(f"{who} elsewhere")
    name = uuid.uuid4().hex
    event = event_of(stage, page)
    if begun_by == "heartbeat":
        with mine.stream("GET", f"{page}/gradio_api/heartbeat/{name}") as answer:
            assert answer.status_code == 200
    else:
        assert ask_event(mine, event, inputs(event, stage)[1], session_hash=name).status == 200
    assert set(knock(other, page, name).values()) == {404}
    assert ask_event(mine, event, inputs(event, stage)[1], session_hash=name).status == 200


def test_a_result_waits_for_its_own_page(stage):
    """Whoever joins the stream of another while it is open gets nothing, and takes nothing."""
    mine, other = stage.as_("owner"), stage.as_("owner elsewhere")
    name, api = uuid.uuid4().hex, "/admin/gradio_api"
    event = event_of(stage, "/admin")
    body = {"data": ["quiz"], "fn_index": event.index, "session_hash": name, "event_data": None}
    assert mine.post(f"{api}/queue/join", json=body).status_code == 200
    stolen = other.get(f"{api}/queue/data?session_hash={name}")
    assert (stolen.status_code, stolen.json()) == (404, {"detail": "Not found."})
    assert "Study quiz" in mine.get(f"{api}/queue/data?session_hash={name}").text


def test_the_same_person_signed_in_anew_goes_on_with_the_open_page(stage):
    invitation, name = stage.invitation(), uuid.uuid4().hex
    event = event_of(stage, "/study")
    for _ in range(2):
        client = stage.client("")
        assert client.post(f"/invite/{invitation}").status_code == 303
        token = client.cookies[STUDY_COOKIE]
        assert ask_event(stage.client(token), event, [], session_hash=name).status == 200


@pytest.mark.parametrize("page", ["", *PAGES])
def test_a_page_that_nobody_opened_has_no_stream(stage, page, errors):
    """Gradio itself would answer with an error in mid-stream, and a traceback in the log."""
    client = stage.as_(PAGES[page][0]) if page else stage.as_("anonymous")
    answer = client.get(f"{page}/gradio_api/queue/data?session_hash={uuid.uuid4().hex}")
    assert answer.status_code == 404
    assert errors == []


def test_no_route_acts_for_a_foreign_site(stage):
    """Every route that can change something, asked by somebody who might, enumerated."""
    app = stage.site.app
    acting = [(m, p) for m, p, _ in all_routes(app) if m not in _SAFE]
    assert len(acting) > 60  # else the enumeration itself is broken
    own = {(method, route.path) for method, route in own_routes(app)}
    client = stage.as_("owner everywhere")
    for method, path in acting:
        asked = Asked(path=_filled(path), json={"data": []})
        if (method, path) in own:
            asked = ROUTES[method, path](stage, "x")
        for foreign in FOREIGN:
            answer = ask_route(client, method, path, asked, headers=foreign)
            assert answer.status == 403, (method, path, foreign)
    print(f"{len(acting)} routes, {len(acting) * len(FOREIGN)} requests")


def test_no_event_acts_for_a_foreign_site(stage):
    client = stage.as_("owner everywhere")
    for event in events(stage.site.app):
        for address in ("queue/join", f"call/{event.api_name}"):
            body = {"data": inputs(event, stage)[1], **beside_of(event, stage)}
            body |= {"fn_index": event.index, "session_hash": uuid.uuid4().hex}
            url = f"{event.page}/gradio_api/{address}"
            assert client.post(url, json=body, headers=FOREIGN[0]).status_code == 403


def _filled(path):
    return dict.fromkeys([part.split("}")[0].split(":")[0] for part in path.split("{")[1:]], "x")


@pytest.mark.parametrize("cookie", [STUDY_COOKIE, ADMIN_COOKIE])
@pytest.mark.parametrize(
    "token", ["", "x", "0" * 64, "../../etc/passwd", "null", "\u00e9", "a" * 9000]
)
def test_a_forged_session_is_nobodys(stage, cookie, token):
    headers = {"Cookie": f"{cookie}={token}".encode()}
    client = stage.client("")
    for path in ("/study-api/current", "/admin-api/alpha/export.zip", "/admin/config"):
        assert client.get(path, headers=headers).status_code == 401


def test_a_hash_of_a_token_is_no_token(stage):
    """Who reads the database cannot sign in with what stands there."""
    for who in ("reader", "owner"):
        forged = stage.client(hash_token(stage.token(who, "quiz")))
        assert forged.get("/study-api/current").status_code == 401
        assert forged.get("/admin/config").status_code == 401


def test_a_link_taken_back_or_run_out_opens_nothing(stage, monkeypatch):
    db = stage.site.db
    taken = invitations.invite_person(db, actor=SYSTEM, slug="quiz", days=9, contact=ContactData())
    number = invitations.list_invitations(db, actor=SYSTEM, slug="quiz")[0].number
    client = stage.client("")
    assert client.post(f"/invite/{taken}").status_code == 303
    session = client.cookies[STUDY_COOKIE]
    invitations.revoke_invitation(db, actor=SYSTEM, slug="quiz", number=number)
    old = stage.invitation()
    later = clock.now() + timedelta(days=800)
    assert stage.client("").post(f"/invite/{taken}").status_code == 404
    assert stage.client(session).get("/study-api/current").status_code == 401
    monkeypatch.setattr(clock, "now", lambda: later)
    assert stage.client("").post(f"/invite/{old}").status_code == 404


def test_whoever_signs_out_is_out_everywhere_at_once(stage):
    """Also in the moments for which the door remembers who somebody is."""
    for who, path in (("reader", "/study-api/current"), ("owner", "/admin-api/quiz/trail.csv")):
        token = stage.new_token(who, "quiz")
        assert stage.client(token).get(path).status_code == 200
        assert stage.client(token).post("/logout").status_code == 303
        assert stage.client(token).get(path).status_code == 401
        page = "/study/config" if who == "reader" else "/admin/config"
        assert stage.client(token).get(page).status_code == 401
