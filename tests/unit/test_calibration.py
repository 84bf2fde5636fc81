import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ModelError
from model.metrics.temperature import (
    ThresholdRule,
    choose_threshold,
    choose_thresholds,
    fit_temperature,
    parse_rule,
    softmax,
)

YOUDEN = ThresholdRule()


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
    assert youden(choose_threshold(scores, positive, YOUDEN)) == pytest.approx(best)


def test_youden_threshold_lies_between_two_scores():
    assert choose_threshold(np.array([0.9, 0.6, 0.2]), np.array([True, True, False]), YOUDEN) == 0.4


def test_a_class_that_is_never_or_always_there_gets_one_half():
    limits = choose_thresholds(
        np.array([[0.3, 0.7], [0.6, 0.4]]), np.array([0, 0]), ("A", "B"), rule=YOUDEN
    )
    assert limits == {"A": 0.5, "B": 0.5}


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.5, 0.8, 0.9, 1.0]))
def test_a_set_rate_is_reached_and_nothing_more_is_given_away(seed, target):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 10, 30) / 10
    positive = np.r_[True, False, rng.random(28) < 0.5]
    limits = np.r_[np.unique(scores), 2.0]
    sensitivity = {t: (scores >= t)[positive].mean() for t in limits}
    specificity = {t: (scores < t)[~positive].mean() for t in limits}

    def rates(kind):
        limit = choose_threshold(scores, positive, ThresholdRule(kind, target))
        return (scores >= limit)[positive].mean(), (scores < limit)[~positive].mean()

    best = max(specificity[t] for t in limits if sensitivity[t] >= target - 1e-12)
    found = rates("sensitivity")
    assert found[0] >= target - 1e-12
    assert found[1] == pytest.approx(best)
    best = max(sensitivity[t] for t in limits if specificity[t] >= target - 1e-12)
    found = rates("specificity")
    assert found[1] >= target - 1e-12
    assert found[0] == pytest.approx(best)


def test_a_rule_is_read_as_it_is_written():
    assert parse_rule("youden") == YOUDEN
    assert str(parse_rule("sensitivity=0.90")) == "sensitivity=0.9"


@pytest.mark.parametrize(
    "text", ["", "youdn", "sensitivity", "specificity=0", "sensitivity=1.2", "sensitivity=nan"]
)
def test_a_rule_that_is_none_is_a_sentence(text):
    with pytest.raises(ModelError, match="threshold rule like youden"):
        parse_rule(text)
