"""Intervals from exact limits, for few cases or hardly any mistakes."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from readerstudy.stats import analyse
from readerstudy.stats.methods.moments import Moments, moments, proportion_influence
from readerstudy.stats.methods.mover import (
    Gap,
    Rate,
    mean_rate,
    model_rate,
    mover_inference,
    one_sided_beyond,
    p_beyond,
    rate_gap,
)
from readerstudy.stats.sections import common
from readerstudy.stats.subjects_and_methods import MOVER
from tests.support.stats_helpers import simulate


def of(cells: np.ndarray) -> Moments:
    theta, influence = proportion_influence(cells, np.ones(cells.shape, bool))
    return moments(theta, influence, n_cases=cells.shape[1])


@pytest.fixture
def gap() -> Gap:
    rng = np.random.default_rng(4)
    right = (rng.random((6, 25)) < 0.7).astype(float)
    model = np.broadcast_to((rng.random(25) < 0.9).astype(float), right.shape)
    return rate_gap(of(model), of(right), of(model - right))


@pytest.mark.parametrize("hits", [0, 3, 9, 10])
def test_a_models_limits_are_clopper_and_pearsons(hits: int) -> None:
    cells = np.tile((np.arange(10) < hits).astype(float), (4, 1))
    expected = proportion_confint(hits, 10, method="beta")
    assert model_rate(of(cells)).limits(0.95) == pytest.approx(expected)


def test_readers_who_answer_alike_know_no_more_than_their_cases() -> None:
    cells = np.tile((np.arange(20) < 15).astype(float), (50, 1))
    assert mean_rate(of(cells)).size == pytest.approx(19.0)


def test_readers_who_never_err_still_have_an_interval() -> None:
    sure = np.ones((280, 10))
    low, high = mean_rate(of(sure)).limits(0.95)
    assert (0.5 < low < 0.72, high) == (True, 1.0)
    gap = rate_gap(of(sure), of(sure), of(sure - sure))
    found = mover_inference(gap)
    machine_low, _ = model_rate(of(sure)).limits(0.95)
    assert (found.ci_low, found.ci_high) == pytest.approx((machine_low - 1, 1 - low))
    assert (found.estimate, found.p) == (0.0, 1.0)
    assert p_beyond(gap, -0.05) == 1.0


def test_newcombes_worked_form_with_independent_rates() -> None:
    its, own = Rate(0.8, 0.016, 10.0, np.inf), Rate(0.6, 0.024, 10.0, np.inf)
    low, high = Gap(its, own, 0.0).limits(0.95)
    (a, b), (c, d) = (proportion_confint(x, 10, method="beta") for x in (8, 6))
    assert low == pytest.approx(0.2 - np.hypot(0.8 - a, d - 0.6))
    assert high == pytest.approx(0.2 + np.hypot(b - 0.8, 0.6 - c))


def test_p_is_the_level_at_which_a_limit_lies_there(gap: Gap) -> None:
    for value in (0.0, -0.05, 0.3, 0.6):
        p = p_beyond(gap, value)
        side = 0 if gap.estimate > value else 1
        assert gap.limits(1 - p)[side] == pytest.approx(value, abs=1e-7)


def test_not_worse_is_shown_where_the_interval_lies_above_the_margin(gap: Gap) -> None:
    low, high = gap.limits(0.95)
    assert one_sided_beyond(gap, low - 0.001) < 0.025 < one_sided_beyond(gap, low + 0.001)
    assert one_sided_beyond(gap, high - 0.001) < 0.975 < one_sided_beyond(gap, high + 0.001)


def test_one_reader_and_a_reader_with_a_single_case_have_no_interval() -> None:
    one = of(np.array([[1.0, 0.0, 1.0]]))
    assert np.isnan(mover_inference(mean_rate(one)).ci_low)
    readings, models = simulate(3)
    last = readings[(readings["reader_id"] == "r000") & (readings["truth"] == "mel")].index[1:]
    found = analyse(readings.drop(last), models, margin=0.05)
    record = found.get("sensitivity", "mel", "model:a - mean_reader", "or-rrrc-mover")
    assert np.isnan(record.ci_low)
    assert "1 readers have a single case" in record.note
    balanced = found.get("balanced_accuracy", "all", "mean_reader", "or-rrrc-capped")
    assert "see bootstrap-2way" in balanced.note


def test_with_many_cases_it_is_close_to_the_primary_interval() -> None:
    found = analyse(*simulate(5, readers=20, per_class=150))
    for class_ in ("bcc", "mel", "nv"):
        name = ("sensitivity", class_, "model:a - mean_reader")
        usual, exact = (found.get(*name, m) for m in ("or-rrrc-capped", "or-rrrc-mover"))
        assert exact.estimate == pytest.approx(usual.estimate, abs=1e-12)
        assert (exact.ci_low, exact.ci_high) == pytest.approx(
            (usual.ci_low, usual.ci_high), abs=0.02
        )


def test_the_record_to_rely_on_is_named_by_the_note_of_the_usual_one() -> None:
    found = analyse(*simulate(5))
    usual = found.get("sensitivity", "mel", "model:a - mean_reader", "or-rrrc-capped")
    assert found.advised(usual).method == MOVER
    many = analyse(*simulate(5, readers=20, per_class=60))
    wide = many.get("sensitivity", "mel", "model:b - mean_reader", "or-rrrc-capped")
    assert many.advised(wide) is None


def test_the_words_of_the_note_do_not_decide_which_record_is_advised(monkeypatch) -> None:
    monkeypatch.setattr(common, "RELY", "better look at the other one")
    found = analyse(*simulate(5))
    name = ("sensitivity", "mel", "model:a - mean_reader")
    usual, better = (found.get(*name, m) for m in ("or-rrrc-capped", "or-rrrc-mover"))
    assert usual.note.endswith("better look at the other one")
    assert found.advised(usual) is better
