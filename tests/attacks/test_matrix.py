"""Who may do what: each cell of matrix.csv, asked of the running site over HTTP."""

import uuid

import pytest

from tests.attacks.asking import ask_event, ask_route
from tests.attacks.enumerated import PAGES, all_routes, events, own_routes
from tests.attacks.matrix import REFUSALS, Table, read_table, written
from tests.attacks.stage import WHO
from tests.attacks.valid import ROUTES, Asked, beside_of, inputs

_REFUSED = {401, 403, 404, 405}
# Asked in the fast tests, where they are refused; of routes closed to all only the first.
_FAST = ("anonymous", "reader elsewhere", "owner elsewhere")
# Of Gradio's routes that are open, one that is there.
_PLACES = {
    "/static/{path:path}": "img/logo.svg",
    "/app-assets/{file}": "quiz.js",
    "/app-assets/demo/{file}": "demo.js",
    "/app-assets/map/{file}": "there.js",
}
# Let in as far as a picture that this study has not.
_NOTHING_THERE = ("it has no number", "a picture beside the advice")


class Asking:
    """Fills a table; `is_whole` False takes from the known one what the slow tests ask."""

    def __init__(self, stage, *, is_whole):
        self.stage, self.is_whole, self.table, self.n = stage, is_whole, {}, 0
        self._known: Table = read_table()

    def row(self, key, ask):
        """A dependency that is wired often is asked often, but only until it is let in."""
        before = self.table.get(key, {})
        row = {who: self._cell(key, who, before.get(who), ask) for who in WHO}
        assert self.table.setdefault(key, row) == row, f"two answers of {key}"

    def _cell(self, key, who, before, ask):
        known = self._known.get(key, {}).get(who)
        if before in ("yes", "no"):
            return before
        is_closed = set(self._known.get(key, {}).values()) == {"404"}
        asked = ("anonymous",) if is_closed else _FAST
        if not self.is_whole and known and (known == "yes" or who not in asked):
            return known
        self.n += 1
        return ask(who)


def ask_events(asking):
    for event in events(asking.stage.site.app):
        asking.row(
            (event.page or "/", "event", event.handler),
            lambda who, event=event: _of_event(asking.stage, event, who),
        )


def _of_event(stage, event, who):
    study, data = inputs(event, stage)
    answer = ask_event(stage.as_(who, study), event, data, **beside_of(event, stage))
    if answer.status in _REFUSED:
        return str(answer.status)
    return "no" if any(words in answer.text for words in REFUSALS) else "yes"


def ask_own(asking):
    for method, route in own_routes(asking.stage.site.app):
        asking.row(
            ("own", method, route.path),
            lambda who, at=(method, route.path): _of_route(asking.stage, *at, who),
        )


def _of_route(stage, method, path, who):
    """The case is the first reader's."""
    needs_case = "{case_token}" in path or path.endswith(("/answer", "/revise"))
    token = stage.case_token(stage.token("reader", "quiz")) if needs_case else ""
    asked = ROUTES[method, path](stage, token)
    answer = ask_route(stage.as_(who, asked.study), method, path, asked)
    is_let_in = answer.status not in _REFUSED or any(
        words in answer.text for words in _NOTHING_THERE
    )
    return "yes" if is_let_in else str(answer.status)


def ask_gradio(asking):
    """HEAD is left out: it is GET without the content."""
    for method, path in gradio_routes(asking.stage.site.app):
        page = next(page for page in PAGES if path.startswith(page + "/"))
        asking.row(
            (page or "/", method, path),
            lambda who, at=(method, path): _of_gradio(asking.stage, *at, who),
        )


def gradio_routes(app):
    own = {(method, route.path) for method, route in own_routes(app)}
    found = [(method, path) for method, path, _ in all_routes(app)]
    return [at for at in found if at[0] != "HEAD" and at not in own]


def _of_gradio(stage, method, path, who):
    place = next((at for end, at in _PLACES.items() if path.endswith(end)), None)
    names = [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]
    # A page of its own: what another opened is closed.
    asked = Asked(path={**dict.fromkeys(names, "x"), "session_hash": uuid.uuid4().hex})
    if place:
        path = path[: path.index("{")] + place
    options = {"json": {}} if method == "POST" else {}
    answer = ask_route(stage.as_(who), method, path, asked, **options)
    return str(answer.status) if answer.status in _REFUSED else "yes"


@pytest.mark.parametrize(
    "is_whole", [False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
@pytest.mark.parametrize("ask", [ask_events, ask_own, ask_gradio])
def test_everybody_may_do_what_the_table_says_and_nothing_else(stage, tmp_path, ask, is_whole):
    asking, table = Asking(stage, is_whole=is_whole), read_table()
    ask(asking)
    print(f"{len(asking.table)} rows, {asking.n:,} cells asked")
    (tmp_path / "asked.csv").write_text(written(asking.table), encoding="utf-8")
    wrong = {key: row for key, row in asking.table.items() if table.get(key) != row}
    assert wrong == {}, f"as it was answered: {tmp_path / 'asked.csv'}"


def test_the_table_holds_nothing_that_is_gone(stage):
    app = stage.site.app
    there = {("own", method, route.path) for method, route in own_routes(app)}
    there |= {(event.page or "/", "event", event.handler) for event in events(app)}
    for method, path in gradio_routes(app):
        page = next(page for page in PAGES if path.startswith(page + "/"))
        there.add((page or "/", method, path))
    assert set(read_table()) - there == set()
