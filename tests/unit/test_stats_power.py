"""Power and size of a future study: against publications, simulated studies and limits."""

import numpy as np
import pytest

from readerstudy.stats.methods.moments import Moments, moments, proportion_influence
from readerstudy.stats.methods.obuchowski_rockette import one_sided, or_inference
from readerstudy.stats.power.power import (
    MOST_CASES,
    Claim,
    Components,
    cases_needed,
    components,
    obuchowski_rockette,
    power,
    readers_needed,
)
from tests.support.coverage_simulation import EQUAL, World, studies

RATE = EQUAL.rate
PILOT = Components(readers=0.0038, var=0.0022, cov2=0.0014, n_cases=100)
FINDS = Claim("superiority", 0.05)
ALIKE = Claim("noninferiority", 0.0, 0.1)


def differences(
    rng: np.random.Generator, n_readers: int, n_cases: int, *, model_rate: float = RATE
) -> tuple[np.ndarray, np.ndarray]:
    """One study: (J, n) readers' cells and (n,) model's, right as 1."""
    right, model = studies(rng, 1, n_readers, n_cases, World(RATE, model_rate))
    return right[0], model[0, 0]


def chance(pilot: Components, claim: Claim, readers: float, cases: float, **options) -> float:
    size = {"n_readers": np.array(float(readers)), "n_cases": np.array(float(cases))}
    return float(power(pilot, claim, **size, **options).power)


@pytest.mark.parametrize("claim", [FINDS, ALIKE, Claim("equivalence", 0.0, 0.1)])
def test_power_grows_with_readers_and_cases(claim: Claim) -> None:
    readers, cases = np.meshgrid([5.0, 10, 50, 280], [50.0, 200, 800])
    found = power(PILOT, claim, n_readers=readers, n_cases=cases).power
    assert (np.diff(found, axis=0) > 0).all()
    assert (np.diff(found, axis=1) > 0).all()
    assert ((found >= 0) & (found < 1)).all()


def test_equivalence_equals_powertost() -> None:
    """R package PowerTOST 1.5, power.TOST(CV = 0.25, n = 24), its documented 0.7391155."""
    log_variance = np.log(0.25**2 + 1)
    # Two readers' worth of a degree of freedom each: 23 of them and no cases give df 22.
    pilot = Components(readers=23 * log_variance * 2 / 24, var=0.0, cov2=0.0, n_cases=100)
    claim = Claim("equivalence", np.log(0.95), np.log(1.25))
    found = chance(pilot, claim, 23, 1000, design="or-rrfc", alpha=0.1)
    assert found == pytest.approx(0.7391155, abs=1e-7)


def test_at_the_edge_of_the_margin_power_is_the_level() -> None:
    assert chance(PILOT, Claim("noninferiority", -0.1, 0.1), 10, 100) == pytest.approx(0.025)
    assert chance(PILOT, Claim("superiority", 0.0), 10, 100) == pytest.approx(0.05)


@pytest.mark.parametrize("df", [1.2, 3.0, 40.0, 1e6, 1e9])
def test_the_level_is_kept_at_any_degrees_of_freedom(df: float) -> None:
    pilot = Components(readers=0.01, var=0.0, cov2=0.0, n_cases=100)
    found = chance(pilot, Claim("superiority", 0.0), df + 1, 50, design="or-rrfc")
    assert found == pytest.approx(0.05, abs=1e-7)


def test_cases_bound_the_degrees_of_freedom() -> None:
    many, few = np.array(280.0), np.array(12.0)
    capped = power(PILOT, ALIKE, n_readers=many, n_cases=few)
    plain = power(PILOT, ALIKE, n_readers=many, n_cases=few, design="or-rrrc")
    assert capped.df == 11 < plain.df
    assert capped.power < plain.power


def test_the_fewest_cases_reach_the_target_and_one_less_does_not() -> None:
    claim = Claim("superiority", 0.1)
    cases, reached = cases_needed(PILOT, claim, n_readers=np.array(20), target=np.array(0.8))
    assert reached == pytest.approx(chance(PILOT, claim, 20, cases))
    assert chance(PILOT, claim, 20, cases - 1) <= 0.8 < reached


def test_the_fewest_readers_reach_the_target_and_one_less_does_not() -> None:
    readers, reached = readers_needed(PILOT, ALIKE, n_cases=np.array(200), target=np.array(0.9))
    assert chance(PILOT, ALIKE, readers - 1, 200) <= 0.9 < reached


def test_a_target_out_of_reach_gives_the_most_and_its_power() -> None:
    readers, target = np.array([5, 280]), np.array(0.6)
    cases, reached = cases_needed(PILOT, FINDS, n_readers=readers, target=target)
    assert cases[0] == MOST_CASES > cases[1]
    assert reached[0] < 0.6 < reached[1]


def test_components_of_two_treatments_are_those_of_their_difference() -> None:
    stated = obuchowski_rockette(
        var_tr=0.0019, var=0.0012, cov1=0.0001, cov2=0.0008, cov3=0.0001, n_cases=100
    )
    assert stated.readers == pytest.approx(PILOT.readers)
    assert stated.var == pytest.approx(PILOT.var)
    assert stated.cov2 == pytest.approx(PILOT.cov2)


def test_without_variance_or_readers_power_is_undefined() -> None:
    assert np.isnan(chance(Components(0.0, 0.0, 0.0, 40), ALIKE, 10, 100))
    assert np.isnan(chance(PILOT, ALIKE, 1, 100))
    alone = components(Moments(0.1, np.nan, 0.002, np.nan, 1, 40))
    assert np.isnan(chance(alone, ALIKE, 10, 100))


def test_a_claim_needs_its_margin() -> None:
    with pytest.raises(ValueError, match="margin above 0"):
        Claim("equivalence", 0.0)


def gap_moments(right: np.ndarray, model: np.ndarray, there: np.ndarray) -> Moments:
    theta, influence = proportion_influence(model - right, there)
    return moments(theta, influence, n_cases=right.shape[1])


def pilot_of(there: np.ndarray | None = None, *, model_rate: float = RATE) -> Components:
    """Mean components of many pilots of 12 readers and 60 cases."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(400):
        right, model = differences(rng, 12, 60, model_rate=model_rate)
        cells = np.ones(right.shape, bool) if there is None else there
        found.append(components(gap_moments(right, model, cells), there))
    return Components(
        float(np.mean([c.readers for c in found])),
        float(np.mean([c.var for c in found])),
        float(np.mean([c.cov2 for c in found])),
        60,
    )


def test_batches_give_the_components_of_a_complete_pilot() -> None:
    """Every reader read half of the cases; what comes out is the complete study's."""
    there = np.zeros((12, 60), bool)
    for reader in range(12):
        there[reader, (np.arange(30) + 5 * reader) % 60] = True
    complete, halves = pilot_of(), pilot_of(there)
    assert halves.var == pytest.approx(complete.var, rel=0.1)
    assert halves.cov2 == pytest.approx(complete.cov2, rel=0.25)
    assert halves.readers == pytest.approx(complete.readers, abs=0.004)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("readers", "cases", "kind", "model_rate", "margin"),
    [
        (10, 60, "noninferiority", RATE, 0.15),
        (40, 150, "noninferiority", RATE, 0.08),
        (10, 80, "superiority", RATE + 0.12, 0.0),
        (30, 120, "superiority", RATE + 0.08, 0.0),
    ],
)
def test_planned_power_is_that_of_simulated_studies(
    readers: int, cases: int, kind: str, model_rate: float, margin: float
) -> None:
    planned = chance(
        pilot_of(model_rate=model_rate),
        Claim(kind, model_rate - RATE, margin),
        readers,
        cases,
    )
    rng, repeats, shown = np.random.default_rng(5), 4000, 0
    for _ in range(repeats):
        right, model = differences(rng, readers, cases, model_rate=model_rate)
        gap = gap_moments(right, model, np.ones(right.shape, bool))
        result = or_inference(gap, design="or-rrrc-capped")
        _, p = one_sided(result.estimate, result.se, df=result.df, margin=margin)
        shown += p < 0.025 if kind == "noninferiority" else result.p < 0.05
    empirical = shown / repeats
    monte_carlo = 3 * np.sqrt(empirical * (1 - empirical) / repeats)
    assert planned == pytest.approx(empirical, abs=monte_carlo)
