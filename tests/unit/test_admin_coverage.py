"""Coverage and days as markup."""

import base64
import re
from datetime import date

import numpy as np

from data.images import decode
from readerstudy.domain import Coverage
from readerstudy.ui.admin import coverage_view as view

DAY = date(2026, 3, 1)


def found(cells, *, readers=("R-1", "S-1"), cases=("a<b>", "c"), counts=(0, 0)):
    return Coverage(readers, dict.fromkeys(cases, counts), bytes(cells), {})


def pixels(markup):
    content = re.search(r"base64,([^\"]+)", markup).group(1)
    return decode(base64.b64decode(content))


def test_each_state_has_its_colour_and_is_said_in_words():
    shown = view.coverage(found([3, 2, 1, 0]))
    colours = pixels(shown)
    assert colours.shape == (2, 2, 3)
    assert len(np.unique(colours.reshape(4, 3), axis=0)) == 4
    for words in ("1 answered", "1 shown, not answered", "1 not shown yet", "2 readers by 2 cases"):
        assert words in shown


def test_a_large_study_stays_light():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 4, 280 * 160).astype(np.uint8).tobytes()
    readers, cases = (tuple(f"{c}{i}" for i in range(n)) for c, n in (("R", 280), ("c", 160)))
    assert len(view.coverage(found(cells, readers=readers, cases=cases))) < 60_000


def test_thin_cases_come_first_with_people_and_simulated_apart():
    thin = Coverage(("R-1",), {"full": (2, 7), "thin<b>": (0, 5)}, bytes(2), {})
    shown = view.cases(thin)
    assert shown.index("thin&lt;b&gt;") < shown.index("full")
    assert "<td>0</td><td>5</td>" in shown
    assert "0 to 2" in shown


def test_days_without_an_answer_keep_their_place():
    shown = view.days({DAY: (4, 0), date(2026, 3, 4): (1, 1)})
    assert shown.count("<li") == 4
    assert "2026-03-04: 1 answers of people, 1 of simulated readers" in shown
    assert "height:100.0%" in shown


def test_a_long_study_shows_its_last_days():
    shown = view.days({DAY: (4, 0), date(2026, 12, 1): (1, 0)})
    assert shown.count("<li") == 60


def test_nothing_yet_is_nothing():
    assert view.days({}) == ""
    assert view.coverage(found([], readers=())) == ""
    assert view.cases(found([], cases=())) == ""
