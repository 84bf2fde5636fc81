"""The recommended intervals are right, not only equal to a package's."""

from dataclasses import astuple

import numpy as np
import pytest

from readerstudy.stats.methods.moments import moments, proportion_influence
from tests.support.coverage_simulation import (
    ALONE,
    METHODS,
    SECOND,
    SECOND_SETTINGS,
    SETTINGS,
    World,
    all_moments,
    coverage,
    studies,
)

PRIMARY, MOVER = "or-rrrc-capped", "or-rrrc-mover"


@pytest.mark.slow
@pytest.mark.parametrize(("n_readers", "n_cases"), [s for s in SETTINGS if s[1] >= 20])
def test_the_primary_method_keeps_its_coverage(n_readers: int, n_cases: int) -> None:
    found = coverage(n_readers, n_cases, repeats=3000, seed=7)
    assert 0.93 <= found[PRIMARY] <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("rates", [(0.6, 0.6), (0.75, 0.75), (0.75, 0.85), (0.9, 0.9)])
@pytest.mark.parametrize(("n_readers", "n_cases"), [s for s in SETTINGS if 10 <= s[1] <= 50])
def test_the_method_for_few_cases_keeps_its_coverage(n_readers, n_cases, rates) -> None:
    found = coverage(n_readers, n_cases, repeats=2000, seed=7, world=World(*rates))
    # 0.01: the simulation's own error.
    assert 0.93 - 0.01 <= found[MOVER] <= 0.97 + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("world", SECOND, ids=str)
def test_it_does_not_fall_short_on_settings_that_it_was_not_chosen_by(world: World) -> None:
    for n_readers, n_cases in SECOND_SETTINGS:
        found = coverage(n_readers, n_cases, repeats=1000, seed=8, world=world)
        assert 0.93 - 0.015 <= found[MOVER] <= 0.995, (n_readers, n_cases)


@pytest.mark.slow
def test_the_usual_interval_fails_where_hardly_anybody_errs() -> None:
    found = coverage(280, 20, repeats=1500, seed=7, world=World(0.95, 0.95))
    assert found[PRIMARY] < 0.85
    assert found[MOVER] >= 0.93


@pytest.mark.slow
def test_the_t_test_does_not_with_many_readers() -> None:
    assert coverage(280, 20, repeats=500, seed=7)["t-test"] < 0.5


def test_the_simulations_moments_are_the_librarys() -> None:
    rng = np.random.default_rng(2)
    right, model = studies(rng, 3, 6, 15, World(0.8, 0.9))
    for cells in (right, model - right, np.broadcast_to(model, right.shape)):
        for found, one in zip(all_moments(cells), cells, strict=True):
            theta, influence = proportion_influence(one, np.ones(one.shape, bool))
            expected = moments(theta, influence, n_cases=15)
            assert astuple(found) == pytest.approx(astuple(expected), abs=1e-15)


def test_the_same_seed_gives_the_same_coverage() -> None:
    first, second = (coverage(5, 12, repeats=20, seed=3, every_method=True) for _ in range(2))
    assert first == second
    assert set(first) == {*METHODS, *ALONE}
    assert np.all(list(first.values()))
