"""How often 95% intervals hold the true difference, when model and readers are equally good.

`python -m tests.unit.coverage_simulation` prints the table of docs/statistics.md.

A reader is right where mu + reader + case + noise > 0, the model where mu + case + own > 0; all
parts normal. Both are right with probability 0.75 in the long run, so the true difference is 0.
Reader effects have a standard deviation of 0.4, cases 1.0 (shared by all), noise 1.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from readerstudy.stats.bootstrap import draw, percentile_interval, resampled_mean
from readerstudy.stats.hillis import or_inference
from readerstudy.stats.moments import moments, proportion_influence
from readerstudy.stats.ustat import ustat, ustat_inference

SETTINGS = ((5, 40), (5, 100), (20, 20), (280, 5), (280, 10), (280, 20), (280, 50))
METHODS = ("or-rrrc", "or-rrrc-capped", "ustat", "bootstrap-2way", "t-test")
RATE, READER_SD, CASE_SD = 0.75, 0.4, 1.0
_BOOTSTRAP = 400


def differences(
    rng: np.random.Generator, n_readers: int, n_cases: int, *, model_rate: float = RATE
) -> tuple[np.ndarray, np.ndarray]:
    """(J, n) readers' cells and (n,) model's, right as 1."""
    case = rng.normal(0, CASE_SD, n_cases)
    reader = rng.normal(0, READER_SD, (n_readers, 1))
    mu_reader = norm.ppf(RATE) * np.sqrt(1 + READER_SD**2 + CASE_SD**2)
    mu_model = norm.ppf(model_rate) * np.sqrt(1 + CASE_SD**2)
    right = mu_reader + reader + case + rng.normal(0, 1, (n_readers, n_cases)) > 0
    model = mu_model + case + rng.normal(0, 1, n_cases) > 0
    return right.astype(float), model.astype(float)


def intervals(
    rng: np.random.Generator, right: np.ndarray, model: np.ndarray, *, bootstrap: bool
) -> Iterator[tuple[str, float, float]]:
    """Method and limits."""
    gap, there = model - right, np.ones(right.shape, bool)
    theta, influence = proportion_influence(gap, there)
    found = moments(theta, influence, n_cases=gap.shape[1])
    for method, design in (("or-rrrc", "or-rrrc"), ("or-rrrc-capped", "or-rrrc-capped"),
                           ("t-test", "or-rrfc")):  # fmt: skip
        result = or_inference(found, design=design)
        yield method, result.ci_low, result.ci_high
    pooled = ustat_inference(ustat(gap, there))
    yield "ustat", pooled.ci_low, pooled.ci_high
    if bootstrap:
        draws = draw(
            np.zeros(gap.shape[1], int), n_readers=len(gap), replicates=_BOOTSTRAP, rng=rng
        )
        drawn = resampled_mean(draws, gap, there, np.arange(gap.shape[1]))
        _, low, high = percentile_interval(drawn)
        yield "bootstrap-2way", low, high


def coverage(
    n_readers: int, n_cases: int, *, repeats: int, seed: int, bootstrap_every: int = 4
) -> dict[str, float]:
    """Share of intervals that hold 0; an interval that cannot be computed does not."""
    rng = np.random.default_rng(seed)
    held = {method: [] for method in METHODS}
    for i in range(repeats):
        right, model = differences(rng, n_readers, n_cases)
        for method, low, high in intervals(rng, right, model, bootstrap=i % bootstrap_every == 0):
            held[method].append(low <= 0 <= high)
    return {method: float(np.mean(values)) for method, values in held.items() if values}


def main() -> None:
    print("| readers x cases | " + " | ".join(METHODS) + " |")
    print("|---|" + "---|" * len(METHODS))
    for n_readers, n_cases in SETTINGS:
        found = coverage(n_readers, n_cases, repeats=4000, seed=20260101)
        cells = " | ".join(f"{found[m]:.3f}" for m in METHODS)
        print(f"| {n_readers} x {n_cases} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
