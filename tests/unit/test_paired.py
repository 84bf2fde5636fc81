import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from model.metrics.bootstrap import draw_weights
from model.metrics.classification import macro_auc
from model.metrics.paired import (
    bootstrap_difference,
    bootstrap_macro,
    bootstrap_rates,
    delong_difference,
    mean_areas,
)


def world(seed: int = 0, n: int = 60, k: int = 3, strength: float = 1.0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    logits = rng.normal(size=(n, k)) + strength * np.eye(k)[truth]
    # One decimal: ties must count one half everywhere.
    weights = np.exp(np.round(logits, 1))
    return weights / weights.sum(axis=1, keepdims=True), truth


def brute_force_delong(first, second, positive):
    """Difference and standard error straight from the kernel of DeLong et al. 1988, eq. 4 to 6."""
    placements = []
    for scores in (first, second):
        away = scores[positive][:, None] - scores[~positive][None, :]
        placements.append((away > 0) + 0.5 * (away == 0))
    wins = placements[0] - placements[1]
    over_cases, over_others = wins.mean(axis=1), wins.mean(axis=0)
    variance = over_cases.var(ddof=1) / len(over_cases) + over_others.var(ddof=1) / len(over_others)
    return wins.mean(), math.sqrt(variance)


def test_a_single_training_gives_delongs_own_test():
    (first, truth), (second, _) = world(1), world(2, strength=0.3)
    a, b = mean_areas([first], truth), mean_areas([second], truth)
    for c in range(3):
        difference, error = brute_force_delong(first[:, c], second[:, c], truth == c)
        found = delong_difference(
            a.contributions[:, c],
            b.contributions[:, c],
            difference=a.areas[c] - b.areas[c],
            groups=np.arange(len(truth)),
        )
        assert found.estimate == pytest.approx(difference, abs=1e-12)
        assert found.ci_high - found.estimate == pytest.approx(1.959964 * error, rel=1e-6)
        assert found.p == pytest.approx(math.erfc(abs(difference) / error / math.sqrt(2)))


def test_a_case_photographed_twice_is_no_second_case():
    (first, truth), (second, _) = world(1), world(2, strength=0.3)
    twice = [np.repeat(p, 2, axis=0) for p in (first, second)]
    labels = np.repeat(truth, 2)

    def width(groups):
        a, b = (mean_areas([p], labels) for p in twice)
        found = delong_difference(
            a.contributions[:, 0], b.contributions[:, 0], difference=0.1, groups=groups
        )
        return found.ci_high - found.ci_low

    a, b = mean_areas([first], truth), mean_areas([second], truth)
    single = delong_difference(
        a.contributions[:, 0],
        b.contributions[:, 0],
        difference=0.1,
        groups=np.arange(len(truth)),
    )
    grouped = width(np.repeat(np.arange(len(truth)), 2))
    assert grouped == pytest.approx(single.ci_high - single.ci_low, rel=0.05)
    assert width(np.arange(len(labels))) < 0.8 * grouped


def test_equal_networks_do_not_differ():
    probabilities, truth = world()
    areas = mean_areas([probabilities], truth)
    found = delong_difference(
        areas.contributions[:, 0],
        areas.contributions[:, 0],
        difference=0.0,
        groups=np.arange(len(truth)),
    )
    assert (found.ci_low, found.ci_high, found.p) == (0.0, 0.0, 1.0)


def test_a_class_with_one_case_has_an_area_and_no_interval():
    probabilities, truth = world(n=30)
    truth = np.where(truth == 2, 1, truth)
    truth[0] = 2
    areas = mean_areas([probabilities], truth)
    assert 0 <= areas.areas[2] <= 1
    found = delong_difference(
        areas.contributions[:, 2],
        areas.contributions[:, 2],
        difference=0.0,
        groups=np.arange(30),
    )
    assert math.isnan(found.ci_low)
    assert math.isnan(found.p)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_replicate_is_the_area_of_the_cases_it_drew(seed):
    probabilities, truth = world(seed, n=24)
    weights = draw_weights(np.arange(24), replicates=3, rng=np.random.default_rng(seed))
    found = bootstrap_macro([probabilities], truth, weights=weights)
    for drawn, area in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(24), drawn.astype(int))
        present = [c for c in range(3) if 0 < (truth[rows] == c).sum() < 24]
        areas = [roc_auc_score(truth[rows] == c, probabilities[rows, c]) for c in present]
        assert area == pytest.approx(np.mean(areas))


def test_every_case_once_gives_the_estimates_themselves():
    probabilities, truth = world()
    once = np.ones((1, len(truth)), dtype=np.int64)
    assert bootstrap_macro([probabilities], truth, weights=once)[0] == pytest.approx(
        macro_auc(probabilities, truth)
    )
    right = (probabilities.argmax(axis=1) == truth).astype(float)
    accuracy, balanced = bootstrap_rates(right, truth, weights=once)
    assert accuracy[0] == pytest.approx(right.mean())
    assert balanced[0] == pytest.approx(np.mean([right[truth == c].mean() for c in range(3)]))


def test_groups_are_drawn_whole():
    groups = np.array([4, 4, 7, 9, 9, 9])
    weights = draw_weights(groups, replicates=50, rng=np.random.default_rng(0))
    for group in (4, 7, 9):
        own = weights[:, groups == group]
        assert (own == own[:, :1]).all()
    assert weights[:, [0, 2, 3]].sum(axis=1).tolist() == [3] * 50
    assert len({tuple(row) for row in weights}) > 1


def test_the_bootstrap_of_a_difference_sees_the_better_network():
    better, truth = world(strength=3.0)
    worse, _ = world(9, strength=0.0)
    weights = draw_weights(np.arange(60), replicates=400, rng=np.random.default_rng(1))
    replicates = [bootstrap_macro([p], truth, weights=weights) for p in (better, worse)]
    difference = macro_auc(better, truth) - macro_auc(worse, truth)
    found = bootstrap_difference(*replicates, difference=difference)
    assert 0 < found.ci_low < difference < found.ci_high
    assert found.p == pytest.approx(2 / 401)
    same = bootstrap_difference(replicates[0], replicates[0], difference=0.0)
    assert same.p == 1.0


def test_seeds_are_averaged():
    (first, truth), (second, _) = world(1), world(2)
    both = mean_areas([first, second], truth)
    singles = [mean_areas([p], truth) for p in (first, second)]
    np.testing.assert_allclose(both.areas, np.mean([s.areas for s in singles], axis=0))
