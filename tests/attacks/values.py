"""Sends one value to one place, and says what should not have happened."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tests.attacks.asking import LIMIT_S, Answer, ask_by_name, ask_event, ask_route
from tests.attacks.canary import SECRET
from tests.attacks.enumerated import Event, events, own_routes, parameters
from tests.attacks.payloads import LONG, texts, values
from tests.attacks.stage import Stage
from tests.attacks.valid import EVENT_DATA, ROUTES, beside_of, inputs

# Whom a page or a prefix is for.
_CALLERS = {"": "anonymous", "/study": "reader", "/admin": "owner everywhere"}
_LEAKS = re.compile(
    rb"Traceback \(most recent|File \\?\"/|site-packages|root:x:0:0|sqlalchemy|sqlite3\.|"
    + SECRET.encode()
)
_ENOUGH = 40
_FAILED_INSIDE = "Something went wrong here"


@dataclass(frozen=True)
class Shot:
    """`send` asks with one value spoiled; `sent` is what was put where."""

    place: str
    sent: Any
    send: Callable[[], Answer]


@dataclass
class Tally:
    """Counts of what was sent, and every fault found."""

    n: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        asked = ", ".join(f"{kind} {n:,}" for kind, n in sorted(self.n.items()))
        by_status = ", ".join(f"{n:,} x {status}" for status, n in self.statuses.most_common())
        return f"{sum(self.n.values()):,} requests ({asked}); {by_status}; {self.slowest:.1f} s"


def shoot(stage: Stage, shots: Iterable[Shot], kind: str, tally: Tally) -> None:
    for shot in shots:
        try:
            answer = shot.send()
        except httpx.HTTPError as error:
            if shot.sent is LONG and isinstance(error, httpx.NetworkError):
                continue  # refused by its length, and not read to its end
            tally.faults.append(f"{shot.place} {short(shot.sent)}: {error!r}")
            continue
        tally.n[kind] += 1
        tally.statuses[answer.status] += 1
        tally.slowest = max(tally.slowest, answer.seconds)
        wrong = [*faults_of(answer, stage), *stage.canary.check()]
        tally.faults += [f"{shot.place} {short(shot.sent)}: {fault}" for fault in wrong]
        is_over = len(tally.faults) >= _ENOUGH or not stage.site.db.path.is_file()
        assert not is_over, "\n".join(tally.faults)


def faults_of(answer: Answer, stage: Stage) -> list[str]:
    found = []
    if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR and answer.status != 503:
        found.append(f"status {answer.status}")
    if answer.seconds > LIMIT_S:
        found.append(f"took {answer.seconds:.1f} s")
    if leak := _LEAKS.search(answer.body):
        found.append(f"leaks {answer.body[leak.start() : leak.end() + 80]!r}")
    # What a client named itself, now or before, is no news: a title may hold it for good.
    unnamed = answer.text.replace(str(stage.canary.folder), "").replace(stage.database, "")
    if str(stage.folder) in unnamed:
        found.append("names a folder of the server")
    if _FAILED_INSIDE in answer.text:
        found.append("failed inside")
    return found


def event_shots(stage: Stage, *, by_name: bool = False) -> Iterator[Shot]:
    """Each input of each event in turn; each handler once, however often it is wired.

    By its name only what is public can be called, so that one value shows that the rest is closed.
    """
    seen = set()
    everything = values(stage.canary, stage.database)
    for event in events(stage.site.app):
        if (event.page, event.handler) not in seen:
            seen.add((event.page, event.handler))
            is_closed = by_name and event.handler != "predict"
            spoiled = everything[:1] if is_closed else everything
            places: list[int | str] = [*range(len(event.inputs))]
            if event.handler in EVENT_DATA and not by_name:
                places += EVENT_DATA[event.handler](stage)
            for place, value in itertools.product(places, spoiled):
                yield _event_shot(stage, event, place, value, by_name=by_name)


def _event_shot(stage: Stage, event: Event, place: int | str, value: Any, *, by_name: bool) -> Shot:
    """`place` is the number of an input, or a name of what the click carries."""

    def send() -> Answer:
        study, data = inputs(event, stage)
        client = stage.as_(_CALLERS[event.page], study)
        beside = beside_of(event, stage)
        if isinstance(place, int):
            data[place] = value
        else:
            beside["event_data"][place] = value
        if by_name:
            return ask_by_name(client, event, data)
        return ask_event(client, event, data, **beside)

    return Shot(f"{event.page}:{event.handler}[{place}]", value, send)


_ENVELOPE = (
    "session_hash", "fn_index", "event_data", "trigger_id", "event_id", "batched", "request",
    "simple_format", "time_limit", "oauth_token", "data", "root_path", "username", "api_name",
)  # fmt: skip


def envelope_shots(stage: Stage) -> Iterator[Shot]:
    """What stands beside the data of an event: one event of each page."""
    spoiled = values(stage.canary, stage.database)
    firsts = {event.page: event for event in reversed(events(stage.site.app)) if event.inputs}
    for event, key, value in itertools.product(firsts.values(), _ENVELOPE, spoiled):

        def send(event: Event = event, key: str = key, value: Any = value) -> Answer:
            study, data = inputs(event, stage)
            client = stage.as_(_CALLERS[event.page], study)
            forged = {**beside_of(event, stage), key: value}
            return ask_event(client, event, forged.pop("data", data), **forged)

        yield Shot(f"{event.page}:{event.handler} {key}", value, send)


def route_shots(stage: Stage) -> Iterator[Shot]:
    """Each parameter of each route of our own in turn."""
    words = texts(stage.canary, stage.database)
    fields = [*values(stage.canary, stage.database)]
    for method, route in own_routes(stage.site.app):
        for kind, name in parameters(route):
            for value in fields if kind == "json" else words:
                yield _route_shot(stage, (method, route.path), kind, name, value)


# Not those by which a client ends its request: it would send half a one.
_HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Type", "Cookie",
    "Forwarded", "Host", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer",
    "Sec-Fetch-Site", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix",
    "X-Forwarded-Proto", "X-Gradio-Server", "X-Gradio-User", "X-HTTP-Method-Override",
    "X-Original-URL", "X-Rewrite-URL",
)  # fmt: skip


def header_shots(stage: Stage) -> Iterator[Shot]:
    """Headers and cookies of each route of our own, and of the three pages."""
    words = [w for w in texts(stage.canary, stage.database) if _fits_a_header(w)][::4]
    cookies = [f"{name}={word}" for name in _COOKIES for word in words if ";" not in word]
    asked = [*((method, route.path) for method, route in own_routes(stage.site.app))]
    for route, name in itertools.product(asked, _HEADERS):
        for value in cookies if name == "Cookie" else words:
            yield _route_shot(stage, route, "header", name, value)


_COOKIES = ("skinreader-study", "skinreader-admin", "skinreader-language", "session")


def _fits_a_header(word: str) -> bool:
    """What a client can send at all."""
    return word.isascii() and word.isprintable() and word == word.strip()


def _route_shot(stage: Stage, route: tuple[str, str], kind: str, name: str, value: Any) -> Shot:
    method, path = route

    def send() -> Answer:
        who = _caller(path)
        needs_case = "case_token" in path or path.endswith(("/answer", "/revise"))
        reader = stage.token("reader", "quiz")
        asked = ROUTES[route](stage, stage.case_token(reader) if needs_case else "")
        client = stage.as_(who, asked.study)
        if kind == "header":
            return ask_route(client, method, path, asked, headers={name: value})
        if kind == "cookie":
            return ask_route(client, method, path, asked, headers={"Cookie": f"{name}={value}"})
        if kind == "body":
            return ask_route(client, method, path, replace(asked, content=_bytes(value)))
        spoiled = {**getattr(asked, kind), name: value}
        return ask_route(client, method, path, replace(asked, **{kind: spoiled}))

    return Shot(f"{method} {path} {kind} {name}", value, send)


def _caller(path: str) -> str:
    if path.startswith("/admin-api"):
        return "owner everywhere"
    return "reader" if path.startswith(("/study-api", "/logout")) else "anonymous"


def _bytes(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass") or b" "


def some(shots: Iterable[Shot], n: int) -> Sequence[Shot]:
    """The same few each time, of every place the same share."""
    everything = list(shots)
    return random.Random(12).sample(everything, min(n, len(everything)))


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:150]}… ({len(text)})"
