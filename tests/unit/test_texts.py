"""The one check of text from outside, and the bound of what a refusal says."""

import pytest

from data.errors import UserError
from data.texts import listed, problem, quoted
from tests.hostile.texts import HOSTILE, LEGITIMATE


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_odd_has_a_problem_that_says_where(what):
    for has_lines in (False, True):
        said = problem(HOSTILE[what], most=500, has_lines=has_lines)
        assert ("characters, at most 500" if what == "too long" else "has the sign U+") in said


@pytest.mark.parametrize("text", LEGITIMATE)
def test_what_people_write_has_none(text):
    assert problem(text, most=200) == ""


def test_line_ends_and_tabs_are_for_texts_of_lines():
    for text in ("a\nb", "a\r\nb", "a\tb"):
        assert problem(text, most=9)
        assert problem(text, most=9, has_lines=True) == ""


LARGE = [
    *HOSTILE.values(),
    ["x" * 9_999] * 9,
    {"a": {"b": {"c": 1}}},
    int("9" * 4_000),
    1 << 30_000,
    "x" * 10**6,
]


@pytest.mark.parametrize("value", LARGE, ids=lambda value: type(value).__name__)
def test_a_quotation_is_short_and_can_be_shown(value):
    said = quoted(value)
    assert len(said) < 500
    assert said.isprintable()


def test_short_text_is_quoted_whole():
    assert quoted("Zoë 李") == "'Zoë 李'"
    assert listed(["a"] * 21).endswith("a and 1 more")
    assert len(listed(["x" * 10_000] * 10_000)) < 2_000


def test_no_refusal_is_longer_than_a_page_or_has_signs_that_harm():
    said = str(UserError(f"Expected a name,\nbut got {''.join(HOSTILE.values())}"))
    assert len(said) < 12_000
    assert problem(said, most=12_000, has_lines=True) == ""
    assert "\n" in said
