"""How often 95% intervals hold the mean reader's rate, and the difference of model and readers.

`python -m tests.support.coverage_simulation` prints the tables of docs/statistics.md.

A reader is right where mu + reader + case + noise > 0, the model where mu + case + own > 0; all
parts normal. How often either is right in the long run is set, and with it the true difference.
Where that is 0, the share of intervals without it is the type-I error. Cases are shared by all,
noise has a standard deviation of 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import norm

from data.measures.resampling import percentile_interval
from readerstudy.stats.methods.bootstrap import draw, resampled_mean
from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.methods.mover import mean_rate, rate_gap
from readerstudy.stats.methods.obuchowski_rockette import or_inference
from readerstudy.stats.methods.ustat import ustat, ustat_inference


@dataclass(frozen=True)
class World:
    """How often readers and model are right, and the standard deviations of readers and cases."""

    rate: float = 0.75
    model_rate: float = 0.75
    reader_sd: float = 0.4
    case_sd: float = 1.0


METHODS = ("or-rrrc", "or-rrrc-capped", "or-rrrc-mover", "ustat", "bootstrap-2way", "t-test")
ALONE = ("mean reader: or-rrrc-capped", "mean reader: or-rrrc-mover")
SETTINGS = ((5, 40), (5, 100), (20, 20), (280, 5), (280, 10), (280, 20), (280, 50))
EQUAL = World()
# The settings on which or-rrrc-mover was chosen, and others on which it was then tried once.
FIRST = (EQUAL, World(0.75, 0.85), World(0.6, 0.6), World(0.9, 0.9), World(0.95, 0.95))
_SPREADS = ((0.8, 0.5), (0.2, 2.0), (0.4, 1.0))
_RATES = (
    (0.5, 0.5),
    (0.85, 0.85),
    (0.7, 0.8),
    (0.82, 0.92),
    (0.92, 0.82),
    (0.8, 0.65),
    (0.35, 0.6),
)
SECOND = tuple(World(*rates, *spreads) for spreads, rates in product(_SPREADS, _RATES))
SECOND_SETTINGS = ((4, 30), (10, 12), (50, 15), (280, 10), (280, 20))
REPEATS, FIRST_SEED, SECOND_SEED = 4000, 20260101, 20261127
_BOOTSTRAP, _CELLS = 400, 200_000
Found = dict[str, float]


def studies(
    rng: np.random.Generator, repeats: int, n_readers: int, n_cases: int, world: World
) -> tuple[np.ndarray, np.ndarray]:
    """(R, J, n) readers' cells and (R, 1, n) model's, right as 1."""
    case = rng.normal(0, world.case_sd, (repeats, 1, n_cases))
    reader = rng.normal(0, world.reader_sd, (repeats, n_readers, 1))
    mu_reader = norm.ppf(world.rate) * np.sqrt(1 + world.reader_sd**2 + world.case_sd**2)
    mu_model = norm.ppf(world.model_rate) * np.sqrt(1 + world.case_sd**2)
    noise = rng.normal(0, 1, (repeats, n_readers, n_cases))
    right = mu_reader + reader + case + noise > 0
    model = mu_model + case + rng.normal(0, 1, (repeats, 1, n_cases)) > 0
    return right.astype(float), model.astype(float)


def all_moments(cells: np.ndarray) -> list[Moments]:
    """What `moments` of `proportion_influence` gives for each of (R, J, n) complete studies."""
    _, n_readers, n = cells.shape
    theta = cells.mean(axis=2)
    within = cells.var(axis=2, ddof=1).sum(axis=1) / n
    shared = cells.mean(axis=1).var(axis=1, ddof=1) / n
    cov2 = (n_readers**2 * shared - within) / (n_readers * (n_readers - 1))
    columns = (theta.mean(axis=1), theta.var(axis=1, ddof=1), within / n_readers, cov2)
    return [Moments(*row, n_readers, n) for row in zip(*(c.tolist() for c in columns), strict=True)]


def intervals(gap: Moments, readers: Moments, its: Moments) -> Iterator[tuple[str, float, float]]:
    """Method and limits, of those that need no more than moments."""
    for method, design in (("or-rrrc", "or-rrrc"), ("or-rrrc-capped", "or-rrrc-capped"),
                           ("t-test", "or-rrfc")):  # fmt: skip
        result = or_inference(gap, design=design)
        yield method, result.ci_low, result.ci_high
    yield "or-rrrc-mover", *rate_gap(its, readers, gap).limits(0.95)
    alone = or_inference(readers, design="or-rrrc-capped", clip=True)
    yield ALONE[0], alone.ci_low, alone.ci_high
    yield ALONE[1], *mean_rate(readers).limits(0.95)


def _bootstrapped(rng: np.random.Generator, gap: np.ndarray) -> tuple[str, float, float]:
    drawn = draw(np.zeros(gap.shape[1], int), n_readers=len(gap), replicates=_BOOTSTRAP, rng=rng)
    there, at = np.ones(gap.shape, bool), np.arange(gap.shape[1])
    _, low, high = percentile_interval(resampled_mean(drawn, gap, there, at))
    return "bootstrap-2way", low, high


def _pooled(gap: np.ndarray) -> tuple[str, float, float]:
    result = ustat_inference(ustat(gap, np.ones(gap.shape, bool)))
    return "ustat", result.ci_low, result.ci_high


def coverage(
    n_readers: int,
    n_cases: int,
    *,
    repeats: int,
    seed: int,
    world: World = EQUAL,
    every_method: bool = False,
) -> Found:
    """Share of intervals that hold the truth; an interval that cannot be computed does not.

    `every_method` adds ustat and, in every fourth study, the bootstrap.
    """
    rng, resampling = np.random.default_rng(seed).spawn(2)
    held: dict[str, list[bool]] = {}
    at_once = max(4, _CELLS // (n_readers * n_cases))
    for start in range(0, repeats, at_once):
        right, model = studies(rng, min(at_once, repeats - start), n_readers, n_cases, world)
        gap = model - right
        its = all_moments(np.broadcast_to(model, right.shape))
        for i, three in enumerate(zip(all_moments(gap), all_moments(right), its, strict=True)):
            found = list(intervals(*three))
            found += [_pooled(gap[i])] if every_method else []
            found += [_bootstrapped(resampling, gap[i])] if every_method and i % 4 == 0 else []
            for method, low, high in found:
                truth = world.rate if method in ALONE else world.model_rate - world.rate
                held.setdefault(method, []).append(low <= truth <= high)
    return {method: float(np.mean(values)) for method, values in held.items()}


def main() -> None:
    """All tables, the first of type-I error."""
    for world in FIRST:
        rows = [
            (f"{j} x {n}", _first(j, n, world))
            for j, n in SETTINGS if n <= 50 or world == EQUAL
        ]  # fmt: skip
        if world == EQUAL:
            _print_table("type-I error", METHODS, rows, error=True)
        _print_table(f"coverage, {world}", (*METHODS, *ALONE), rows, error=False)
    second = [
        (f"{world} {j} x {n}", _second(j, n, world)) for world in SECOND for j, n in SECOND_SETTINGS
    ]
    names = (METHODS[1], METHODS[2], *ALONE)
    _print_table("coverage, settings that nobody chose by", names, second, error=False)
    for name in names:
        print(name, *summary([found[name] for _, found in second]))


def summary(values: Sequence[float]) -> tuple[int, int, int, float, float]:
    """How many lie within 0.93 to 0.97, below and above, and the extremes."""
    below, above = (sum(v < 0.93 for v in values), sum(v > 0.97 for v in values))
    return len(values) - below - above, below, above, min(values), max(values)


def _first(n_readers: int, n_cases: int, world: World) -> Found:
    found = {"repeats": REPEATS, "seed": FIRST_SEED, "every_method": True}
    return coverage(n_readers, n_cases, world=world, **found)


def _second(n_readers: int, n_cases: int, world: World) -> Found:
    return coverage(n_readers, n_cases, repeats=REPEATS // 2, seed=SECOND_SEED, world=world)


def _print_table(
    title: str, methods: Sequence[str], rows: Iterable[tuple[str, Found]], *, error: bool
) -> None:
    print(f"\n{title}\n\n| readers x cases | " + " | ".join(methods) + " |")
    print("|---|" + "---|" * len(methods))
    for name, found in rows:
        values = (1 - found[m] if error else found[m] for m in methods)
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in values) + " |", flush=True)


if __name__ == "__main__":
    main()
