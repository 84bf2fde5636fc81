"""What readers may do with answered cases: look back, change the answer, be told the diagnosis."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Answer, Event
from readerstudy.domain import SYSTEM, Actor, Given, Measured, Saved
from readerstudy.domain.errors import AnswerError, StateError
from readerstudy.domain.protocol import Aid, Policies, Protocol
from readerstudy.services.reading import answering, joining, revising
from readerstudy.services.results import results
from readerstudy.services.study import drafts, summaries
from tests.integration.test_protocol import table
from tests.support.making import answer_next, close, make_reader, write_cases, write_predictions

LOOKS_BACK = Protocol(policies=Policies(back=True, revise=True))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    manifest = write_cases(tmp_path, n_cases=4)
    write_predictions(tmp_path / "net.csv", manifest=manifest)
    return tmp_path


def make(db: Database, files: Path, protocol: Protocol) -> Actor:
    drafts.create_study(
        db, actor=SYSTEM, slug="policies", title="Policies", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    manifest = files / "manifest.csv"
    drafts.import_cases(db, actor=SYSTEM, slug="policies", manifest=manifest)
    csv = files / "net.csv"
    drafts.import_predictions(db, actor=SYSTEM, slug="policies", name="net", csv=csv)
    drafts.open_study(db, actor=SYSTEM, slug="policies")
    return make_reader(db, "policies")


def revise(
    db: Database, actor: Actor, case_token: str, answer: str, *, token: str = "revision-1"
) -> Saved:
    return revising.revise_answer(
        db, actor=actor, case_token=case_token, given=Given(answer=answer, confidence=10),
        client_token=token, measured=Measured(active_ms=800),
    )  # fmt: skip


def test_by_default_nobody_looks_back_or_is_told(db: Database, files: Path) -> None:
    actor = make(db, files, Protocol())
    first = answer_next(db, actor)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    assert (case.back, case.reference) == (None, None)
    with pytest.raises(StateError, match="lets nobody look back"):
        revising.earlier_case(db, actor=actor, case_token=first)
    with pytest.raises(StateError, match="lets nobody look back"):
        revise(db, actor, first, "SK")


def test_an_answer_that_is_changed_keeps_the_old_one_and_counts_once(
    db: Database, files: Path
) -> None:
    actor = make(db, files, LOOKS_BACK)
    first, second = answer_next(db, actor), answer_next(db, actor)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    assert case.back == second
    earlier = revising.earlier_case(db, actor=actor, case_token=second)
    assert (earlier.back, earlier.forth, earlier.is_locked) == (first, None, False)
    assert earlier.given == Given(answer="BCC", confidence=60)
    assert earlier.reference is None
    assert revising.earlier_case(db, actor=actor, case_token=first).forth == second
    for _ in range(2):  # the second is a retry
        assert revise(db, actor, first, "SK") == Saved(2, 4)
    revise(db, actor, first, "SK", token="the same answer again")
    with db.reading() as session:
        answers = session.scalars(sa.select(Answer).order_by(Answer.id)).all()
        event = session.scalars(sa.select(Event).where(Event.verb == "revise_answer")).one()
    assert [(a.answer, a.revision, a.active_ms) for a in answers] == [
        ("BCC", 1, 1200), ("BCC", 1, 1200), ("SK", 2, 2000),
    ]  # fmt: skip
    assert (event.old, event.new) == ({"revision": 1}, {"revision": 2})
    assert event.reason == "the reader looked back"
    assert actor.name not in event.actor
    rows = table(db, "policies", "readings.csv")
    assert [(r["answer"], r["changed"]) for r in rows[:2]] == [("SK", "true"), ("BCC", "false")]
    assert results.study_results(db, actor=SYSTEM, slug="policies").meta["n_answers"] == 2
    assert summaries.list_studies(db, actor=SYSTEM)[0].n_answers == 2


def test_a_token_of_another_case_is_refused(db: Database, files: Path) -> None:
    actor = make(db, files, LOOKS_BACK)
    first, second = answer_next(db, actor), answer_next(db, actor)
    with pytest.raises(AnswerError, match="new client token"):
        revise(db, actor, first, "SK", token=f"client-{second}")


def test_only_answered_cases_of_ones_own_and_only_while_open(db: Database, files: Path) -> None:
    actor = make(db, files, LOOKS_BACK)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    with pytest.raises(AnswerError, match="have answered"):
        revising.earlier_case(db, actor=actor, case_token=case.case_token)
    tokens = [answer_next(db, actor) for _ in range(4)]
    assert joining.status(db, actor=actor).back == tokens[-1]
    revise(db, actor, tokens[-1], "SK")
    close(db, "policies")
    with pytest.raises(StateError, match="closed"):
        revise(db, actor, tokens[-1], "BCC", token="too late")
    assert joining.status(db, actor=actor).back is None


def test_the_first_answer_is_locked_once_advice_was_shown(db: Database, files: Path) -> None:
    aid = Aid(design="second-read", model="net")
    actor = make(db, files, Protocol(aid=aid, policies=LOOKS_BACK.policies))
    first = answer_next(db, actor)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    assert case.advice is not None
    assert revising.earlier_case(db, actor=actor, case_token=first).is_locked
    with pytest.raises(AnswerError, match="seen this case again"):
        revise(db, actor, first, "SK")
    aided = answer_next(db, actor)
    revise(db, actor, aided, "SK")


def test_feedback_comes_after_the_last_reading_of_a_case(db: Database, files: Path) -> None:
    aid = Aid(design="second-read", model="net")
    policies = Policies(back=True, feedback="immediate")
    actor = make(db, files, Protocol(aid=aid, policies=policies))
    assert joining.status(db, actor=actor).gives_feedback
    told: list[str | None] = []
    while (case := answering.current_case(db, actor=actor)) is not None:
        assert case.reference is None
        saved = answering.submit_answer(
            db, actor=actor, case_token=case.case_token, given=Given(answer="BCC"),
            client_token=f"c-{case.case_token}", measured=Measured(),
        )  # fmt: skip
        told.append(saved.reference)
        earlier = revising.earlier_case(db, actor=actor, case_token=case.case_token)
        assert (earlier.reference, earlier.is_locked) == (saved.reference, True)
    assert told[0::2] == [None] * 4
    rows = [row for row in table(db, "policies", "readings.csv") if row["arm"] == "aided"]
    assert told[1::2] == [row["truth"] for row in rows]
    assert summaries.list_studies(db, actor=SYSTEM)[0].gives_feedback


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"policies": {"revise": True}}, "revise needs back"),
        (
            {"policies": {"back": True, "revise": True, "feedback": "immediate"}},
            "exclude each other",
        ),
        ({"policies": {"back": True, "revise": True}, "time_limit_s": 30}, "time would be over"),
    ],
)
def test_policies_that_contradict_each_other_are_refused(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Protocol.model_validate(settings)


def test_looking_back_and_repeated_cases_exclude_each_other(db: Database, files: Path) -> None:
    path = files / "manifest.csv"
    head, first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([f"{head},repeat", f"{first},yes", *(f"{r}," for r in rest)]))
    with pytest.raises(StateError, match="no repeated cases"):
        make(db, files, LOOKS_BACK)
