"""Who may do what: each cell of matrix.csv, asked of the running site over HTTP."""

import pytest

from tests.attacks.asking import ask_event, ask_route
from tests.attacks.enumerated import PAGES, all_routes, events, own_routes
from tests.attacks.matrix import REFUSALS, Table, read_table, written
from tests.attacks.stage import WHO
from tests.attacks.valid import ROUTES, Asked, beside_of, inputs

_REFUSED = {401, 403, 404, 405}
# Of Gradio's routes that are open, one that is there.
_PLACES = {
    "/static/{path:path}": "img/logo.svg",
    "/app-assets/{file}": "quiz.js",
    "/app-assets/demo/{file}": "demo.js",
    "/app-assets/map/{file}": "there.js",
}
# Let in as far as a picture that this study has not.
_NOTHING_THERE = "it has no number"


def asked_events(stage) -> Table:
    """Every dependency is asked where the door refuses, one of each handler behind the door."""
    table: Table = {}
    for event in events(stage.site.app):
        key = (event.page or "/", "event", event.handler)
        row = {who: _of_event(stage, event, who, table.get(key, {}).get(who)) for who in WHO}
        assert table.setdefault(key, row) == row, f"two answers of {key}"
    return table


def _of_event(stage, event, who, known):
    if known in ("yes", "no"):
        return known
    study, data = inputs(event, stage)
    answer = ask_event(stage.as_(who, study), event, data, **beside_of(event, stage))
    if answer.status in _REFUSED:
        return str(answer.status)
    return "no" if any(words in answer.text for words in REFUSALS) else "yes"


def asked_own(stage) -> Table:
    return {
        ("own", method, route.path): {
            who: _of_route(stage, method, route.path, who) for who in WHO
        }
        for method, route in own_routes(stage.site.app)
    }


def _of_route(stage, method, path, who):
    token = stage.case_token(stage.token("reader", "quiz")) if "{case_token}" in path else ""
    if path.endswith(("/answer", "/revise")):
        token = stage.case_token(stage.token("reader", "quiz"))
    asked = ROUTES[method, path](stage, token)
    answer = ask_route(stage.as_(who, asked.study), method, path, asked)
    is_let_in = answer.status not in _REFUSED or _NOTHING_THERE in answer.text
    return "yes" if is_let_in else str(answer.status)


def asked_gradio(stage) -> Table:
    """HEAD is left out: it is GET without the content."""
    own = {(method, route.path) for method, route in own_routes(stage.site.app)}
    table: Table = {}
    for method, path, _ in all_routes(stage.site.app):
        page = next(page for page in PAGES if path.startswith(page + "/"))
        if method == "HEAD" or (method, path) in own:
            continue
        key = (page or "/", method, path)
        table[key] = {who: _of_gradio(stage, method, path, who) for who in WHO}
    return table


def _of_gradio(stage, method, path, who):
    place = next((at for end, at in _PLACES.items() if path.endswith(end)), None)
    names = [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]
    asked = Asked(path=dict.fromkeys(names, "x"))
    if place:
        path = path[: path.index("{")] + place
    options = {"json": {}} if method == "POST" else {}
    answer = ask_route(stage.as_(who), method, path, asked, **options)
    return str(answer.status) if answer.status in _REFUSED else "yes"


@pytest.mark.parametrize("ask", [asked_events, asked_own, asked_gradio])
def test_everybody_may_do_what_the_table_says_and_nothing_else(stage, tmp_path, ask):
    found, table = ask(stage), read_table()
    (tmp_path / "asked.csv").write_text(written(found), encoding="utf-8")
    wrong = {key: row for key, row in found.items() if table.get(key) != row}
    assert wrong == {}, f"as it was answered: {tmp_path / 'asked.csv'}"


def test_the_table_holds_nothing_that_is_gone(stage):
    app = stage.site.app
    own = {(method, route.path) for method, route in own_routes(app)}
    there = {("own", *key) for key in own}
    there |= {(event.page or "/", "event", event.handler) for event in events(app)}
    for method, path, _ in all_routes(app):
        page = next(page for page in PAGES if path.startswith(page + "/"))
        if (method, path) not in own:
            there.add((page or "/", method, path))
    assert set(read_table()) - there == set()
