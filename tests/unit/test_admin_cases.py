"""The hardest cases as markup."""

from readerstudy.domain import CaseAnswers, ReaderKind
from readerstudy.ui.admin import cases_view
from tests.unit.test_admin_view import summary

PEOPLE = (ReaderKind.HUMAN,)


def case(**changes):
    values = {
        "case_id": "a/b <c>",
        "truth": "BCC",
        "n": 8,
        "n_wrong": 6,
        "low": 0.41,
        "high": 0.93,
        "answers": {"SK": 6, "BCC": 2, "": 1},
        "models": {"net": ("BCC", 0.7)},
    }
    return CaseAnswers(**(values | changes))


def test_a_case_shows_share_n_interval_and_all_answers():
    shown = cases_view.hardest(summary(), PEOPLE, [case()])
    for words in ("<b>75%</b>", "41% to 93%", "6 of 8", "SK 6", "BCC 2 ✓", "none 1", "BCC 70% ✓"):
        assert words in shown
    assert "Wilson" in shown
    assert "simulated" not in shown


def test_names_are_escaped_in_text_and_address():
    shown = cases_view.hardest(summary(), PEOPLE, [case()])
    assert "a/b &lt;c&gt;" in shown
    assert "thumbnail?case=a%2Fb%20%3Cc%3E" in shown


def test_a_case_that_nobody_read_is_a_dash():
    unread = case(n=0, n_wrong=0, low=float("nan"), high=float("nan"), answers={}, models={})
    shown = cases_view.hardest(summary(), PEOPLE, [unread])
    assert "nan" not in shown
    assert shown.count("–</") == 3


def test_simulated_answers_say_so():
    shown = cases_view.hardest(summary(), (ReaderKind.SIMULATED,), [case()])
    assert "no evidence about people" in shown


def test_a_large_study_says_how_many_are_shown():
    assert "first 100 of 160" in cases_view.hardest(summary(), PEOPLE, [case()] * 160)
    assert "no test cases" in cases_view.hardest(summary(), PEOPLE, [])
