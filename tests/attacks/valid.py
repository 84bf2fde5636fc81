"""A valid call of every event and route of our own: what the matrix asks and what values spoil."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.attacks.enumerated import Event
from tests.attacks.stage import Stage
from tests.support.making import PASSWORD

CHECKPOINT = "fake"
_FILE = b"slug: {}\ntitle: Sent\ntaxonomy: DEMO8"

# (study that the call is about, the first inputs); what is left out is as an untouched page has it.
Call = Callable[[Stage], tuple[str, list[Any]]]


def _alpha(*data: Any) -> Call:
    return lambda _: ("alpha", ["alpha", *data])


def _quiz(*data: Any) -> Call:
    return lambda _: ("quiz", ["quiz", *data])


def _none(*data: Any) -> Call:
    return lambda _: ("quiz", list(data))


EVENTS: dict[tuple[str, str], Call] = {
    ("/admin", "load"): _none(),
    ("/admin", "reload"): _alpha(),
    ("/admin", "offer_factors"): _none(),
    ("/admin", "show_overview"): _alpha(),
    ("/admin", "show_study"): _alpha(),
    ("/admin", "show_results"): _alpha(None),
    ("/admin", "choose_picture"): _alpha(None, "roc_BCC"),
    ("/admin", "show_progress"): _alpha(),
    ("/admin", "show_cases"): _alpha(),
    ("/admin", "show_groups"): _alpha("site"),
    ("/admin", "show_exports"): _alpha(),
    ("/admin", "show_life"): _alpha(),
    ("/admin", "show_trail"): _alpha(),
    ("/admin", "show_invitations"): _quiz(),
    ("/admin", "invite"): _quiz(1),
    ("/admin", "invite_person"): _quiz("Ada", "ada@example.org", "note", 9),
    ("/admin", "revoke_invitation"): _quiz("99999"),
    ("/admin", "show_requests"): _quiz(),
    ("/admin", "allow_requests"): _quiz(),
    ("/admin", "stop_requests"): _quiz(),
    ("/admin", "approve_request"): _quiz("99999", 9),
    ("/admin", "refuse_request"): _quiz("99999"),
    ("/admin", "preview_this"): _alpha(1),
    ("/admin", "preview_before"): _alpha(2),
    ("/admin", "preview_after"): _alpha(1),
    ("/admin", "make_study"): lambda s: ("quiz", [s.new_name(), "Made", "DEMO8", "strict", False]),
    ("/admin", "copy_study"): lambda s: ("quiz", ["quiz", s.new_name(), "Copied", False]),
    ("/admin", "paste_study"): lambda s: ("quiz", [_study_file(s).decode(), "YAML"]),
    ("/admin", "open_study"): lambda s: (s.draft, [s.draft, True]),
    ("/admin", "close_study"): lambda s: (s.opened, [s.opened, "Ada", "Done."]),
    ("/admin", "reopen_study"): lambda s: (s.closed, [s.closed, "why"]),
    ("/admin", "archive_study"): lambda s: (s.closed, [s.closed]),
    ("/admin", "amend"): lambda s: (s.closed, [s.closed, "case-00", "SK", "histology", "why"]),
    ("/study", "show"): _none(),
    ("/study", "consent"): _none(True, "2", "en"),
    ("/study", "profile"): _none("student"),
    ("", "rank"): _none(CHECKPOINT),
    ("", "explain"): lambda s: ("quiz", [s.handle, "BCC", "gradient"]),
    ("", "place"): lambda s: ("quiz", [s.handle, CHECKPOINT]),
    ("", "choose"): lambda s: ("quiz", [s.handle, CHECKPOINT]),
    ("", "take_offer"): lambda s: ("quiz", [s.handle]),
    ("", "start_again"): _none(""),
    ("", "predict"): lambda s: ("quiz", [s.handle, CHECKPOINT]),
}
# What the click carries, of events that read it.
EVENT_DATA: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "rank": lambda s: {"handle": s.handle},
    "take_offer": lambda _: {"checkpoint": CHECKPOINT},
}


@dataclass
class Asked:
    """A request of a route: its study, the values of its path and the rest."""

    study: str = "quiz"
    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    json: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""


def _admin(study: str = "alpha", **path: Any) -> Callable[[Stage, str], Asked]:
    return lambda _, __: Asked(study, path={"slug": study, **path})


def _of_case(**path: Any) -> Callable[[Stage, str], Asked]:
    return lambda _, token: Asked(path={"case_token": token, **path})


def _plain(**parts: Any) -> Callable[[Stage, str], Asked]:
    return lambda _, __: Asked(**parts)


def _answer(_: Stage, token: str) -> Asked:
    return Asked(json={"case_token": token, "answer": "BCC", "client_token": f"client-{token}"})


def _upload(**query: Any) -> Callable[[Stage, str], Asked]:
    return lambda s, _: Asked(s.draft, path={"slug": s.draft}, query=query, content=b"PK")


# By method and path; given the stage and the case token of the reader whom the call is about.
ROUTES: dict[tuple[str, str], Callable[[Stage, str], Asked]] = {
    ("GET", "/healthz"): _plain(),
    ("PUT", "/demo-api/picture"): lambda s, _: Asked(content=s.picture),
    ("POST", "/demo-api/example/{number}"): _plain(path={"number": 0}),
    ("GET", "/login"): _plain(),
    ("POST", "/login"): _plain(form={"name": "admin", "password": PASSWORD}),
    ("POST", "/logout"): _plain(),
    ("GET", "/language/{code}"): _plain(path={"code": "zh"}, query={"back": "/study/"}),
    ("GET", "/invite"): _plain(),
    ("GET", "/invite/{token}"): lambda s, _: Asked(path={"token": s.invitation()}),
    ("POST", "/invite/{token}"): lambda s, _: Asked(path={"token": s.invitation()}),
    ("GET", "/join/{slug}"): lambda s, _: Asked(path={"slug": s.asked}),
    ("POST", "/join/{slug}"): lambda s, _: Asked(
        path={"slug": s.asked}, form={"name": "Ada", "email": "ada@example.org", "note": "x"}
    ),
    ("GET", "/study-api/status"): _plain(),
    ("GET", "/study-api/current"): _plain(),
    ("POST", "/study-api/answer"): _answer,
    ("POST", "/study-api/revise"): _answer,
    ("GET", "/study-api/case/{case_token}"): _of_case(),
    ("GET", "/study-api/image/{case_token}/{view}"): _of_case(view=1),
    ("GET", "/study-api/support/{case_token}/{number}"): _of_case(number=1),
    ("GET", "/study-api/my-data.json"): _plain(),
    ("GET", "/study-api/my-data.csv"): _plain(),
    ("GET", "/study-api/withdraw"): _plain(),
    ("POST", "/study-api/withdraw"): _plain(),
    ("GET", "/study-api/my-result"): _plain(),
    ("GET", "/study-api/missed/{case_token}"): _of_case(),
    ("GET", "/readyz"): _plain(),
    ("GET", "/admin-api/account"): _plain(),
    ("POST", "/admin-api/account"): _plain(form={"old": "x", "new": "y", "again": "z"}),
    ("GET", "/admin-api/accounts"): _plain(),
    ("GET", "/admin-api/trail.csv"): _plain(),
    ("POST", "/admin-api/accounts/password"): _plain(form={"name": "nobody", "password": "x"}),
    ("POST", "/admin-api/accounts/{action}"): _plain(
        path={"action": "sessions"}, form={"name": "nobody"}
    ),
    ("PUT", "/admin-api/{slug}/cases"): _upload(),
    ("PUT", "/admin-api/{slug}/predictions"): _upload(name="b4"),
    ("PUT", "/admin-api/{slug}/supports"): _upload(model="net"),
    ("PUT", "/admin-api/study-file"): lambda s, _: Asked(
        query={"name": "sent.yaml"}, content=_study_file(s)
    ),
    ("GET", "/admin-api/{slug}/export.zip"): _admin(),
    ("GET", "/admin-api/{slug}/figure/{name}.{kind}"): _admin(name="roc_BCC", kind="svg"),
    ("GET", "/admin-api/{slug}/thumbnail"): lambda _, __: Asked(
        "alpha", path={"slug": "alpha"}, query={"case": "case-00"}
    ),
    ("GET", "/admin-api/{slug}/identities.csv"): _admin(),
    ("GET", "/admin-api/{slug}/report.html"): _admin(),
    ("GET", "/admin-api/{slug}/trail.csv"): _admin(),
    ("GET", "/admin-api/{slug}/preview/{position}/view/{view}"): _admin(position=1, view=1),
    ("GET", "/admin-api/{slug}/preview/{position}/support/{number}"): _admin(position=1, number=1),
}


def inputs(event: Event, stage: Stage) -> tuple[str, list[Any]]:
    """The study that a valid call of the event is about, and the value of each input."""
    study, given = EVENTS[event.page, event.handler](stage)
    return study, [*given, *event.defaults[len(given) :]]


def beside_of(event: Event, stage: Stage) -> dict[str, Any]:
    """What a page says beside the inputs."""
    carried = EVENT_DATA.get(event.handler)
    return {"event_data": carried(stage)} if carried else {}


def _study_file(stage: Stage) -> bytes:
    return _FILE.replace(b"{}", stage.new_name().encode())
