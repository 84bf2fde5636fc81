"""Which cases a reader gets, in which order and arm: pure, so that anybody can draw it again."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from readerstudy.domain import Arm, CaseRole
from readerstudy.domain.protocol import Aid, Order, Protocol

_REPEAT_GAP = 10


@dataclass(frozen=True)
class PlannedCase:
    """A case as the drawing sees it; `label` is its reference standard, for stratified batches."""

    id: int
    case_id: str
    role: CaseRole
    is_repeated: bool
    label: str


@dataclass(frozen=True)
class Planned:
    """One reading to come; `is_misled` where the advice is wrong on purpose."""

    id: int
    arm: Arm
    is_misled: bool = False


def draw_plan(
    cases: Sequence[PlannedCase], protocol: Protocol, *, seed: int, number: int
) -> list[Planned]:
    """Practice first, then the reader's test cases with attention checks and repeats among them.

    Checks and repeats come without advice, and so only where none is expected.

    `seed` is the reader's, `number` counts the readers of the study from 0 and chooses the block
    of an anchor design and the half of a crossed one. All orders are by SHA-256 of a seed and the
    case's row id, so that they can be recomputed in any language.
    """
    by_role = {role: [c for c in cases if c.role is role] for role in CaseRole}
    practice = _drawn(by_role[CaseRole.PRACTICE], seed)
    chosen = _chosen(by_role[CaseRole.TEST], protocol.order, seed=seed, number=number)
    order = _with_time_for_repeats(_drawn(chosen, seed))
    repeated = {case.id for case in order if case.is_repeated}
    test = _with_repeats(_in_blocks(order, protocol.aid, number=number), repeated)
    attention = [Planned(c.id, Arm.ATTENTION) for c in _drawn(by_role[CaseRole.ATTENTION], seed)]
    advised = _advised(_spread(test, attention), protocol.aid, seed=seed)
    return [*(Planned(c.id, Arm.PRACTICE) for c in practice), *advised]


def draw_options(codes: Sequence[str], *, seed: int) -> list[str]:
    """The order of a reader's buttons."""
    return sorted(codes, key=lambda code: digest(f"{seed}:option:{code}"))


def digest(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def mislead(
    probabilities: dict[str, float], *, truth: str, seed: int, case_id: str
) -> dict[str, float]:
    """Advice that is wrong on purpose: the highest probability goes to a class that is not true.

    >>> mislead({"a": 0.7, "b": 0.2, "c": 0.1}, truth="a", seed=1, case_id="x")["a"] < 0.7
    True
    """
    top = max(probabilities, key=lambda code: probabilities[code])
    wrong = [code for code in probabilities if code != truth]
    if top in wrong:
        return probabilities
    taken = min(wrong, key=lambda code: digest(f"{seed}:misled:{case_id}:{code}"))
    return {**probabilities, taken: probabilities[top], top: probabilities[taken]}


def _drawn(cases: Sequence[PlannedCase], seed: int | str) -> list[PlannedCase]:
    return sorted(cases, key=lambda case: digest(f"{seed}:{case.id}"))


def _chosen(
    cases: Sequence[PlannedCase], order: Order, *, seed: int, number: int
) -> list[PlannedCase]:
    if order.rule == "batch" and order.size < len(cases):
        return _stratified(cases, order.size, seed=seed)
    if order.rule == "anchor" and order.anchor < len(cases):
        everybody = _drawn(cases, "study")
        anchor, rest = everybody[: order.anchor], everybody[order.anchor :]
        blocks = [rest[i : i + order.size] for i in range(0, len(rest), order.size)]
        return [*anchor, *blocks[number % len(blocks)]]
    return list(cases)


def _stratified(cases: Sequence[PlannedCase], size: int, *, seed: int) -> list[PlannedCase]:
    """Classes in proportion, by largest remainders; who comes first within a class is drawn."""
    classes = sorted({case.label for case in cases})
    members = {c: _drawn([case for case in cases if case.label == c], seed) for c in classes}
    exact = {c: size * len(members[c]) / len(cases) for c in classes}
    count = {c: int(exact[c]) for c in classes}
    # Equal remainders are settled by the reader's seed, so that no class is always the loser.
    by_remainder = sorted(classes, key=lambda c: (count[c] - exact[c], digest(f"{seed}:class:{c}")))
    for c in by_remainder[: size - sum(count.values())]:
        count[c] += 1
    return [case for c in classes for case in members[c][: count[c]]]


def _with_time_for_repeats(order: Sequence[PlannedCase]) -> list[PlannedCase]:
    """Repeated cases from the end change places with others, evenly, so that a gap can follow."""
    found = list(order)
    n_repeated = sum(case.is_repeated for case in found)
    start = max(len(found) - _REPEAT_GAP, n_repeated)
    free = [k for k in range(start) if not found[k].is_repeated]
    for late in range(start, len(found)):
        if found[late].is_repeated:
            early = free.pop((late - start) * len(free) // (len(found) - start))
            found[early], found[late] = found[late], found[early]
    return found


def _in_blocks(order: Sequence[PlannedCase], aid: Aid, *, number: int) -> list[Planned]:
    """In a crossed design every second block is read with advice; `number` says which."""
    is_crossed = aid.design == "crossed"
    return [
        Planned(case.id, Arm.AIDED if is_crossed and (k // aid.block + number) % 2 else Arm.UNAIDED)
        for k, case in enumerate(order)
    ]


def _with_repeats(order: Sequence[Planned], repeated: Collection[int]) -> list[Planned]:
    """Again in the last third, some cases after the first time; what was read without advice."""
    plan = list(order)
    again = [its.id for its in order if its.id in repeated and its.arm is Arm.UNAIDED]
    start = len(plan) * 2 // 3
    step = max((len(plan) - start) // (len(again) + 1), 1)
    for i, case_id in enumerate(again, start=1):
        first = next(k for k, its in enumerate(plan) if its.id == case_id)
        place = max(start + i * step + i - 1, first + _REPEAT_GAP)
        plan.insert(_place(plan, place), Planned(case_id, Arm.REPEAT))
    return plan


def _spread(plan: Sequence[Planned], extra: Sequence[Planned]) -> list[Planned]:
    """The extra readings at even distances among the others, never first."""
    found = list(plan)
    step = (len(found) + len(extra)) / (len(extra) + 1)
    for i, its in enumerate(extra, start=1):
        found.insert(_place(found, max(round(i * step), 1)), its)
    return found


def _place(plan: Sequence[Planned], wanted: int) -> int:
    """The first from there on that does not part two cases with advice."""

    def is_within(place: int) -> bool:
        return all(its.arm is Arm.AIDED for its in plan[max(place - 1, 0) : place + 1])

    last = len(plan)
    return next((k for k in range(min(wanted, last), last) if not is_within(k)), last)


def _advised(plan: Sequence[Planned], aid: Aid, *, seed: int) -> list[Planned]:
    """The second readings, and which advice is wrong on purpose."""
    if aid.design == "none":
        return list(plan)
    test = [its.id for its in plan if its.arm in (Arm.UNAIDED, Arm.AIDED)]
    drawn = sorted(test, key=lambda i: digest(f"{seed}:advice:{i}"))
    misled = set(drawn[: round(aid.wrong_share * len(test))])
    found: list[Planned] = []
    for its in plan:
        is_first = aid.design == "second-read" and its.arm is Arm.UNAIDED
        if its.arm is not Arm.AIDED:
            found.append(its)
        if is_first or its.arm is Arm.AIDED:
            found.append(Planned(its.id, Arm.AIDED, is_misled=its.id in misled))
    return found


def advice_of(
    probabilities: dict[str, float],
    *,
    model: str,
    top_k: int,
    is_misled: bool,
    malignant: Collection[str] | None = None,
) -> dict[str, Any]:
    """What the reader will see, stored before the reader sees it.

    `malignant`: classes whose probability is told as a sum too.
    """
    ranked = sorted(probabilities.items(), key=lambda pair: (-pair[1], pair[0]))
    advice = {
        "model": model,
        "suggests": ranked[0][0],
        "shown": [[code, round(p, 4)] for code, p in ranked[:top_k]],
        "is_misled": is_misled,
    }
    if malignant is not None:
        advice["malignancy"] = round(sum(probabilities[code] for code in malignant), 4)
    return advice
