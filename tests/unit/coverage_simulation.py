"""How often 95% intervals hold the true difference of model and readers.

`python -m tests.unit.coverage_simulation` prints the tables of docs/statistics.md.

A reader is right where mu + reader + case + noise > 0, the model where mu + case + own > 0; all
parts normal. How often either is right in the long run is set, and with it the true difference.
Where that is 0, the share of intervals without it is the type-I error. Reader effects have a
standard deviation of 0.4, cases 1.0 (shared by all), noise 1.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy.stats import norm

from readerstudy.stats.bootstrap import draw, percentile_interval, resampled_mean
from readerstudy.stats.few_cases import with_imaginary_case
from readerstudy.stats.hillis import or_inference
from readerstudy.stats.moments import moments, proportion_influence
from readerstudy.stats.ustat import ustat, ustat_inference

SETTINGS = ((5, 40), (5, 100), (20, 20), (280, 5), (280, 10), (280, 20), (280, 50))
METHODS = ("or-rrrc", "or-rrrc-capped", "or-rrrc-few-cases", "ustat", "bootstrap-2way", "t-test")
RATE, READER_SD, CASE_SD = 0.75, 0.4, 1.0
RATES = ((0.75, 0.85), (0.6, 0.6), (0.9, 0.9), (0.95, 0.95))
_BOOTSTRAP = 400
Row = tuple[str, dict[str, float]]


def differences(
    rng: np.random.Generator,
    n_readers: int,
    n_cases: int,
    *,
    rate: float = RATE,
    model_rate: float = RATE,
) -> tuple[np.ndarray, np.ndarray]:
    """(J, n) readers' cells and (n,) model's, right as 1."""
    case = rng.normal(0, CASE_SD, n_cases)
    reader = rng.normal(0, READER_SD, (n_readers, 1))
    mu_reader = norm.ppf(rate) * np.sqrt(1 + READER_SD**2 + CASE_SD**2)
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
    steadied = or_inference(with_imaginary_case(found, difference=True), design="or-rrrc-capped")
    yield "or-rrrc-few-cases", steadied.ci_low, steadied.ci_high
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
    n_readers: int,
    n_cases: int,
    *,
    repeats: int,
    seed: int,
    bootstrap_every: int = 4,
    rates: tuple[float, float] = (RATE, RATE),
) -> dict[str, float]:
    """Share of intervals that hold the truth; an interval that cannot be computed does not.

    `rates`: how often readers and model are right.
    """
    truth = rates[1] - rates[0]
    rng = np.random.default_rng(seed)
    held = {method: [] for method in METHODS}
    for i in range(repeats):
        right, model = differences(rng, n_readers, n_cases, rate=rates[0], model_rate=rates[1])
        for method, low, high in intervals(rng, right, model, bootstrap=i % bootstrap_every == 0):
            held[method].append(low <= truth <= high)
    return {method: float(np.mean(values)) for method, values in held.items() if values}


def main() -> None:
    _print_table("type-I error, both right 0.75", _rows(SETTINGS, (RATE, RATE)), error=True)
    for rates in RATES:
        title = "coverage, readers right {}, model {}".format(*rates)
        _print_table(title, _rows([s for s in SETTINGS if s[1] <= 50], rates), error=False)


def _rows(settings: Sequence[tuple[int, int]], rates: tuple[float, float]) -> Iterator[Row]:
    for n_readers, n_cases in settings:
        found = coverage(n_readers, n_cases, repeats=4000, seed=20260101, rates=rates)
        yield f"{n_readers} x {n_cases}", found


def _print_table(title: str, rows: Iterable[Row], *, error: bool) -> None:
    print(f"\n{title}\n\n| readers x cases | " + " | ".join(METHODS) + " |")
    print("|---|" + "---|" * len(METHODS))
    for name, found in rows:
        values = (1 - found[m] if error else found[m] for m in METHODS)
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in values) + " |", flush=True)


if __name__ == "__main__":
    main()
