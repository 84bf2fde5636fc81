"""A plan in words and on the terminal."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from readerstudy.stats.input.study import Study
from readerstudy.stats.power.pilot import Endpoint
from readerstudy.stats.power.planning import TARGETS, Needed, Plan
from readerstudy.stats.power.power import MOST_CASES, MOST_READERS, Claim

SIMULATED = (
    "{} of {} pilot readers are simulated: this shows how planning works and says nothing about "
    "people."
)
POINT = (
    "Power takes these variances for the true ones. The page and plan.csv also give it for half "
    "and for twice the variances; prefer the larger study."
)
MIX = "The mix of classes is taken to stay the pilot's; rarer classes need more cases in all."
_NAMED = 4
_CLAIMS = {
    "superiority": "Difference of {difference:+g} is found",
    "noninferiority": "Not worse by {margin:g}, true difference {difference:g}",
    "equivalence": "Within ±{margin:g}, true difference {difference:g}",
}


@dataclass(frozen=True)
class Facts:
    """What the plan rests on, and what to be warned of before its numbers."""

    sentence: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def facts_of(study: Study) -> Facts:
    """The pilot in a sentence."""
    simulated = int(study.simulated.sum())
    counts = [int((study.truth == i).sum()) for i in range(len(study.classes))]
    of_classes = ", ".join(f"{c} {n}" for c, n in zip(study.classes, counts, strict=True))
    models = ", ".join(model.name for model in study.models)
    return Facts(
        f"Pilot of {study.n_readers} readers and {study.n_cases} cases ({of_classes}); {models}.",
        (SIMULATED.format(simulated, study.n_readers),) if simulated else (),
        (POINT, MIX, *study.notes),
    )


def facts_of_stated() -> Facts:
    """Without a pilot."""
    return Facts(
        "Planned from stated variance components, without a pilot; all cases enter the endpoint.",
        (),
        (POINT,),
    )


def claim_words(claim: Claim) -> str:
    """What the study is to show."""
    return _CLAIMS[claim.kind].format(margin=claim.margin, difference=claim.difference)


def endpoint_words(endpoint: Endpoint) -> str:
    """Quantity, class and model."""
    of_class = "" if endpoint.class_ == "all" else f" of {endpoint.class_}"
    quantity = endpoint.quantity.replace("_", " ") + of_class
    return quantity if endpoint.quantity == "stated" else f"{quantity}, {endpoint.model}"


def percent(power: float) -> str:
    """Power as whole percent; never 100, and a dash where there is none."""
    if math.isnan(power):
        return "–"
    return ">99" if power > 0.99 else f"{100 * power:.0f}"


def enough(found: Needed) -> str:
    """The smallest number, or beyond which number it lies."""
    number = found.cases if found.searched == "cases" else found.readers
    if number is not None:
        return f"{number:,}"
    if found.searched == "cases":
        return f"> {math.ceil(MOST_CASES / found.endpoint.share):,}"
    return f"> {MOST_READERS:,}"


def needed_by(plan: Plan, endpoint: Endpoint, claim: Claim, found: str) -> list[list[Needed]]:
    """For every given size, the needed other one at each target."""
    mine = [
        n
        for n in plan.needed
        if n.endpoint is endpoint and n.claim == claim and n.searched == found
    ]
    step = len(TARGETS)
    return [mine[i : i + step] for i in range(0, len(mine), step)]


def notes_by(plan: Plan) -> dict[str, list[str]]:
    """Each note on the pilot's endpoints, with whom it concerns."""
    found: dict[str, list[str]] = {}
    for endpoint in plan.endpoints:
        for note in endpoint.notes:
            found.setdefault(note, []).append(endpoint_words(endpoint))
    return found


def terminal(plan: Plan, shown: Endpoint, facts: Facts) -> str:
    """The grid of one endpoint, and one line for each of the others."""
    lines = [facts.sentence, *(f"Warning: {w}" for w in facts.warnings)]
    lines.append(
        f"Power in percent; {plan.options.method}, two-sided level {plan.options.alpha:g}."
    )
    for claim in plan.options.claims:
        lines += ["", f"{claim_words(claim)}: {endpoint_words(shown)}"]
        lines += [*_grid(plan, shown, claim), *_enough(plan, shown, claim)]
    if len(plan.endpoints) > 1:
        lines += ["", *_every_endpoint(plan)]
    lines += ["", *(f"- {note}" for note in facts.notes)]
    lines += [f"- {n}: {_whom(who, plan)}" for n, who in notes_by(plan).items()]
    return "\n".join(lines) + "\n"


def _grid(plan: Plan, endpoint: Endpoint, claim: Claim) -> Iterator[str]:
    yield f"{'readers':>10} " + "".join(f"{f'{c:,} cases':>13}" for c in plan.options.cases)
    for rows in plan.grid(endpoint, claim):
        yield f"{rows[0].readers:>10,} " + "".join(f"{percent(r.power):>13}" for r in rows)


def _enough(plan: Plan, endpoint: Endpoint, claim: Claim) -> Iterator[str]:
    targets = " / ".join(f"{100 * t:.0f}%" for t in TARGETS)
    for at in needed_by(plan, endpoint, claim, "cases"):
        words = " / ".join(enough(n) for n in at)
        yield f"  {at[0].readers or 0:,} readers: cases for {targets}: {words}"
    for at in needed_by(plan, endpoint, claim, "readers"):
        words = " / ".join(enough(n) for n in at)
        yield f"  {at[0].cases or 0:,} cases: readers for {targets}: {words}"


def _every_endpoint(plan: Plan) -> Iterator[str]:
    readers, cases = plan.options.readers[-1], plan.options.cases[-1]
    width = max(len(endpoint_words(e)) for e in plan.endpoints)
    yield f"Power with {readers:,} readers and {cases:,} cases, and in brackets cases for 80%:"
    yield " " * width + "".join(f"{claim.kind:>17}" for claim in plan.options.claims)
    for endpoint in plan.endpoints:
        cells = "".join(f"{_cell(plan, endpoint, c):>17}" for c in plan.options.claims)
        yield f"{endpoint_words(endpoint):<{width}}{cells}"


def _cell(plan: Plan, endpoint: Endpoint, claim: Claim) -> str:
    needed = needed_by(plan, endpoint, claim, "cases")
    words = enough(needed[-1][0]) if needed else "–"
    return f"{percent(plan.grid(endpoint, claim)[-1][-1].power)} ({words})"


def _whom(who: list[str], plan: Plan) -> str:
    if len(who) > _NAMED:
        return f"{len(who)} of {len(plan.endpoints)} endpoints"
    return "; ".join(who)
