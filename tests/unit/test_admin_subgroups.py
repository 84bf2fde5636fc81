"""Results by group as markup."""

from readerstudy.services.results.subgroups import Group
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.subjects_and_methods import MEAN_READER, PRIMARY
from readerstudy.ui.admin.subgroups_view import subgroups

NAN = float("nan")


def group(name="<3", *, n_readers=6, n_cases=20, n_simulated=0, estimate=0.8):
    meta = {
        "n_readers": n_readers,
        "n_cases": n_cases,
        "n_simulated": n_simulated,
        "models": ["net"],
        "cases_per_class": {"BCC": n_cases, "SK": 0},
    }
    record = Record(
        "balanced_accuracy", "all", MEAN_READER, PRIMARY, estimate,
        ci_low=0.7, ci_high=0.9,
    )  # fmt: skip
    return Group(name, Analysis(meta, (record,)))


def test_a_group_shows_its_n_and_interval_and_escapes_its_name():
    shown = subgroups("Years", [group()])
    assert "<b>80.0%</b> <span>70.0% to 90.0%</span>" in shown
    assert "6 readers, 20 cases" in shown
    assert "&lt;3" in shown
    assert ">small<" not in shown
    assert "simulated" not in shown


def test_small_groups_are_flagged():
    assert ">small<" in subgroups("Years", [group(n_readers=4)])
    assert ">small<" in subgroups("Years", [group(n_cases=9)])


def test_the_undefined_is_a_dash_and_classes_without_cases_are_left_out():
    shown = subgroups("Years", [group(estimate=NAN)])
    assert "nan" not in shown
    assert "–" in shown
    assert "<b>BCC</b>" in shown
    assert "<b>SK</b>" not in shown


def test_simulated_readers_are_flagged():
    assert "no evidence about people" in subgroups("Years", [group(n_simulated=1)])


def test_nobody_yet_is_said_in_words():
    assert "Nobody" in subgroups("Years", [])
