import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.metrics.prediction_sets import COVERAGE, SIZE, SetRule, choose_sets, set_metrics

CODES = ("A", "B", "C", "D")


def cases(n, *, seed, strength=1.5):
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, size=n, p=(0.6, 0.25, 0.1, 0.05))
    logits = rng.normal(size=(n, 4)) + strength * np.eye(4)[truth]
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True), truth


def covered(rule, probabilities, truth):
    return rule.holds(probabilities)[np.arange(len(truth)), truth]


@pytest.mark.parametrize("misses", [0.05, 0.1, 0.3])
def test_the_promise_holds_on_average_over_tuning_parts(misses):
    shares = []
    for seed in range(150):
        rule = choose_sets(*cases(60, seed=seed), CODES, misses=misses)
        shares.append(covered(rule, *cases(400, seed=10_000 + seed)).mean())
    # Between 1 - misses and 1 - misses + 1 / (n + 1), but for the answer that is always kept.
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) > 1 - misses - 3 * error
    if misses < 0.2:
        assert np.mean(shares) < 1 - misses + 1 / 61 + 3 * error


def test_by_class_a_rare_class_is_kept_as_often_as_the_others():
    probabilities, truth = cases(20_000, seed=1, strength=1.0)
    further = cases(20_000, seed=2, strength=1.0)
    # The classes' frequencies are in no logit here, so that a common limit treats all alike; a
    # network that leans to the common class does not.
    lean = np.array([3.0, 1.0, 0.4, 0.2])
    leaning, others = probabilities * lean, further[0] * lean
    leaning /= leaning.sum(axis=1, keepdims=True)
    others /= others.sum(axis=1, keepdims=True)
    is_rare = further[1] == 3
    pooled = choose_sets(leaning, truth, CODES)
    own = choose_sets(leaning, truth, CODES, by_class=True)
    assert covered(pooled, others, further[1])[is_rare].mean() < 0.7
    assert covered(own, others, further[1])[is_rare].mean() == pytest.approx(0.9, abs=0.03)


def test_the_limit_is_the_rank_of_the_definition():
    own = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    probabilities = np.column_stack([own, 1 - own])
    rule = choose_sets(probabilities, np.zeros(10, int), ("A", "B"), misses=0.2)
    # ceil(11 * 0.8) = 9: nine of ten reach it.
    assert rule == SetRule(0.2, False, {"A": 0.1, "B": 0.1}, 10)
    assert covered(rule, probabilities, np.zeros(10, int)).sum() == 9


@pytest.mark.parametrize(("n", "limit"), [(8, 0.0), (9, 0.3)])
def test_too_few_cases_promise_nothing_and_leave_no_class_out(n, limit):
    probabilities = np.tile([0.3, 0.7], (n, 1))
    truth = np.zeros(n, int)
    assert choose_sets(probabilities, truth, ("A", "B")).limits["A"] == pytest.approx(limit)
    by_class = choose_sets(probabilities, truth, ("A", "B"), by_class=True)
    assert by_class.limits["B"] == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.5), st.booleans())
def test_no_set_is_empty_and_fewer_misses_never_shrink_one(seed, misses, by_class):
    probabilities, truth = cases(80, seed=seed)
    wide, narrow = (
        choose_sets(probabilities, truth, CODES, misses=m, by_class=by_class).holds(probabilities)
        for m in (misses / 2, misses)
    )
    assert narrow.any(axis=1).all()
    assert not (narrow & ~wide).any()


def test_coverage_and_size_are_counted_with_their_n():
    rule = SetRule(0.1, False, {"A": 0.4, "B": 0.4}, 20)
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9], [0.3, 0.7], [0.45, 0.55]])
    truth = np.array([0, 1, 1, 0, 0])
    coverage, size, of_a, of_b = set_metrics(rule, probabilities, truth, ("A", "B"))
    assert (coverage.quantity, coverage.estimate, coverage.n) == (COVERAGE, 0.6, 5)
    assert (size.quantity, size.estimate) == (SIZE, pytest.approx(7 / 5))
    assert (of_a.estimate, of_a.n, of_b.estimate, of_b.n) == (pytest.approx(2 / 3), 3, 0.5, 2)
    assert set_metrics(None, probabilities, truth, ("A", "B")) == ()


@pytest.mark.parametrize(
    ("misses", "in_sets", "empty"),
    [(0.1, (312, 221, 171, 147), 0), (0.25, (236, 141, 99, 80), 11)],
)
def test_sets_are_those_of_mapie_but_never_empty(misses, in_sets, empty):
    """Counted: the classes in the sets of MAPIE 1.6.0 (LAC, prefit) for the very same numbers."""
    further, _ = cases(500, seed=4)
    found = choose_sets(*cases(60, seed=3), CODES, misses=misses).holds(further)
    assert found.sum() - sum(in_sets) == empty
    np.testing.assert_array_less(np.array(in_sets) - 1, found.sum(axis=0))
