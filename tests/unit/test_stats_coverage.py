"""The recommended interval is right, not only equal to a package's."""

import numpy as np
import pytest

from readerstudy.stats import few_cases
from readerstudy.stats.few_cases import with_imaginary_case
from readerstudy.stats.hillis import or_inference
from readerstudy.stats.moments import Moments, moments, proportion_influence
from tests.unit.coverage_simulation import SETTINGS, coverage


@pytest.mark.slow
@pytest.mark.parametrize(("n_readers", "n_cases"), [s for s in SETTINGS if s[1] >= 20])
def test_the_primary_method_keeps_its_coverage(n_readers: int, n_cases: int) -> None:
    found = coverage(n_readers, n_cases, repeats=3000, seed=7, bootstrap_every=10_000)
    assert 0.93 <= found["or-rrrc-capped"] <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("n_readers", "n_cases"), [s for s in SETTINGS if s[1] >= 10])
def test_the_method_for_few_cases_keeps_its_coverage(n_readers: int, n_cases: int) -> None:
    found = coverage(n_readers, n_cases, repeats=3000, seed=7, bootstrap_every=10_000)
    assert 0.93 <= found["or-rrrc-few-cases"] <= 0.97


@pytest.mark.slow
def test_it_holds_where_hardly_anybody_errs() -> None:
    found = coverage(280, 10, repeats=1500, seed=7, bootstrap_every=10_000, rates=(0.95, 0.95))
    assert found["or-rrrc-capped"] < 0.85
    assert found["or-rrrc-few-cases"] >= 0.95


def test_ten_cases_without_a_mistake_still_have_an_interval() -> None:
    nothing = Moments(0.0, 0.0, 0.0, 0.0, n_readers=5, n_cases=10)
    found = or_inference(with_imaginary_case(nothing, difference=True), design="or-rrrc-capped")
    assert found.ci_low == pytest.approx(-found.ci_high)
    assert 0.1 < found.ci_high < 0.2


def test_the_imaginary_case_is_one_that_could_be_added() -> None:
    """Four whole copies of it, so that it can be written down as cells."""
    rng = np.random.default_rng(3)
    gap = rng.choice([-1.0, 0.0, 1.0], size=(6, 30))
    theta, influence = proportion_influence(gap, np.ones(gap.shape, bool))
    few_cases_weight = 4.0
    expected = np.hstack([gap, np.ones((6, 2)), -np.ones((6, 2))])
    found = moments(theta, influence, n_cases=30)
    _, of_all = proportion_influence(expected, np.ones(expected.shape, bool))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few_cases, "WEIGHT", few_cases_weight)
        steadied = few_cases.with_imaginary_case(found, difference=True)
    assert steadied.cov2 == pytest.approx(moments(theta, of_all, n_cases=34).cov2, abs=1e-12)


@pytest.mark.slow
def test_the_t_test_does_not_with_many_readers() -> None:
    assert coverage(280, 20, repeats=500, seed=7, bootstrap_every=10_000)["t-test"] < 0.5


def test_the_same_seed_gives_the_same_coverage() -> None:
    first, second = (coverage(5, 12, repeats=20, seed=3) for _ in range(2))
    assert first == second
    assert set(first) == {
        "or-rrrc",
        "or-rrrc-capped",
        "or-rrrc-few-cases",
        "ustat",
        "bootstrap-2way",
        "t-test",
    }
