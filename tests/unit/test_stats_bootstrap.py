"""Resampling readers and cases, and the matched operating points."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from data.measures.resampling import percentile_interval
from readerstudy.stats import StatsError, analyse
from readerstudy.stats.methods import bootstrap_auc
from readerstudy.stats.methods.bootstrap import (
    Draws,
    area_under,
    draw,
    rate_at,
    resampled_mean,
    resampled_roc,
)
from readerstudy.stats.methods.bootstrap_auc import (
    resampled_areas,
    won_by_levels,
    won_by_pairs,
    won_by_ranks,
)
from tests.support.stats_helpers import CLASSES, simulate

WAYS = (won_by_pairs, won_by_levels, won_by_ranks)


def test_draws_keep_the_number_of_cases_of_each_class() -> None:
    truth = np.array([0, 0, 0, 1, 1])
    found = draw(truth, n_readers=4, replicates=50, rng=np.random.default_rng(1))
    assert (found.cases[:, :3].sum(axis=1) == 3).all()
    assert (found.readers.sum(axis=1) == 4).all()


def test_the_same_seed_gives_the_same_interval() -> None:
    readings, models = simulate(3)
    first, second = (
        analyse(readings, models, replicates=50, rng=np.random.default_rng(9)) for _ in range(2)
    )
    assert first.to_json() == second.to_json()


def test_replicates_need_a_generator() -> None:
    with pytest.raises(StatsError, match="rng"):
        analyse(*simulate(3), replicates=5)


def test_drawing_everything_once_gives_the_observed_mean() -> None:
    right = np.array([[1.0, 0, 1], [0, 0, 1]])
    there = np.array([[True, True, True], [True, False, True]])
    once = Draws(np.ones((1, 2)), np.ones((1, 3)))
    assert resampled_mean(once, right, there, np.arange(3)) == pytest.approx([(2 / 3 + 0.5) / 2])


def test_a_weighted_curve_equals_repeating_the_cases() -> None:
    rng = np.random.default_rng(2)
    scores, is_class = rng.integers(0, 5, 20) / 5, rng.random(20) < 0.5
    times = rng.integers(1, 4, 20)
    area = area_under(*resampled_roc(Draws(np.ones((1, 1)), times[None] * 1.0), scores, is_class))
    peer = roc_auc_score(np.repeat(is_class, times), np.repeat(scores, times))
    assert area == pytest.approx([peer])


def test_a_vertical_step_gives_its_top() -> None:
    x, y = np.array([[0.0, 0.5, 0.5, 1.0]]), np.array([[0.0, 0.2, 0.6, 1.0]])
    assert rate_at(x, y, np.array([0.5])) == pytest.approx([0.6])
    assert rate_at(x, y, np.array([1.0])) == pytest.approx([1.0])


def test_too_few_replicates_have_no_interval() -> None:
    assert np.isnan(percentile_interval(np.array([0.3, np.nan]))).all()


def test_a_perfect_model_is_specific_at_any_reader_sensitivity() -> None:
    readings, models = simulate(4, classes=("no", "yes"))
    truth = readings.drop_duplicates("case_id").set_index("case_id")["truth"]
    perfect = models["a"].assign(p_yes=0.0, p_no=1.0)
    perfect.loc[perfect["case_id"].map(truth) == "yes", ["p_no", "p_yes"]] = [0.0, 1.0]
    found = analyse(readings, {"m": perfect}, positive="yes")
    for quantity in ("specificity_at_reader_sensitivity", "sensitivity_at_reader_specificity"):
        assert found.get(quantity, "yes", "model:m", "bootstrap-2way").estimate == 1.0


def test_a_model_equal_to_the_mean_reader_matches_it() -> None:
    readings, models = simulate(6, classes=("no", "yes"), readers=1)
    first = readings.set_index("case_id")["answer"]
    echo = models["a"].assign(p_yes=(models["a"]["case_id"].map(first) == "yes").astype(float))
    echo["p_no"] = 1 - echo["p_yes"]
    found = analyse(readings, {"m": echo}, positive="yes")
    matched = found.get("specificity_at_reader_sensitivity", "yes", "model:m", "bootstrap-2way")
    own = found.get("specificity", "yes", "mean_reader", "or-rrrc")
    assert matched.estimate == pytest.approx(own.estimate)


@pytest.mark.parametrize("way", WAYS)
def test_weighted_areas_equal_repeating_the_cases_of_each_rater(
    way: bootstrap_auc.Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap_auc, "_cheapest", lambda *_: way)
    rng = np.random.default_rng(5)
    scores, is_class = rng.integers(0, 4, (3, 24)) * 1.0, rng.random(24) < 0.4
    scores[1, :3] = np.nan
    times = rng.integers(0, 4, (2, 24))
    found = resampled_areas(Draws(np.ones((2, 3)), times * 1.0), scores, is_class)
    for b in range(2):
        for r in range(3):
            there = ~np.isnan(scores[r])
            repeated = np.repeat(is_class[there], times[b, there])
            peer = roc_auc_score(repeated, np.repeat(scores[r, there], times[b, there]))
            assert found[b, r] == pytest.approx(peer)


@pytest.mark.parametrize("levels", [2, 40])
def test_areas_have_the_same_bits_however_they_are_counted(
    levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(6)
    scores, is_class = rng.integers(0, levels, (9, 70)) / 3, rng.random(70) < 0.2
    scores[rng.random(scores.shape) < 0.1] = np.nan
    scores[0, is_class] = np.nan
    draws = draw(is_class.astype(int), n_readers=9, replicates=50, rng=rng)
    monkeypatch.setattr(bootstrap_auc, "_BLOCK", 2 * 50 * int(is_class.sum()))  # several blocks
    found = []
    for way in WAYS:
        monkeypatch.setattr(bootstrap_auc, "_cheapest", lambda *_, way=way: way)
        found.append(resampled_areas(draws, scores, is_class))
    assert np.array_equal(found[0], found[1], equal_nan=True)
    assert np.array_equal(found[0], found[2], equal_nan=True)
    assert np.isnan(found[0][:, 0]).all()
    assert np.isfinite(found[0][:, 1:]).all()


@pytest.mark.parametrize("way", WAYS)
def test_areas_stay_exact_where_single_precision_would_not_do(
    way: bootstrap_auc.Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap_auc, "_cheapest", lambda *_: way)
    scores, is_class = np.array([[0.0, 1.0, 2.0]]), np.array([True, False, True])
    many = Draws(np.ones((1, 1)), np.array([[3.0, 9_000_001.0, 9_000_001.0]]))
    [[area]] = resampled_areas(many, scores, is_class)
    assert area == 9_000_001 / 9_000_004


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_readers_areas_are_drawn_around_the_closed_forms_estimate(missing: float) -> None:
    readings, models = simulate(8, readers=30, per_class=25, missing=missing)
    found = analyse(readings, models, replicates=600, rng=np.random.default_rng(1))
    for subject in ("mean_reader", "model:a - mean_reader"):
        drawn = found.get("auc", "bcc", subject, "bootstrap-2way")
        closed = found.get("auc", "bcc", subject, "or-rrrc:jackknife")
        assert drawn.estimate == pytest.approx(closed.estimate)
        # Never too small, and too large by what reader and case noise is drawn twice (Owen 2007).
        assert 0.9 * closed.se < drawn.se < 1.35 * closed.se
        assert drawn.ci_low < drawn.estimate < drawn.ci_high


def test_a_declared_positive_class_leaves_the_numbers_over_all_classes_as_they_are() -> None:
    readings, models = simulate(8, readers=6)
    whole, one = (
        analyse(readings, models, positive=p, replicates=50, rng=np.random.default_rng(1))
        for p in (None, "mel")
    )
    for quantity in ("balanced_accuracy", "auc_macro"):
        for subject in ("mean_reader", "model:a", "model:a - mean_reader"):
            name = (quantity, "all", subject, "bootstrap-2way")
            assert one.get(*name) == whole.get(*name) is not None
    assert not one.find(quantity="auc", class_="nv", method="bootstrap-2way")


def test_macro_areas_are_the_means_over_classes() -> None:
    readings, models = simulate(8, readers=6)
    found = analyse(readings, models, replicates=100, rng=np.random.default_rng(1))
    for subject in ("model:a", "model:a - model:b", "mean_reader", "model:b - mean_reader"):
        macro = found.get("auc_macro", "all", subject, "bootstrap-2way")
        parts = [found.get("auc", c, subject, "bootstrap-2way").estimate for c in CLASSES]
        assert macro.estimate == pytest.approx(np.mean(parts))
        assert macro.se > 0
    of_model = found.get("auc_macro", "all", "model:a", "bootstrap-2way")
    assert of_model.n_readers is None
