"""The study's decisions, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy import rules
from readerstudy.entities import SYSTEM, Actor, Role, Stage, StudyState
from readerstudy.errors import AnswerError, PermissionDenied, StateError
from readerstudy.rules import Permission

NOW = datetime(2030, 1, 1, tzinfo=UTC)

GRANTED = {
    Role.OWNER: {Permission.MANAGE, Permission.SEE_PROGRESS, Permission.SEE_RESULTS},
    Role.ANALYST: {Permission.SEE_PROGRESS, Permission.SEE_RESULTS},
    Role.MONITOR: {Permission.SEE_PROGRESS},
    Role.READER: {Permission.READ},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_permissions_and_no_other(role: Role) -> None:
    granted = set()
    for permission in Permission:
        try:
            rules.authorise(Actor(role=role), permission, study_id=1)
        except PermissionDenied:
            continue
        granted.add(permission)
    assert granted == GRANTED[role]


def test_an_account_of_one_study_has_no_right_elsewhere() -> None:
    owner = Actor(role=Role.OWNER, study_id=1, name="ada")
    rules.authorise(owner, Permission.MANAGE, study_id=1)
    for elsewhere in (2, None):
        with pytest.raises(PermissionDenied, match="another study"):
            rules.authorise(owner, Permission.MANAGE, study_id=elsewhere)


@pytest.mark.parametrize("actor", [SYSTEM, Actor(role=Role.READER)])
def test_only_a_reader_is_a_reader(actor: Actor) -> None:
    with pytest.raises(PermissionDenied, match="invitation"):
        rules.reader_of(actor)


@given(st.lists(st.integers(1, 10**6), unique=True), st.integers(0, 2**53))
def test_an_order_holds_every_case_once_and_depends_on_the_seed_alone(
    cases: list[int], seed: int
) -> None:
    order = rules.draw_order(cases, seed=seed)
    assert sorted(order) == sorted(cases)
    assert order == rules.draw_order(cases[::-1], seed=seed)


def test_orders_are_spread_evenly() -> None:
    first = [rules.draw_order([1, 2, 3, 4], seed=seed)[0] for seed in range(2000)]
    assert all(400 < first.count(case) < 600 for case in (1, 2, 3, 4))


def test_the_order_of_a_seed_never_changes() -> None:
    """Stored studies were drawn with it."""
    assert rules.draw_order(range(1, 9), seed=42) == [1, 6, 4, 7, 5, 8, 3, 2]


@pytest.mark.parametrize(
    ("minutes_ago", "throttled"),
    [([], False), ([1] * 4, False), ([1] * 5, True), ([1] * 4 + [16], False), ([15], False)],
)
def test_five_failures_in_a_quarter_of_an_hour_are_enough(
    minutes_ago: list[int], throttled: bool
) -> None:
    attempts = [("192.0.2.1", NOW - timedelta(minutes=m)) for m in minutes_ago]
    assert rules.is_throttled(attempts, address="192.0.2.1", now=NOW) is throttled
    assert not rules.is_throttled(attempts, address="192.0.2.2", now=NOW)


@pytest.mark.parametrize(("n_addresses", "throttled"), [(9, False), (10, True)])
def test_many_addresses_together_are_enough_too(n_addresses: int, throttled: bool) -> None:
    attempts = [(f"192.0.2.{i}", NOW) for i in range(n_addresses) for _ in range(5)]
    assert rules.is_throttled(attempts, address="198.51.100.1", now=NOW) is throttled


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", ""),
        ("x" * 500, ""),
    ],
)
def test_an_address_stands_for_what_one_person_can_have(address: str, network: str) -> None:
    assert rules.network_of(address) == network


@pytest.mark.parametrize(
    ("state", "consent", "profile", "answered", "stage"),
    [
        (StudyState.OPEN, False, False, 0, Stage.CONSENT),
        (StudyState.OPEN, True, False, 0, Stage.PROFILE),
        (StudyState.OPEN, True, True, 0, Stage.QUIZ),
        (StudyState.OPEN, True, True, 3, Stage.DONE),
        (StudyState.CLOSED, True, True, 1, Stage.CLOSED),
        (StudyState.CLOSED, True, True, 3, Stage.DONE),
        (StudyState.DRAFT, False, False, 0, Stage.CLOSED),
    ],
)
def test_a_reader_stands_somewhere(
    state: StudyState, consent: bool, profile: bool, answered: int, stage: Stage
) -> None:
    found = rules.stage_of(
        state=state, has_consent=consent, has_profile=profile, answered=answered, total=3
    )
    assert found is stage


def test_a_study_without_cases_is_not_done() -> None:
    stage = rules.stage_of(
        state=StudyState.OPEN, has_consent=True, has_profile=True, answered=0, total=0
    )
    assert stage is Stage.QUIZ


@pytest.mark.parametrize("confidence", [None, 0, 100])
def test_takes_an_answer_of_the_study(confidence: int | None) -> None:
    rules.check_answer("BCC", confidence, codes=["BCC", "SK"], ask_confidence=True)


@pytest.mark.parametrize(
    ("answer", "confidence", "ask", "said"),
    [
        ("bcc", None, True, "BCC, SK"),
        ("BCC", 101, True, "0 to 100"),
        ("BCC", -1, True, "0 to 100"),
        ("BCC", 50, False, "no confidence"),
    ],
)
def test_refuses_other_answers(answer: str, confidence: int | None, ask: bool, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        rules.check_answer(answer, confidence, codes=["BCC", "SK"], ask_confidence=ask)


def test_a_state_that_does_not_fit_is_named() -> None:
    rules.require_state(StudyState.OPEN, StudyState.DRAFT, StudyState.OPEN, doing="x")
    with pytest.raises(
        StateError, match="draft or open in order to invite, but this one is closed"
    ):
        rules.require_state(StudyState.CLOSED, StudyState.DRAFT, StudyState.OPEN, doing="invite")


@pytest.mark.parametrize(
    ("given", "used"), [(0, 0), (5, 5), (None, None), (-1, None), (2**31, None)]
)
def test_only_plausible_active_times_are_used(given: int | None, used: int | None) -> None:
    assert rules.usable_active_ms(given) == used


def test_no_moment_is_before_its_earliest() -> None:
    later = NOW + timedelta(seconds=1)
    assert rules.not_before(later, NOW) == later
    assert rules.not_before(NOW, later) == later


def test_a_seal_depends_on_content_not_on_order() -> None:
    content = {"a": [1, 0.1], "b": "皮肤"}
    assert rules.seal(content) == rules.seal(dict(reversed(content.items())))
    assert rules.seal(content) != rules.seal({**content, "a": [0.1, 1]})


def test_canonical_json_is_one_text() -> None:
    assert rules.canonical_json({"b": "皮", "a": [1, 0.1]}) == '{"a":[1,0.1],"b":"皮"}'
