import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)
from statsmodels.stats.proportion import proportion_confint

from model.metrics.classification import (
    all_metrics,
    argmax_metrics,
    auc_components,
    average_precision,
    confusion,
    macro_auc,
    ranking_metrics,
    threshold_metrics,
)
from model.metrics.metric import Metric, wilson
from model.metrics.reliability import probability_metrics, reliability_bins

CODES = ("A", "B", "C")


def cases(n=300, k=3, *, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), truth] += 1
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True), truth


def find(metrics, quantity, class_=""):
    (found,) = [m for m in metrics if (m.quantity, m.class_) == (quantity, class_)]
    return found


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0, 1))
def test_wilson_agrees_with_statsmodels(n, share):
    k = round(n * share)
    assert wilson(k, n) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-9)


def test_wilson_of_nothing_is_undefined():
    assert all(map(math.isnan, wilson(0, 0)))


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_auc_agrees_with_scikit_learn_also_with_ties(seed):
    rng = np.random.default_rng(seed)
    positive = np.r_[True, False, rng.random(40) < 0.4]
    scores = rng.integers(0, 6, 42).astype(float)
    assert auc_components(scores, positive)[0] == pytest.approx(roc_auc_score(positive, scores))


def test_delong_variance_agrees_with_its_definition():
    probabilities, truth = cases(80)
    scores, positive = probabilities[:, 0], truth == 0
    kernel = (scores[positive][:, None] > scores[~positive]).astype(float)
    expected = (
        kernel.mean(axis=1).var(ddof=1) / positive.sum()
        + kernel.mean(axis=0).var(ddof=1) / (~positive).sum()
    )
    _, contributions = auc_components(scores, positive)
    assert (contributions**2).sum() == pytest.approx(expected, rel=1e-12)


def test_macro_auc_interval_agrees_with_a_bootstrap():
    probabilities, truth = cases(400)
    found = find(ranking_metrics(probabilities, truth, CODES), "macro auc")
    rng = np.random.default_rng(1)
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 400, 400)
        draws.append(macro_auc(probabilities[rows], truth[rows]))
    half = (found.ci_high - found.ci_low) / 2
    # A bootstrap's standard deviation of 400 draws is within 10% of the truth (3 of its own).
    assert half == pytest.approx(1.96 * np.std(draws), rel=0.15)


def test_reversing_the_scores_mirrors_the_auc():
    probabilities, truth = cases()
    assert macro_auc(-probabilities, truth) == pytest.approx(1 - macro_auc(probabilities, truth))


def test_argmax_metrics_agree_with_scikit_learn():
    probabilities, truth = cases()
    answer = probabilities.argmax(axis=1)
    metrics = argmax_metrics(probabilities, truth, CODES)
    assert find(metrics, "top-1 accuracy").estimate == pytest.approx((answer == truth).mean())
    assert find(metrics, "top-3 accuracy").estimate == 1
    balanced = find(metrics, "balanced accuracy")
    assert balanced.estimate == pytest.approx(balanced_accuracy_score(truth, answer))
    np.testing.assert_array_equal(
        confusion(probabilities, truth), confusion_matrix(truth, answer, labels=[0, 1, 2])
    )


def test_threshold_metrics_of_hand_counted_cases():
    probabilities = np.array([[0.6, 0.4], [0.45, 0.55], [0.3, 0.7], [0.1, 0.9]])
    truth = np.array([0, 0, 1, 1])
    metrics = threshold_metrics(probabilities, truth, ("A", "B"), thresholds={"A": 0.25, "B": 0.8})
    assert find(metrics, "sensitivity", "A").estimate == 1
    assert find(metrics, "specificity", "A").estimate == 0.5
    assert find(metrics, "sensitivity", "B").estimate == 0.5
    assert find(metrics, "specificity", "B").estimate == 1
    assert find(metrics, "ppv", "A").estimate == pytest.approx(2 / 3)
    assert find(metrics, "macro sensitivity").estimate == 0.75
    assert find(metrics, "macro accuracy").estimate == 0.75


def test_macro_specificity_interval_keeps_the_cases_that_classes_share():
    probabilities, truth = cases(400)
    limits = dict.fromkeys(CODES, 0.4)
    whole = threshold_metrics(probabilities, truth, CODES, thresholds=limits)
    found = find(whole, "macro specificity")
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 400, 400)
        again = threshold_metrics(probabilities[rows], truth[rows], CODES, thresholds=limits)
        draws.append(find(again, "macro specificity").estimate)
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(1.96 * np.std(draws), rel=0.15)


def test_a_class_without_cases_is_undefined_and_left_out_of_the_means():
    probabilities, truth = cases()
    kept = truth != 2
    metrics = all_metrics(
        probabilities[kept], truth[kept], CODES, thresholds=dict.fromkeys(CODES, 0.4)
    )
    by_class = [m for m in metrics if m.class_ == "C" and m.quantity in ("auc", "sensitivity")]
    assert len(by_class) == 3
    assert all(math.isnan(m.estimate) for m in by_class)
    assert all(not math.isnan(m.estimate) for m in metrics if not m.class_)


def test_a_perfect_answer_on_few_cases_is_not_a_certain_one():
    truth = np.repeat([0, 1, 2], 5)
    metrics = all_metrics(
        np.eye(3)[truth] * 0.8 + 0.2 / 3, truth, CODES, thresholds=dict.fromkeys(CODES, 0.4)
    )
    for quantity in ("balanced accuracy", "macro specificity", "macro accuracy"):
        for found in (m for m in metrics if m.quantity == quantity):
            assert found.estimate == 1
            assert found.ci_low < 0.95
    assert find(metrics, "auc", "A").ci_low == pytest.approx(0.025 ** (1 / 5))


def test_one_case_of_a_class_has_no_interval():
    probabilities, truth = cases(40)
    truth = np.where(truth == 2, 1, truth)
    truth[0] = 2
    found = find(ranking_metrics(probabilities, truth, CODES), "auc", "C")
    assert not math.isnan(found.estimate)
    assert math.isnan(found.ci_low)


def test_perfect_rankings_of_all_classes_are_not_certain():
    truth = np.repeat([0, 1, 2], [2, 4, 5])
    metrics = ranking_metrics(np.eye(3)[truth], truth, CODES)
    for quantity in ("macro auc", "macro average precision"):
        found = find(metrics, quantity, "")
        assert (found.estimate, found.ci_low) == (1, pytest.approx(0.025 ** (1 / 2)))
        assert "perfect" in found.method


def test_cases_of_one_class_alone_are_in_no_order():
    metrics = ranking_metrics(cases(5)[0], np.zeros(5, dtype=int), CODES)
    assert all(math.isnan(found.estimate) for found in metrics)


def test_one_case_of_each_class_gives_no_interval_of_the_means():
    metrics = ranking_metrics(cases(3)[0], np.arange(3), CODES)
    found = find(metrics, "macro average precision", "")
    assert not math.isnan(found.estimate)
    assert math.isnan(found.ci_low)


def test_no_cases_at_all_is_undefined_everywhere_and_no_error():
    metrics = all_metrics(
        np.empty((0, 3)), np.empty(0, dtype=int), CODES, thresholds=dict.fromkeys(CODES, 0.5)
    )
    assert all(math.isnan(value) for m in metrics for value in (m.estimate, m.ci_low, m.ci_high))


def test_every_metric_survives_json_with_its_undefined_values():
    undefined = Metric("argmax", "ppv", "A", math.nan, math.nan, math.nan, 0, "Wilson 95%")
    content = undefined.to_dict()
    assert content["estimate"] is None
    assert math.isnan(Metric.from_dict(content).ci_low)


def test_families_are_labelled_apart():
    probabilities, truth = cases()
    metrics = all_metrics(probabilities, truth, CODES, thresholds=dict.fromkeys(CODES, 0.4))
    assert {m.family for m in metrics} == {"ranking", "argmax", "threshold", "probability"}
    keys = [(m.family, m.quantity, m.class_) for m in metrics]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("average", ["macro", "micro", None])
def test_both_families_agree_with_scikit_learn_on_precision_recall_and_f1(average):
    probabilities, truth = cases()
    limits = dict.fromkeys(CODES, 0.45)
    answers = np.eye(3)[probabilities.argmax(axis=1)]
    families = {
        "argmax": (argmax_metrics(probabilities, truth, CODES), answers),
        "threshold": (
            threshold_metrics(probabilities, truth, CODES, thresholds=limits),
            probabilities >= 0.45,
        ),
    }
    for metrics, decided in families.values():
        expected = precision_recall_fscore_support(np.eye(3)[truth], decided, average=average)
        names = ("ppv", "sensitivity", "f1")
        for name, value in zip(names, expected[:3], strict=True):
            if average is None:
                found = [find(metrics, name, code).estimate for code in CODES]
            else:
                found = find(metrics, f"{average} {name}").estimate
            np.testing.assert_allclose(found, value)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_average_precision_agrees_with_scikit_learn_also_with_ties_and_weights(seed):
    rng = np.random.default_rng(seed)
    positive = np.r_[True, False, rng.random(40) < 0.4]
    scores = rng.integers(0, 8, 42).astype(float)
    weights = rng.integers(0, 4, (2, 42)).astype(float) + np.eye(2, 42)
    found = average_precision(scores, positive)(weights)
    for value, row in zip(found, weights, strict=True):
        assert value == pytest.approx(average_precision_score(positive, scores, sample_weight=row))


def test_average_precision_of_a_perfect_ranking_is_not_certain():
    truth = np.repeat([0, 1, 2], 5)
    metrics = ranking_metrics(np.eye(3)[truth] * 0.8 + 0.2 / 3, truth, CODES)
    found = find(metrics, "average precision", "A")
    assert (found.estimate, found.ci_high) == (1, 1)
    assert found.ci_low == pytest.approx(0.025 ** (1 / 5))


def test_brier_score_agrees_with_scikit_learn():
    probabilities, truth = cases()
    metrics = probability_metrics(probabilities, truth, CODES)
    whole = find(metrics, "brier score")
    assert whole.estimate == pytest.approx(
        brier_score_loss(truth, probabilities, scale_by_half=False)
    )
    assert whole.ci_low < whole.estimate < whole.ci_high
    for c, code in enumerate(CODES):
        expected = brier_score_loss(truth == c, probabilities[:, c])
        assert find(metrics, "brier score", code).estimate == pytest.approx(expected)


def test_calibration_error_agrees_with_its_definition():
    probabilities, truth = cases()
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    expected = 0.0
    for m in range(15):
        inside = (confidence > m / 15) & (confidence <= (m + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    found = find(probability_metrics(probabilities, truth, CODES), "ece")
    assert found.estimate == pytest.approx(expected)
    bins = reliability_bins(probabilities, truth)
    assert sum(b.n for b in bins) == 300
    assert sum(b.n * abs(b.share - b.confidence) for b in bins) / 300 == pytest.approx(expected)


def test_the_interval_of_the_calibration_error_is_near_zero_for_honest_probabilities():
    rng = np.random.default_rng(5)
    probabilities, _ = cases(600)
    truth = np.array([rng.choice(3, p=row) for row in probabilities])
    found = find(probability_metrics(probabilities, truth, CODES), "ece")
    assert found.ci_low < 0.02  # percentiles of the redrawn errors would begin above the estimate


def test_micro_specificity_interval_keeps_the_decisions_that_a_case_shares():
    probabilities, truth = cases(400)
    limits = dict.fromkeys(CODES, 0.4)
    found = find(threshold_metrics(probabilities, truth, CODES, thresholds=limits), "micro f1")
    rng = np.random.default_rng(3)
    draws = []
    for _ in range(300):
        rows = rng.integers(0, 400, 400)
        said, is_ = probabilities[rows] >= 0.4, np.eye(3, dtype=bool)[truth[rows]]
        draws.append(2 * (said & is_).sum() / (said.sum() + is_.sum()))
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(1.96 * np.std(draws), rel=0.15)
