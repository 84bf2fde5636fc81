"""A plan: power over readers and cases for every endpoint, and how much would be enough."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Floats
from readerstudy.stats.methods.obuchowski_rockette import FEW_CASES, Design
from readerstudy.stats.power.pilot import Endpoint
from readerstudy.stats.power.power import Claim, Components, cases_needed, power, readers_needed

PRIMARY: Design = "or-rrrc-capped"
TARGETS = (0.8, 0.9)
TOO_FEW = "fewer than 2 cases of this kind: no power"
WIDER = "its analysis will rely on or-rrrc-mover, mostly wider: expect less power than this"
RATES = ("sensitivity", "specificity", "accuracy")
_FEW = 20


@dataclass(frozen=True)
class PlanOptions:
    """Sizes to consider, what to show, and the two-sided level."""

    readers: tuple[int, ...]
    cases: tuple[int, ...]
    claims: tuple[Claim, ...]
    alpha: float = 0.05
    method: Design = PRIMARY


@dataclass(frozen=True)
class PlanRow:
    """Power of one claim about one endpoint at one size; nan where there is none.

    `cases` of the whole study, `cases_entering` the endpoint. `power_half`, `power_double`: if all
    variances were half or twice the pilot's.
    """

    endpoint: Endpoint
    claim: Claim
    readers: int
    cases: int
    cases_entering: int
    power: float
    power_half: float
    power_double: float
    se: float
    df: float
    note: str


@dataclass(frozen=True)
class Needed:
    """The smallest study that passes a target; `cases` or `readers` is None where none does.

    `searched` says which of the two was looked for for the given other one.
    """

    endpoint: Endpoint
    claim: Claim
    target: float
    searched: str
    readers: int | None
    cases: int | None
    power: float


@dataclass(frozen=True)
class Plan:
    """Rows in the order endpoint, claim, readers, cases; and what is needed."""

    options: PlanOptions
    endpoints: tuple[Endpoint, ...]
    rows: tuple[PlanRow, ...]
    needed: tuple[Needed, ...]

    def grid(self, endpoint: Endpoint, claim: Claim) -> tuple[tuple[PlanRow, ...], ...]:
        """Rows of one endpoint and claim, one tuple for each number of readers."""
        mine = [r for r in self.rows if r.endpoint is endpoint and r.claim == claim]
        step = len(self.options.cases)
        return tuple(tuple(mine[i : i + step]) for i in range(0, len(mine), step))


def plan(endpoints: Sequence[Endpoint], options: PlanOptions) -> Plan:
    """Power over the grid of readers and cases, and the smallest study for 80% and 90%.

    The mix of classes stays the pilot's, so that an endpoint has its share of the cases.
    """
    pairs = [(e, c) for e in endpoints for c in options.claims]
    return Plan(
        options,
        tuple(endpoints),
        tuple(row for e, c in pairs for row in _rows(e, c, options)),
        tuple(need for e, c in pairs for need in _needed(e, c, options)),
    )


def stated_endpoint(stated: Components) -> Endpoint:
    """An endpoint of published components: all cases enter it, and no pilot is known."""
    unknown = (np.nan, np.nan, np.nan)
    return Endpoint("stated", "all", "stated", 1.0, 1.0, stated, unknown, ())


def entering(endpoint: Endpoint, cases: Floats) -> Floats:
    """Whole cases of a study of so many that enter the endpoint."""
    return np.floor(np.asarray(cases, dtype=np.float64) * endpoint.share + 0.5)


def curve(
    endpoint: Endpoint, claim: Claim, *, readers: int, cases: Floats, options: PlanOptions
) -> Floats:
    """Power at any numbers of cases (n,), for a line in a figure; shares are not rounded."""
    size = {"n_readers": np.array(float(readers)), "n_cases": cases * endpoint.share}
    method, alpha = options.method, options.alpha
    return power(endpoint.components, claim, **size, design=method, alpha=alpha).power


def _rows(endpoint: Endpoint, claim: Claim, options: PlanOptions) -> Iterator[PlanRow]:
    readers = np.array(options.readers, dtype=np.float64)[:, None]
    cases = entering(endpoint, np.array(options.cases))
    exact, half, double = (
        power(
            _scaled(endpoint.components, by),
            claim,
            n_readers=readers,
            n_cases=np.where(cases > 1, cases, np.nan),
            design=options.method,
            alpha=options.alpha,
        )
        for by in (1.0, 0.5, 2.0)
    )
    for i, n_readers in enumerate(options.readers):
        for k, n_cases in enumerate(options.cases):
            yield PlanRow(
                endpoint,
                claim,
                n_readers,
                n_cases,
                int(cases[k]),
                float(exact.power[i, k]),
                float(half.power[i, k]),
                float(double.power[i, k]),
                float(exact.se[i, k]),
                float(exact.df[i, k]),
                "; ".join([*endpoint.notes, *size_notes(endpoint, n_cases)]),
            )


def _scaled(components: Components, by: float) -> Components:
    return Components(
        components.readers * by, components.var * by, components.cov2 * by, components.n_cases
    )


def size_notes(endpoint: Endpoint, cases: int) -> Iterator[str]:
    """What is wrong with a study of so many cases, if anything is."""
    if entering(endpoint, np.array(cases)) < 2:
        yield TOO_FEW
    elif cases * endpoint.rarest < _FEW:
        yield FEW_CASES
        if endpoint.quantity in RATES:
            yield WIDER


def _needed(endpoint: Endpoint, claim: Claim, options: PlanOptions) -> Iterator[Needed]:
    """Cases for every number of readers, then readers for every number of cases."""
    pilot, alpha, method = endpoint.components, options.alpha, options.method
    if not (pilot.var > 0 and np.isfinite(pilot.readers + pilot.cov2)):
        return
    targets = np.array(TARGETS)
    given = np.array(options.readers, dtype=np.float64)[:, None]
    cases, reached = cases_needed(
        pilot, claim, n_readers=given, target=targets, design=method, alpha=alpha
    )
    # The fewest cases of the study that give so many cases of the endpoint.
    whole = np.ceil((cases - 0.5) / endpoint.share)
    for (i, t), at in np.ndenumerate(reached):
        total = int(whole[i, t]) if at > TARGETS[t] else None
        yield Needed(endpoint, claim, TARGETS[t], "cases", options.readers[i], total, float(at))
    enter = np.maximum(entering(endpoint, np.array(options.cases)), 1.0)[:, None]
    readers, reached = readers_needed(
        pilot, claim, n_cases=enter, target=targets, design=method, alpha=alpha
    )
    for (i, t), at in np.ndenumerate(reached):
        enough = int(readers[i, t]) if at > TARGETS[t] else None
        yield Needed(endpoint, claim, TARGETS[t], "readers", enough, options.cases[i], float(at))
