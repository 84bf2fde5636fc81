"""A reader's own point: where it lies, what stands beside it, and what does not."""

import re

from readerstudy.services.results.own_result import Line, Others, Share
from readerstudy.stats.figures.roc import RocCurve, RocFigure
from readerstudy.stats.records import Record
from readerstudy.stats.subjects_and_methods import Method, Subject
from readerstudy.ui.study.own_roc import own_roc
from readerstudy.ui.translations import words

NET = Subject.model("<net>")
AUC = Record(
    "auc", "BCC", NET, Method("delong"), 0.875, ci_low=0.5, ci_high=0.95, n_cases=16
)  # fmt: skip
CURVE = RocCurve(NET, (0.0, 0.5, 1.0), (0.0, 1.0, 1.0), (0.0,) * 3, (1.0,) * 3, AUC)
FIGURE = RocFigure("BCC", "BCC against all", 4, 12, (CURVE,), (), ())
T = words("en")


def line(quantity: str, own: Share, others: Others | None = None) -> Line:
    return Line(code="BCC", quantity=quantity, own=own, models={}, others=others)


def drawn(others: Others | None = None, language: str = "en") -> tuple[str, dict[str, str]]:
    found = own_roc(
        FIGURE,
        line("sensitivity", Share(3, 4), others),
        line("specificity", Share(12, 12), others),
        words(language),
    )
    assert found is not None
    return str(found.svg), dict(found.legend)


def test_the_point_lies_at_the_own_shares_with_their_intervals() -> None:
    svg, legend = drawn()
    [(x, y)] = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="6" class="own"/>', svg)
    assert (float(x), float(y)) == (46.0, 10 + 250 / 4)  # specificity 1, sensitivity 3/4
    assert legend["own"] == (
        "You: sensitivity 75% (30%–95%), 3/4; specificity 100% (76%–100%), 12/12"
    )
    assert 'class="bars"' in svg


def test_models_are_curves_with_area_interval_and_n() -> None:
    svg, legend = drawn()
    assert 'points="46.0,260.0 171.0,10.0 296.0,10.0" class="curve m0"' in svg
    assert legend["m0"] == "<net>: AUC 0.88 (0.50–0.95), n=16 cases"
    assert "<net>" not in svg


def test_other_readers_are_a_median_or_nothing() -> None:
    svg, legend = drawn()
    assert "others" not in legend
    assert "others" not in svg
    svg, legend = drawn(Others(n=5, middle=0.5, low=0.125, high=0.875))
    assert legend["others"] == "Median of 5 other readers"
    assert svg.count("<circle") == 2


def test_words_are_in_the_reader_s_language() -> None:
    svg, legend = drawn(language="zh")
    assert "灵敏度" in svg
    assert legend["own"].startswith("您：灵敏度 75%")


def test_without_cases_of_the_class_there_is_no_point() -> None:
    nothing, some = line("sensitivity", Share(0, 0)), line("specificity", Share(1, 2))
    assert own_roc(FIGURE, nothing, some, T) is None
