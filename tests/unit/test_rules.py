"""The study's decisions, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from readerstudy.domain import SYSTEM, Actor, Arm, Given, Measured, Role, Stage, StudyState
from readerstudy.domain.answer_rules import (
    check_given,
    is_too_late,
    not_before,
    seconds_left,
    usable,
)
from readerstudy.domain.errors import AnswerError, PermissionDenied, StateError
from readerstudy.domain.exclusion import why_excluded
from readerstudy.domain.lifecycle import current_stage, require_state
from readerstudy.domain.permissions import Permission, authorise, reader_of
from readerstudy.domain.protocol import Analysis, Protocol, Questions
from readerstudy.domain.seal import canonical_json, seal_of
from readerstudy.domain.throttling import is_throttled, network_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)

GRANTED = {
    Role.OWNER: {
        Permission.MANAGE,
        Permission.SEE_PROGRESS,
        Permission.SEE_RESULTS,
        Permission.SEE_IDENTITIES,
    },
    Role.ANALYST: {Permission.SEE_PROGRESS, Permission.SEE_RESULTS},
    Role.MONITOR: {Permission.SEE_PROGRESS},
    Role.READER: {Permission.READ},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_permissions_and_no_other(role: Role) -> None:
    granted = set()
    for permission in Permission:
        try:
            authorise(Actor(role=role), permission, study_id=1)
        except PermissionDenied:
            continue
        granted.add(permission)
    assert granted == GRANTED[role]


def test_an_account_of_one_study_has_no_right_elsewhere() -> None:
    owner = Actor(role=Role.OWNER, study_id=1, name="ada")
    authorise(owner, Permission.MANAGE, study_id=1)
    for elsewhere in (2, None):
        with pytest.raises(PermissionDenied, match="another study"):
            authorise(owner, Permission.MANAGE, study_id=elsewhere)


@pytest.mark.parametrize("actor", [SYSTEM, Actor(role=Role.READER)])
def test_only_a_reader_is_a_reader(actor: Actor) -> None:
    with pytest.raises(PermissionDenied, match="invitation"):
        reader_of(actor)


@pytest.mark.parametrize(
    ("minutes_ago", "throttled"),
    [([], False), ([1] * 4, False), ([1] * 5, True), ([1] * 4 + [16], False), ([15], False)],
)
def test_five_failures_in_a_quarter_of_an_hour_are_enough(
    minutes_ago: list[int], throttled: bool
) -> None:
    attempts = [("192.0.2.1", NOW - timedelta(minutes=m)) for m in minutes_ago]
    assert is_throttled(attempts, address="192.0.2.1", now=NOW) is throttled
    assert not is_throttled(attempts, address="192.0.2.2", now=NOW)


@pytest.mark.parametrize(("n_addresses", "throttled"), [(9, False), (10, True)])
def test_many_addresses_together_are_enough_too(n_addresses: int, throttled: bool) -> None:
    attempts = [(f"192.0.2.{i}", NOW) for i in range(n_addresses) for _ in range(5)]
    assert is_throttled(attempts, address="198.51.100.1", now=NOW) is throttled


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
    assert network_of(address) == network


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
    found = current_stage(
        state=state, has_consent=consent, has_profile=profile, answered=answered, total=3
    )
    assert found is stage


def test_a_study_without_cases_is_not_done() -> None:
    stage = current_stage(
        state=StudyState.OPEN, has_consent=True, has_profile=True, answered=0, total=0
    )
    assert stage is Stage.QUIZ


@pytest.mark.parametrize("confidence", [None, 0, 100])
def test_takes_an_answer_of_the_study(confidence: int | None) -> None:
    given = Given(answer="BCC", confidence=confidence)
    check_given(given, codes=["BCC", "SK"], protocol=Protocol())


ALL = Questions(cannot_tell=True, top3=True, management=("treat", "wait"))


@pytest.mark.parametrize(
    ("given", "questions", "said"),
    [
        (Given(answer="bcc"), Questions(), "BCC, SK"),
        (Given(answer=""), Questions(), "BCC, SK"),
        (Given(answer="BCC", confidence=101), Questions(), "0 to 100"),
        (Given(answer="BCC", confidence=-1), Questions(), "0 to 100"),
        (Given(answer="BCC", confidence=50), Questions(confidence=False), "no confidence"),
        (Given(answer="", cannot_tell=True), Questions(), "a diagnosis"),
        (
            Given(answer="", answer_2="SK", cannot_tell=True),
            Questions(cannot_tell=True),
            "no answer 2",
        ),
        (Given(answer="BCC", cannot_tell=True, management="wait"), ALL, "a diagnosis"),
        (Given(answer="BCC", answer_2="SK"), Questions(), "one diagnosis"),
        (Given(answer="BCC", answer_2="BCC", management="wait"), ALL, "different"),
        (Given(answer="BCC", answer_3="SK", management="wait"), ALL, "second"),
        (Given(answer="BCC", answer_2="XX", management="wait"), ALL, "XX"),
        (Given(answer="BCC"), ALL, "treat, wait"),
        (Given(answer="BCC", management="treat"), Questions(), "no management"),
        (Given(answer="", timed_out=True), Questions(), "without limit"),
    ],
)
def test_refuses_other_answers(given: Given, questions: Questions, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        check_given(given, codes=["BCC", "SK"], protocol=Protocol(questions=questions))


@pytest.mark.parametrize(
    "given",
    [
        Given(answer="SK", answer_2="BCC", confidence=3, management="treat"),
        Given(answer="", cannot_tell=True, management="wait"),
    ],
)
def test_takes_all_that_a_study_asks(given: Given) -> None:
    check_given(given, codes=["BCC", "SK"], protocol=Protocol(questions=ALL))


def test_the_time_ends_after_a_grace_for_bad_lines() -> None:
    shown = datetime(2030, 1, 1, tzinfo=UTC)
    assert seconds_left(shown, limit_s=None, now=shown) is None
    assert seconds_left(shown, limit_s=30, now=shown + timedelta(seconds=40)) == -10
    before = shown - timedelta(hours=1)  # the clock was set back
    assert seconds_left(shown, limit_s=30, now=before) == 30
    times = [shown + timedelta(seconds=s) for s in (10, 30 + 60, 30 + 61)]
    assert [is_too_late(shown, limit_s=30, now=t) for t in times] == [False, False, True]
    assert not is_too_late(shown, limit_s=None, now=times[2])


def assigned(arm: Arm, answer: str | None, truth: str = "SK") -> dict[str, object]:
    return {"arm": arm, "answer": answer, "is_answered": answer is not None, "truth": truth}


def test_readers_are_excluded_by_the_protocol_alone() -> None:
    test = [assigned(Arm.UNAIDED, a) for a in ("SK", "BCC", None, None)]
    checks = [assigned(Arm.ATTENTION, a) for a in ("SK", "BCC", None)]
    assert why_excluded([*test, *checks], Analysis()) == ""
    assert why_excluded([*test, *checks], Analysis(min_answered=0.5)) == ""
    assert "2 of 4" in why_excluded([*test, *checks], Analysis(min_answered=0.6))
    assert why_excluded(checks, Analysis(max_attention_errors=1)) == ""
    assert "1 of 2" in why_excluded(checks, Analysis(max_attention_errors=0))


def test_a_state_that_does_not_fit_is_named() -> None:
    require_state(StudyState.OPEN, StudyState.DRAFT, StudyState.OPEN, doing="x")
    with pytest.raises(
        StateError, match="draft or open in order to invite, but this one is closed"
    ):
        require_state(StudyState.CLOSED, StudyState.DRAFT, StudyState.OPEN, doing="invite")


@pytest.mark.parametrize(
    ("given", "used"), [(0, 0), (5, 5), (None, None), (-1, None), (2**31, None)]
)
def test_only_plausible_active_times_are_used(given: int | None, used: int | None) -> None:
    found = usable(Measured(active_ms=given, zooms=given, screen="390x844"))
    assert found == Measured(active_ms=used, zooms=used, screen="390x844")
    assert usable(Measured(screen="<b>wide</b>")).screen is None


def test_no_moment_is_before_its_earliest() -> None:
    later = NOW + timedelta(seconds=1)
    assert not_before(later, NOW) == later
    assert not_before(NOW, later) == later


def test_a_seal_depends_on_content_not_on_order() -> None:
    content = {"a": [1, 0.1], "b": "皮肤"}
    assert seal_of(content) == seal_of(dict(reversed(content.items())))
    assert seal_of(content) != seal_of({**content, "a": [0.1, 1]})


def test_canonical_json_is_one_text() -> None:
    assert canonical_json({"b": "皮", "a": [1, 0.1]}) == '{"a":[1,0.1],"b":"皮"}'
