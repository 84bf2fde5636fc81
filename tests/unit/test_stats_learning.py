"""Learning and fatigue: accuracy and time by place in the readers' own order."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from readerstudy.stats import analyse
from readerstudy.stats.methods.learning import BY_TRIAL, PER_TEN, SECONDS, records

N_READERS, N_CASES = 5, 40


def readings(seed: int = 0) -> pd.DataFrame:
    """Readers who get better: right with a chance of 0.4 at first and 0.9 at last."""
    rng = np.random.default_rng(seed)
    rows = []
    for reader in range(N_READERS):
        for position, case in enumerate(rng.permutation(N_CASES), start=1):
            is_right = rng.random() < 0.4 + 0.5 * position / N_CASES
            rows.append(
                {
                    "reader_id": f"r{reader}",
                    "case_id": f"c{case:02d}",
                    "truth": "a" if case % 2 else "b",
                    "answer": "a" if bool(case % 2) == is_right else "b",
                    "arm": "unaided",
                    "position": position,
                    "active_ms": 1000 * (100 - position),
                }
            )
    return pd.DataFrame(rows)


def found(frame: pd.DataFrame, quantity: str, **given):
    return [r for r in records(frame, **given) if r.quantity == quantity]


def test_each_point_is_the_mean_of_the_readers_own_shares() -> None:
    frame = readings()
    points = found(frame, BY_TRIAL)
    assert [str(p.subject) for p in points][:2] == ["trials 1 to 4", "trials 5 to 8"]
    assert len(points) == 10
    right = (frame["answer"] == frame["truth"])[frame["position"].between(5, 8)]
    shares = right.groupby(frame["reader_id"]).mean()
    expected = stats.t.interval(0.95, N_READERS - 1, shares.mean(), stats.sem(shares))
    assert points[1].estimate == pytest.approx(shares.mean())
    assert (points[1].ci_low, points[1].ci_high) == pytest.approx(np.clip(expected, 0, 1))
    assert points[1].n_readers == N_READERS


def test_the_slope_is_the_mean_of_the_readers_own() -> None:
    frame = readings()
    [slope] = found(frame, PER_TEN)
    own = [
        np.polyfit(its["position"], its["answer"] == its["truth"], 1)[0] * 10
        for _, its in frame.groupby("reader_id")
    ]
    expected = stats.ttest_1samp(own, 0)
    assert slope.estimate == pytest.approx(np.mean(own))
    assert slope.p == pytest.approx(expected.pvalue)
    assert slope.ci_low == pytest.approx(expected.confidence_interval().low)
    assert slope.estimate > 0


def test_time_falls_by_what_was_measured() -> None:
    seconds = [r.estimate for r in found(readings(), SECONDS)]
    assert seconds[0] == pytest.approx(97.5)
    assert seconds == sorted(seconds, reverse=True)
    assert found(readings().drop(columns="active_ms"), SECONDS) == []


def test_only_test_cases_without_advice_are_trials() -> None:
    frame = readings()
    others = frame.head(30).assign(arm=["practice", "repeat", "aided"] * 10, answer="a")
    shifted = frame.assign(position=frame["position"] + 30)
    assert list(records(pd.concat([others, shifted]))) == list(records(frame))


def test_a_missing_answer_is_left_out_or_wrong_as_the_protocol_says() -> None:
    frame = readings()
    frame.loc[frame["position"] <= 4, "answer"] = ""
    assert str(found(frame, BY_TRIAL)[0].subject) == "trials 5 to 8"
    assert found(frame, BY_TRIAL, missing="wrong")[0].estimate == 0


def test_one_reader_has_a_curve_without_intervals_and_no_order_none() -> None:
    one = readings().query("reader_id == 'r0'")
    assert all(np.isnan(r.ci_low) and "two readers" in r.note for r in records(one))
    assert list(records(readings().drop(columns="position"))) == []


def test_the_analysis_has_them() -> None:
    analysis = analyse(readings(), {})
    assert len(analysis.find(quantity=BY_TRIAL)) == 10
    assert analysis.get(PER_TEN, "all", "mean_reader", "t-readers") is not None
