"""What must hold for every study, whatever its numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from readerstudy.stats import analyse
from readerstudy.stats.methods.moments import moments, proportion_influence
from readerstudy.stats.methods.obuchowski_rockette import or_inference
from readerstudy.stats.methods.ustat import ustat
from tests.support.stats_helpers import CLASSES, simulate

pytestmark = pytest.mark.filterwarnings("error")
_SETTINGS = {
    "deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow],
}  # fmt: skip
few = settings(max_examples=3, **_SETTINGS)
many = settings(max_examples=60, deadline=None, database=None)
seeds = st.integers(0, 10_000)
shapes = st.tuples(st.integers(2, 6), st.integers(3, 12))


def numbers(analysis) -> dict:
    return {
        (r.quantity, r.class_, r.subject, r.method): np.array(
            [r.estimate, r.se, r.df, r.statistic, r.p, r.ci_low, r.ci_high]
        )
        for r in analysis.records
    }


def assert_same(first: dict, second: dict, *, tolerance: float = 1e-9) -> None:
    assert first.keys() == second.keys()
    for key, values in first.items():
        np.testing.assert_allclose(
            values, second[key], rtol=tolerance, atol=tolerance, err_msg=str(key)
        )


@few
@given(seeds, st.floats(0, 0.3))
def test_row_order_changes_nothing(seed: int, missing: float) -> None:
    readings, models = simulate(seed, missing=missing)
    shuffled = readings.sample(frac=1, random_state=seed)
    mixed = {k: m.sample(frac=1, random_state=seed + 1) for k, m in models.items()}
    assert_same(numbers(analyse(readings, models)), numbers(analyse(shuffled, mixed)))


@few
@given(seeds)
@example(8154)  # a covariance between readers that is 0 but for rounding
def test_renaming_readers_and_cases_changes_only_names(seed: int) -> None:
    readings, models = simulate(seed)
    order = np.random.default_rng(seed).permutation(len(models["a"]))
    new = {f"c{i:03d}": f"z{order[i]:03d}" for i in range(len(order))}
    renamed = readings.assign(case_id=readings["case_id"].map(new))
    moved = {k: m.assign(case_id=m["case_id"].map(new)) for k, m in models.items()}
    assert_same(numbers(analyse(readings, models)), numbers(analyse(renamed, moved)))


@few
@given(seeds)
def test_renaming_classes_renames_results(seed: int) -> None:
    readings, models = simulate(seed)
    new = dict(zip(CLASSES, ("x1", "x2", "x3"), strict=True))
    renamed = readings.assign(
        truth=readings["truth"].map(new), answer=readings["answer"].map(lambda a: new.get(a, a))
    )
    moved = {
        k: m.rename(columns={f"p_{a}": f"p_{b}" for a, b in new.items()}) for k, m in models.items()
    }
    first = {
        (q, new.get(c, c), s, m): v
        for (q, c, s, m), v in numbers(analyse(readings, models)).items()
    }
    assert_same(first, numbers(analyse(renamed, moved)))


@few
@given(seeds, st.floats(0.2, 5))
def test_auc_depends_on_the_order_of_scores_only(seed: int, power: float) -> None:
    readings, models = simulate(seed, classes=("no", "yes"))
    bent = {}
    for name, frame in models.items():
        yes = frame["p_yes"] ** power
        bent[name] = frame.assign(p_yes=yes, p_no=1 - yes)
    before = analyse(readings, models, positive="yes").find(quantity="auc", method="delong")
    after = analyse(readings, bent, positive="yes").find(quantity="auc", method="delong")
    assert [r.estimate for r in before] == pytest.approx([r.estimate for r in after], abs=1e-12)


@few
@given(seeds)
def test_swapping_models_turns_the_sign(seed: int) -> None:
    readings, models = simulate(seed)
    first = analyse(readings, models)
    swapped = analyse(readings, {"b": models["b"], "a": models["a"]})
    for class_ in CLASSES:
        one = first.get("auc", class_, "model:a - model:b", "delong")
        two = swapped.get("auc", class_, "model:b - model:a", "delong")
        assert one.estimate == pytest.approx(-two.estimate, abs=1e-12)
        assert one.se == pytest.approx(two.se, abs=1e-12)
        np.testing.assert_allclose(one.p, two.p)


@many
@given(seeds, shapes)
def test_or_equals_ustat_in_a_complete_design(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.choice([-1.0, 0.0, 1.0], size=shape)
    there = np.ones(shape, bool)
    theta, influence = proportion_influence(cells, there)
    found = moments(theta, influence, n_cases=shape[1])
    pooled = ustat(cells, there)
    assert pooled.mean == pytest.approx(found.mean, abs=1e-12)
    if found.cov2 >= 0:
        # The U-statistic takes the error of one reader off the spread between readers.
        se = or_inference(found, design="or-rrrc").se
        assert pooled.variance == pytest.approx(se**2, rel=1e-9, abs=1e-12)


@many
@given(seeds, st.integers(5, 30))
def test_identical_readers_give_the_paired_binomial_variance(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    gap = rng.choice([-1.0, 0.0, 1.0], size=n)
    theta, influence = proportion_influence(np.tile(gap, (6, 1)), np.ones((6, n), bool))
    found = or_inference(moments(theta, influence, n_cases=n), design="or-rrrc")
    assert found.se**2 == pytest.approx(gap.var(ddof=1) / n, abs=1e-12)


@few
@given(seeds)
def test_copying_every_reader_keeps_estimates(seed: int) -> None:
    readings, models = simulate(seed)
    copies = readings.assign(reader_id=readings["reader_id"] + "x")
    once, twice = (
        analyse(readings, models),
        analyse(pd.concat([readings, copies], ignore_index=True), models),
    )
    for record in once.find(subject="mean_reader", method="or-rrrc"):
        again = twice.get(record.quantity, record.class_, "mean_reader", "or-rrrc")
        assert again.estimate == pytest.approx(record.estimate, abs=1e-12)


@few
@given(seeds)
def test_two_halves_of_a_frame_are_the_frame(seed: int) -> None:
    readings, models = simulate(seed)
    half = len(readings) // 2
    joined = pd.concat([readings.iloc[half:], readings.iloc[:half]])
    assert_same(numbers(analyse(readings, models)), numbers(analyse(joined, models)))


@few
@given(seeds, st.floats(0, 0.3))
def test_arguments_are_left_alone(seed: int, missing: float) -> None:
    readings, models = simulate(seed, missing=missing)
    copy, copies = readings.copy(), {k: m.copy() for k, m in models.items()}
    analyse(readings, models, margin=0.05, replicates=20, rng=np.random.default_rng(seed))
    pd.testing.assert_frame_equal(readings, copy)
    for name, frame in models.items():
        pd.testing.assert_frame_equal(frame, copies[name])


@few
@given(seeds)
def test_intervals_hold_their_estimate(seed: int) -> None:
    readings, models = simulate(seed, missing=0.1)
    for record in analyse(readings, models).records:
        if np.isfinite(record.ci_low) and record.quantity not in ("noninferiority", "equivalence"):
            assert record.ci_low - 1e-12 <= record.estimate <= record.ci_high + 1e-12


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "one",
    [
        test_row_order_changes_nothing,
        test_renaming_readers_and_cases_changes_only_names,
        test_renaming_classes_renames_results,
        test_auc_depends_on_the_order_of_scores_only,
        test_swapping_models_turns_the_sign,
        test_copying_every_reader_keeps_estimates,
        test_two_halves_of_a_frame_are_the_frame,
        test_intervals_hold_their_estimate,
    ],
    ids=lambda test: test.__name__,
)
def test_it_holds_for_many_studies(one, monkeypatch) -> None:
    # hypothesis has no public way to run one test under other settings.
    thorough = settings(max_examples=40, **_SETTINGS)
    monkeypatch.setattr(one, "_hypothesis_internal_use_settings", thorough)
    one()


def test_bootstrap_agrees_with_or_rrrc() -> None:
    readings, models = simulate(5, readers=20, per_class=40)
    found = analyse(readings, models, replicates=2000, rng=np.random.default_rng(1))
    for quantity in ("sensitivity", "specificity", "accuracy", "balanced_accuracy"):
        for record in found.find(
            quantity=quantity, subject="model:a - mean_reader", method="or-rrrc"
        ):
            drawn = found.get(quantity, record.class_, record.subject, "bootstrap-2way")
            assert drawn.estimate == pytest.approx(record.estimate, abs=1e-12)
            assert drawn.se == pytest.approx(record.se, rel=0.12)
