"""The recommended interval is right, not only equal to a package's."""

import pytest

from tests.unit.coverage_simulation import SETTINGS, coverage


@pytest.mark.slow
@pytest.mark.parametrize(("n_readers", "n_cases"), [s for s in SETTINGS if s[1] >= 20])
def test_the_primary_method_keeps_its_coverage(n_readers: int, n_cases: int) -> None:
    found = coverage(n_readers, n_cases, repeats=3000, seed=7, bootstrap_every=10_000)
    assert 0.93 <= found["or-rrrc-capped"] <= 0.97


@pytest.mark.slow
def test_the_t_test_does_not_with_many_readers() -> None:
    assert coverage(280, 20, repeats=500, seed=7, bootstrap_every=10_000)["t-test"] < 0.5


def test_the_same_seed_gives_the_same_coverage() -> None:
    first, second = (coverage(5, 12, repeats=20, seed=3) for _ in range(2))
    assert first == second
    assert set(first) == {"or-rrrc", "or-rrrc-capped", "ustat", "bootstrap-2way", "t-test"}
