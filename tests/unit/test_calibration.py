import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.calibration import fit_temperature, softmax, youden_threshold, youden_thresholds


def test_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5)) * 2
    drawn = [rng.choice(5, p=row) for row in softmax(logits)]
    truth = np.array(drawn)
    assert fit_temperature(logits, truth) == pytest.approx(1, rel=0.06)
    assert fit_temperature(logits * 3, truth) == pytest.approx(3, rel=0.06)


def test_temperature_without_cases_changes_nothing():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=int)) == 1


def test_softmax_rows_sum_to_one_also_for_huge_logits():
    rows = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]]))
    np.testing.assert_allclose(rows, [[1, 0], [0.5, 0.5]])


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_youden_threshold_is_as_good_as_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 10, 30) / 10
    positive = np.r_[True, False, rng.random(28) < 0.5]

    def youden(limit):
        said = scores >= limit
        return said[positive].mean() - said[~positive].mean()

    best = max(youden(limit) for limit in np.unique(scores))
    assert youden(youden_threshold(scores, positive)) == pytest.approx(best)


def test_youden_threshold_lies_between_two_scores():
    assert youden_threshold(np.array([0.9, 0.6, 0.2]), np.array([True, True, False])) == 0.4


def test_a_class_that_is_never_or_always_there_gets_one_half():
    limits = youden_thresholds(np.array([[0.3, 0.7], [0.6, 0.4]]), np.array([0, 0]), ("A", "B"))
    assert limits == {"A": 0.5, "B": 0.5}
