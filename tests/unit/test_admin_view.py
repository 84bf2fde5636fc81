"""How numbers and people are shown to those who run a study."""

from datetime import UTC, datetime

import pytest

from readerstudy.domain import Option, ReaderKind, ReaderProgress, Rule, Stage, StudyState
from readerstudy.domain import StudySummary as Summary
from readerstudy.domain.errors import StudyError
from readerstudy.stats.figures.roc import RocFigure, RocPoint
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.subjects_and_methods import MEAN_READER, MOVER, PRIMARY, Method, Subject
from readerstudy.ui.admin import view

NAN = float("nan")
NET, WILSON = Subject.model("net"), Method("wilson")


def record(quantity="sensitivity", subject=NET, method=WILSON, estimate=0.8, **more):
    values = {"ci_low": 0.7, "ci_high": 0.9, "n_cases": 40} | more
    return Record(quantity, "BCC", subject, method, estimate, **values)


def analysis(*records, models=("net",)):
    return Analysis({"models": list(models), "classes": ["BCC"], "notes": ["A note."]}, records)


def summary(**changes):
    values = {
        "slug": "trial",
        "title": "Trial <b>",
        "state": StudyState.OPEN,
        "synthetic": True,
        "n_cases": 4,
        "n_readers": 2,
        "n_simulated": 0,
        "n_answers": 5,
        "n_simulated_answers": 0,
        "models": ("net",),
        "classes": (Option("BCC", "basal cell carcinoma", "基底细胞癌"),),
        "rule": Rule.RENORMALISE,
        "seal_hash": None,
        "opened_at": None,
        "closed_at": None,
    }
    return Summary(**(values | changes))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (record(), "<b>80.0%</b> <span>70.0% to 90.0%</span>"),
        (record("auc", estimate=0.912), "<b>0.912</b> <span>0.700 to 0.900</span>"),
        (
            record(subject=NET - MEAN_READER, estimate=-0.05, ci_low=-0.1, ci_high=0.02),
            "<b>-5.0%</b> <span>-10.0% to +2.0%</span>",
        ),
        (record(estimate=NAN), "–"),
        (record(ci_low=NAN), "<b>80.0%</b>"),
        (None, "–"),
    ],
)
def test_estimates(found, text):
    assert view.estimate(found) == text


def test_every_number_carries_n_and_the_methods_are_named():
    shown = view.results(analysis(record(), record("auc", method=Method("delong"), estimate=0.9)))
    assert "40 cases" in shown
    assert "Wilson score interval" in shown
    assert "DeLong" in shown
    assert "A note." in shown


def test_without_a_model_the_readers_stand_alone_and_it_says_so():
    shown = view.results(analysis(record(subject=MEAN_READER), models=()))
    assert "No checkpoint predicts these classes" in shown
    assert "minus" not in shown


def test_simulated_readers_are_flagged_wherever_they_show():
    person = ReaderProgress(
        "R-1", ReaderKind.HUMAN, Stage.QUIZ, 1, 4, datetime(2026, 1, 2, tzinfo=UTC)
    )
    robot = ReaderProgress("S-1", ReaderKind.SIMULATED, Stage.DONE, 4, 4, None)
    assert view.progress([person]).count("simulated") == 0
    assert view.progress([person, robot]).count("simulated") == 1
    robot = Subject.reader("S-1")
    point = RocPoint(robot, "reader", 0.1, 0.9, 4, simulated=True)
    figure = RocFigure("BCC", "BCC", 2, 2, (), (point,), ())
    assert "simulated" in view.readers(analysis(record(subject=robot)), figure)
    assert "not clinical data" in view.overview(summary(n_simulated=280))
    assert "not clinical data" not in view.overview(summary())
    assert "2 ask to take part and wait" in view.overview(summary(n_waiting=2))
    assert "ask to take part" not in view.overview(summary())


def test_names_from_outside_are_escaped():
    assert "Trial &lt;b&gt;" in view.overview(summary())
    assert "<b>" not in view.overview(summary())


def test_nobody_yet_is_said_in_words():
    assert "No reader yet" in view.progress([])


def test_kinds_of_readers_are_the_pages_choice_or_the_services():
    for _, words in view.KINDS:
        assert view.kinds_of(words)
    assert view.kinds_of("human simulated") == (ReaderKind.HUMAN, ReaderKind.SIMULATED)
    assert view.kinds_of("") is None
    assert view.kinds_of(None) is None
    with pytest.raises(StudyError, match="Expected kinds"):
        view.kinds_of("robots")


def test_downloads_are_of_what_is_shown():
    shown = view.figure_files("t", [("ROC: BCC", "roc_BCC")], kinds="human simulated")
    assert "roc_BCC.svg?kinds=human%20simulated" in shown


def test_exports_are_of_those_who_answered():
    people = view.exports(summary())
    assert "kinds=human" in people
    assert "simulated" not in people
    both = view.exports(summary(n_simulated_answers=4))
    assert "kinds=simulated" in both
    assert "kinds=human%20simulated" in both


def test_with_few_cases_the_interval_to_report_stands_beside_the_usual_one() -> None:
    gap = {"subject": NET - MEAN_READER, "estimate": 0.1}
    usual = record(**gap, method=PRIMARY, rely_on=MOVER)
    better = record(**gap, method=MOVER, ci_low=-0.2, ci_high=0.3)
    page = view.results(analysis(usual, better))
    assert "+70.0% to +90.0%" in page
    assert "Few cases, report: -20.0% to +30.0%" in page
    assert "exact limits joined" in page
    assert "Few cases" not in view.results(analysis(record(**gap, method=PRIMARY)))
