"""Coverage of cases by readers as a small picture, readings per case, and answers per day."""

import base64
from collections.abc import Mapping
from datetime import date, timedelta
from html import escape

from readerstudy.domain import CellState, Coverage
from readerstudy.report.grid import grid_png
from readerstudy.ui.admin.view import table

_COLOURS = {
    CellState.NOT_PLANNED: (236, 240, 242),
    CellState.PLANNED: (198, 208, 213),
    CellState.SHOWN: (230, 159, 0),
    CellState.ANSWERED: (15, 118, 110),
}
_WORDS = {
    CellState.ANSWERED: "answered",
    CellState.SHOWN: "shown, not answered",
    CellState.PLANNED: "not shown yet",
    CellState.NOT_PLANNED: "not in this reader's plan",
}
_FEWEST = 10
_MOST_DAYS = 60
_PEOPLE, _SIMULATED = "#0f766e", "#c2410c"


def coverage(found: Coverage) -> str:
    """One pixel per reader and case in a PNG, which stays a few kB however large the study."""
    if not found.readers or not found.cases:
        return ""
    counts = {state: found.cells.count(state) for state in _WORDS}
    said = ", ".join(f"{counts[state]} {words}" for state, words in _WORDS.items())
    alt = f"{len(found.readers)} readers by {len(found.cases)} cases: {said}"
    return (
        f"<h3>Readers by cases</h3>{_legend(counts)}"
        f'<figure class="sr-coverage"><img alt="{escape(alt)}" src="{_png(found)}" '
        f'style="aspect-ratio:{len(found.cases)}/{_rows_shown(found)}">'
        f"<figcaption>One row per reader ({len(found.readers)}, the first at the top), one column "
        f"per test case ({len(found.cases)}, by name).</figcaption></figure>"
    )


def cases(found: Coverage) -> str:
    """The cases with the fewest readings: where the study is thin."""
    if not found.readers or not found.cases:
        return ""
    thinnest = sorted(found.cases.items(), key=lambda item: item[1])
    rows = [
        (f"<code>{escape(case_id)}</code>", str(people), str(simulated))
        for case_id, (people, simulated) in thinnest[:_FEWEST]
    ]
    most = max(people for people, _ in found.cases.values())
    return (
        "<h3>Cases with the fewest readings</h3>"
        f"<p>Readings by people per case: {thinnest[0][1][0]} to {most}.</p>"
        f"{table(('Case', 'By people', 'Simulated'), rows)}"
    )


def days(by_day: Mapping[date, tuple[int, int]]) -> str:
    """Bars per day up to the last with an answer; days without one keep their place."""
    if not by_day:
        return ""
    last = max(by_day)
    first = max(min(by_day), last - timedelta(days=_MOST_DAYS - 1))
    shown = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    most = max(sum(by_day.get(day, (0, 0))) for day in shown)
    bars = "".join(_bar(day, by_day.get(day, (0, 0)), most) for day in shown)
    return (
        "<h3>Answers per day</h3>"
        f'<ol class="sr-days">{bars}</ol><p class="sr-small">{first} to {last}, days in UTC; '
        f"the highest bar is {most} answers. {_key(_PEOPLE, 'people')}"
        f"{_key(_SIMULATED, 'simulated readers')}</p>"
    )


def _bar(day: date, counts: tuple[int, int], most: int) -> str:
    people, simulated = counts
    said = f"{day}: {people} answers of people, {simulated} of simulated readers"
    parts = "".join(
        f'<i style="height:{100 * n / most:.1f}%;background:{colour}"></i>'
        for n, colour in ((simulated, _SIMULATED), (people, _PEOPLE))
        if n
    )
    return f'<li title="{said}" aria-label="{said}">{parts}</li>'


def _png(found: Coverage) -> str:
    colours = [_COLOURS[state] for state in CellState]
    content = grid_png(found.cells, width=len(found.cases), colours=colours)
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _rows_shown(found: Coverage) -> int:
    """Few readers still make a picture that is higher than a line."""
    return max(len(found.readers), len(found.cases) // 4)


def _legend(counts: Mapping[CellState, int]) -> str:
    keys = (
        _key(f"rgb{_COLOURS[state]}", f"{counts[state]} {words}")
        for state, words in _WORDS.items()
        if counts[state]
    )
    return f"<p>{''.join(keys)}</p>"


def _key(colour: str, words: str) -> str:
    return f'<span class="sr-key"><i style="background:{colour}"></i>{escape(words)}</span>'
