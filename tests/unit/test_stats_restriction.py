"""The model's classes, probabilities and decisions."""

import numpy as np
import pandas as pd
import pytest

from readerstudy.stats import StatsError, build_study
from readerstudy.stats.input.study import OUTSIDE

CASES = ("c0", "c1", "c2", "c3")


def readings(truth=("x", "y", "x", "y")) -> pd.DataFrame:
    rows = [("r1", c, t, t) for c, t in zip(CASES, truth, strict=True)]
    return pd.DataFrame(rows, columns=["reader_id", "case_id", "truth", "answer"])


def table(rows, classes=("x", "y", "z")) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[f"p_{c}" for c in classes])
    frame.insert(0, "case_id", CASES)
    return frame


WIDE = [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.4, 0.5, 0.1]]


def model(frame, **options):
    return build_study(readings(), {"m": frame}, **options).models[0]


def refused(frame) -> str:
    with pytest.raises(StatsError) as caught:
        model(frame)
    return str(caught.value)


def test_renormalise_restricts_to_the_studys_classes() -> None:
    found = model(table(WIDE))
    assert found.calls.tolist() == [1, 1, 0, 1]
    np.testing.assert_allclose(found.scores[0], [0.4, 0.6])


def test_strict_counts_an_outside_class_as_wrong() -> None:
    found = model(table(WIDE), rule="strict")
    assert found.calls.tolist() == [OUTSIDE, OUTSIDE, 0, 1]
    np.testing.assert_allclose(found.scores[0], [0.2, 0.3])


def test_the_studys_own_classes_are_left_as_they_came() -> None:
    rows = [[0.51, 0.5], [0.3, 0.7], [0.7, 0.3], [0.2, 0.8]]
    found = model(table(rows, ("x", "y")))
    assert found.scores[0].tolist() == [0.51, 0.5]


def test_two_classes_with_a_positive_one_decide_at_one_half() -> None:
    rows = [[0.51, 0.5], [0.3, 0.7], [0.7, 0.3], [0.2, 0.8]]
    assert model(table(rows, ("x", "y"))).calls.tolist() == [0, 1, 0, 1]
    assert model(table(rows, ("x", "y")), positive="y").calls.tolist() == [1, 1, 0, 1]


def test_the_first_column_wins_a_tie() -> None:
    rows = [[0.5, 0.5]] * 4
    assert model(table(rows, ("y", "x"))).calls.tolist() == [0, 0, 0, 0]
    assert build_study(readings(), {"m": table(rows, ("y", "x"))}).classes == ("y", "x")


def test_a_class_the_model_lacks_is_named() -> None:
    with pytest.raises(StatsError, match="p_w"):
        build_study(readings(("x", "y", "x", "w")), {"m": table(WIDE)})


def test_a_case_without_a_prediction_is_named() -> None:
    assert "c3" in refused(table(WIDE).iloc[:3])


@pytest.mark.parametrize("other", ["C3", "c03"])
def test_a_case_that_is_written_otherwise_is_suggested(other: str) -> None:
    message = refused(table(WIDE).replace("c3", other))
    assert f"write them alike in both files, which have 'c3' and '{other}'" in message


def test_predictions_nobody_read_are_left_out_with_a_note() -> None:
    more = pd.concat([table(WIDE), table(WIDE).assign(case_id=["d0", "d1", "d2", "d3"])])
    study = build_study(readings(), {"m": more})
    assert any("4 cases of m" in note for note in study.notes)


@pytest.mark.parametrize("bad", ["NaN", "", "high", -0.1, 1.2])
def test_odd_probabilities_name_class_and_line(bad) -> None:
    frame = table(WIDE).astype(object)
    frame.loc[2, "p_y"] = bad
    message = refused(frame)
    assert "y in line 2" in message


@pytest.mark.parametrize(
    ("turn", "mend"), [(lambda p: 100 * p, "divide them by 100"), (lambda p: 9 * p - 3, "softmax")]
)
def test_other_numbers_than_probabilities_say_how_to_mend_them(turn, mend: str) -> None:
    frame = table(WIDE)
    columns = [c for c in frame if c.startswith("p_")]
    assert mend in refused(frame.assign(**{c: turn(frame[c]) for c in columns}))


def test_rows_must_sum_to_one_up_to_rounding() -> None:
    assert "sum to 1" in refused(table([[0.2, 0.3, 0.1], *WIDE[1:]]))
    rounded = [[0.333, 0.333, 0.333], *WIDE[1:]]
    assert model(table(rounded)).calls[0] == 0


def test_conflicting_rows_of_a_case_are_refused() -> None:
    twice = pd.concat([table(WIDE), table(WIDE[::-1]).iloc[[0]]], ignore_index=True)
    assert "c0" in refused(twice)


def test_tables_without_probabilities_are_refused() -> None:
    assert "p_<class>" in refused(table(WIDE).rename(columns=lambda c: c.removeprefix("p_")))
