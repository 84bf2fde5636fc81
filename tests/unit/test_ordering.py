"""The drawn plan of a reader: which cases, in which order, with which advice."""

from collections import Counter
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.domain import Arm, CaseRole
from readerstudy.domain.protocol import Aid, Order, Protocol
from readerstudy.domain.reading_plan import PlannedCase, advice_of, draw_options, draw_plan, mislead

TEST_ARMS = (Arm.UNAIDED, Arm.AIDED)


def cases(
    n: int, *, practice: int = 0, attention: int = 0, repeated: int = 0, classes: str = "abc"
) -> list[PlannedCase]:
    roles = [CaseRole.TEST] * n + [CaseRole.PRACTICE] * practice + [CaseRole.ATTENTION] * attention
    return [
        PlannedCase(i, f"c{i}", role, i <= repeated, classes[i % len(classes)])
        for i, role in enumerate(roles, start=1)
    ]


def ids(plan, *arms: Arm) -> list[int]:
    return [its.id for its in plan if its.arm in arms]


@given(st.integers(1, 60), st.integers(0, 2**53))
def test_everybody_reads_every_case_once(n: int, seed: int) -> None:
    plan = draw_plan(cases(n), Protocol(), seed=seed, number=0)
    assert sorted(ids(plan, Arm.UNAIDED)) == list(range(1, n + 1))
    assert plan == draw_plan(cases(n)[::-1], Protocol(), seed=seed, number=5)


def test_orders_are_spread_evenly() -> None:
    first = Counter(draw_plan(cases(4), Protocol(), seed=s, number=0)[0].id for s in range(2000))
    assert all(400 < first[case] < 600 for case in (1, 2, 3, 4))


def test_the_order_of_a_seed_never_changes() -> None:
    """Stored studies were drawn with it."""
    plan = draw_plan(cases(8), Protocol(), seed=42, number=0)
    assert [its.id for its in plan] == [1, 6, 4, 7, 5, 8, 3, 2]


@given(st.integers(20, 60), st.integers(0, 10**6))
def test_practice_comes_first_checks_in_between_and_repeats_late(n: int, seed: int) -> None:
    made = cases(n, practice=3, attention=4, repeated=2)
    plan = draw_plan(made, Protocol(), seed=seed, number=0)
    arms = [its.arm for its in plan]
    assert arms[:3] == [Arm.PRACTICE] * 3
    assert Counter(arms) == {Arm.UNAIDED: n, Arm.PRACTICE: 3, Arm.ATTENTION: 4, Arm.REPEAT: 2}
    checks = [i for i, arm in enumerate(arms) if arm is Arm.ATTENTION]
    assert checks[0] > 3
    assert all(b - a > n // 10 for a, b in pairwise(checks))
    for case in ids(plan, Arm.REPEAT):
        first, second = (i for i, its in enumerate(plan) if its.id == case)
        assert second - first >= 10
        assert second > len(plan) // 2


@given(st.integers(3, 30), st.integers(0, 10**6))
def test_a_batch_holds_the_classes_in_proportion(size: int, seed: int) -> None:
    order = Order(rule="batch", size=size)
    made = cases(60, classes="aaaabbc")
    plan = draw_plan(made, Protocol(order=order), seed=seed, number=0)
    label = {case.id: case.label for case in made}
    found = Counter(label[its.id] for its in plan)
    whole = Counter(label.values())
    assert len(plan) == size == len(set(ids(plan, Arm.UNAIDED)))
    assert all(abs(found[c] - size * whole[c] / 60) < 1 for c in whole)


def test_batches_of_many_readers_cover_all_cases_alike() -> None:
    order = Protocol(order=Order(rule="batch", size=12))
    seen = Counter(i for s in range(500) for i in ids(draw_plan(cases(60), order, seed=s, number=s),
                                                      Arm.UNAIDED))  # fmt: skip
    assert len(seen) == 60
    assert all(60 < n < 145 for n in seen.values())


def test_an_anchor_is_read_by_all_and_the_blocks_in_turn() -> None:
    protocol = Protocol(order=Order(rule="anchor", anchor=6, size=6))
    read = [set(ids(draw_plan(cases(24), protocol, seed=n, number=n), Arm.UNAIDED))
            for n in range(6)]  # fmt: skip
    anchor = set.intersection(*read)
    assert len(anchor) == 6
    assert set.union(*read) == set(range(1, 25))
    assert read[0] == read[3]
    assert read[0] - anchor != read[1] - anchor


def test_the_second_reading_follows_the_first_at_once() -> None:
    protocol = Protocol(aid=Aid(design="second-read", model="b4"))
    plan = draw_plan(cases(20, attention=3, repeated=1), protocol, seed=1, number=0)
    for before, after in pairwise(plan):
        assert (after.arm is Arm.AIDED) == (before.arm is Arm.UNAIDED)
        assert after.arm is not Arm.AIDED or after.id == before.id
    assert plan[-1].arm is not Arm.UNAIDED


@pytest.mark.parametrize("number", [0, 1])
def test_blocks_alternate_and_readers_begin_with_different_ones(number: int) -> None:
    protocol = Protocol(aid=Aid(design="crossed", model="b4", block=5))
    plan = draw_plan(cases(20), protocol, seed=3, number=number)
    first, second = (Arm.AIDED, Arm.UNAIDED) if number else (Arm.UNAIDED, Arm.AIDED)
    assert [its.arm for its in plan] == [first] * 5 + [second] * 5 + [first] * 5 + [second] * 5


@given(st.integers(20, 60), st.integers(0, 10**6), st.integers(0, 1))
def test_checks_and_repeats_come_where_no_advice_is_expected(
    n: int, seed: int, number: int
) -> None:
    """Amid cases with advice, one without would say what it is."""
    protocol = Protocol(aid=Aid(design="crossed", model="b4", block=5))
    made = cases(n, attention=3, repeated=4)
    plan = draw_plan(made, protocol, seed=seed, number=number)
    assert len(ids(plan, Arm.ATTENTION)) == 3
    assert set(ids(plan, Arm.REPEAT)) == {1, 2, 3, 4} & set(ids(plan, Arm.UNAIDED))
    stretches = [is_aided for is_aided, _ in groupby(its.arm is Arm.AIDED for its in plan)]
    blocks = range(-(-n // 5))
    assert sum(stretches) == sum((block + number) % 2 for block in blocks)


def test_advice_is_wrong_on_purpose_as_often_as_the_protocol_says() -> None:
    protocol = Protocol(aid=Aid(design="second-read", model="b4", wrong_share=0.2))
    plan = draw_plan(cases(50), protocol, seed=9, number=0)
    assert sum(its.is_misled for its in plan) == 10
    assert all(its.arm is Arm.AIDED for its in plan if its.is_misled)


@given(
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.sampled_from("abc"), st.integers(0, 99)
)
def test_misleading_advice_never_suggests_the_truth(weights, truth: str, seed: int) -> None:
    given = dict(zip("abc", weights, strict=True))
    found = mislead(given, truth=truth, seed=seed, case_id="x")
    assert sorted(found.values()) == sorted(given.values())
    suggested = advice_of(found, model="b4", top_k=2, is_misled=True)
    top = max(found.values())
    assert suggested["suggests"] != truth or list(found.values()).count(top) > 1
    assert len(suggested["shown"]) == 2


def test_buttons_are_shuffled_by_the_readers_seed() -> None:
    orders = {tuple(draw_options("abcd", seed=s)) for s in range(200)}
    assert len(orders) == 24
    assert draw_options("abcd", seed=5) == draw_options("dcba", seed=5)
