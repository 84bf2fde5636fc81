"""The reader's way through a study, in the order in which it is gone."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data.images import decode
from data.taxonomy import DEMO8
from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.tables import Answer, Assignment, Consent, Invitation, Study
from readerstudy.domain import SYSTEM, Actor, Given, Measured, Saved, Stage
from readerstudy.domain.consent import DEFAULT_CONSENT
from readerstudy.domain.errors import (
    AlreadyAnswered,
    AnswerError,
    InvitationError,
    NotFoundError,
    StateError,
    StudyError,
)
from readerstudy.domain.protocol import Protocol, Questions
from readerstudy.services import accounts
from readerstudy.services.reading import answering, joining
from readerstudy.services.study import drafts, summaries
from tests.support.making import answer_next, close, make_reader

N_CASES = 16


def submit(db: Database, actor: Actor, **changes: object) -> Saved:
    case = answering.current_case(db, actor=actor)
    sent = {
        "case_token": case.case_token if case else "",
        "client_token": "token-1",
        "active_ms": 900,
        "answer": "BCC",
        "confidence": 70,
        **changes,
    }
    given = Given(**{f.name: sent.pop(f.name) for f in fields(Given) if f.name in sent})
    measured = Measured(active_ms=sent.pop("active_ms"))
    return answering.submit_answer(db, actor=actor, given=given, measured=measured, **sent)


def stored(db: Database) -> list[Answer]:
    with db.reading() as session:
        return list(session.scalars(sa.select(Answer)))


def test_the_way_from_link_to_thank_you(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    view = joining.look_up_invitation(db, token=link)
    assert (view.study_title, view.n_cases, view.is_accepted) == ("Study alpha", N_CASES, False)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    assert joining.status(db, actor=actor).stage is Stage.CONSENT
    joining.give_consent(db, actor=actor, version="2")
    assert joining.status(db, actor=actor).stage is Stage.PROFILE
    joining.save_profile(db, actor=actor, profile={"country": "China"})
    for position in range(1, N_CASES + 1):
        case = answering.current_case(db, actor=actor)
        assert case is not None
        assert (case.position, case.total, len(case.options)) == (position, N_CASES, 8)
        saved = submit(db, actor, case_token=case.case_token, client_token=f"t{position}")
        assert saved == Saved(position, N_CASES)
    assert joining.status(db, actor=actor).stage is Stage.DONE
    assert answering.current_case(db, actor=actor) is None


@pytest.mark.parametrize(("language", "text"), [("en", "text"), ("zh", "text_zh")])
def test_the_proof_of_consent_is_the_hash_of_what_was_shown(
    db: Database, study: str, language: str, text: str
) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    shown = joining.status(db, actor=actor, language=language)
    assert (shown.consent_language, shown.consent_text) == (
        language,
        getattr(DEFAULT_CONSENT, text),
    )
    joining.give_consent(db, actor=actor, version="2", language=language)
    with db.reading() as session:
        given = session.scalars(sa.select(Consent)).one()
    digest = hashlib.sha256(shown.consent_text.encode()).hexdigest()
    assert (given.version, given.language, given.text_sha256) == ("2", language, digest)


def test_a_study_with_english_alone_shows_and_takes_english(db: Database, study: str) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Study).values(consent_text_zh=None))
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    assert joining.status(db, actor=actor, language="zh").consent_language == "en"
    with pytest.raises(StudyError, match="reload"):
        joining.give_consent(db, actor=actor, version="2", language="zh")


def test_the_link_signs_the_same_reader_in_on_another_device(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    sessions = [joining.accept_invitation(db, token=link) for _ in range(2)]
    assert sessions[0] != sessions[1]
    first, second = (accounts.actor_for(db, token=token) for token in sessions)
    assert first == second
    assert len(summaries.progress(db, actor=SYSTEM, slug=study)) == 1
    assert joining.look_up_invitation(db, token=link).is_accepted


def test_another_device_resumes_at_the_same_case(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    joining.give_consent(db, actor=actor, version="2")
    joining.save_profile(db, actor=actor, profile={})
    answer_next(db, actor)
    here = answering.current_case(db, actor=actor)
    other = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert other is not None
    assert answering.current_case(db, actor=other) == here


def test_readers_get_their_own_stored_orders(db: Database, study: str) -> None:
    readers = [make_reader(db, study) for _ in range(3)]
    with db.reading() as session:
        orders = [
            session.scalars(
                sa.select(Assignment.case_id)
                .where(Assignment.reader_id == reader.reader_id)
                .order_by(Assignment.position)
            ).all()
            for reader in readers
        ]
    assert len({tuple(order) for order in orders}) == 3
    assert len({frozenset(order) for order in orders}) == 1


def test_the_case_was_shown_when_it_was_first_shown(
    db: Database, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2030, 1, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: start)
    first = answering.current_case(db, actor=reader)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=5))
    assert answering.current_case(db, actor=reader) == first
    submit(db, reader)
    [answer] = stored(db)
    assert (answer.shown_at, answer.answered_at) == (start, start + timedelta(minutes=5))


def test_a_clock_set_back_does_not_cost_the_answer(
    db: Database, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = datetime(2030, 1, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: shown)
    answering.current_case(db, actor=reader)
    monkeypatch.setattr(clock, "now", lambda: shown - timedelta(hours=1))
    submit(db, reader)
    [answer] = stored(db)
    assert answer.answered_at == answer.shown_at == shown


def test_the_same_client_token_is_the_same_answer(db: Database, reader: Actor) -> None:
    case = answering.current_case(db, actor=reader)
    assert case is not None
    first = submit(db, reader, case_token=case.case_token)
    again = submit(db, reader, case_token=case.case_token)
    assert first == again == Saved(1, N_CASES)
    assert len(stored(db)) == 1


def test_a_second_different_answer_is_refused_with_what_stands(db: Database, reader: Actor) -> None:
    case = answering.current_case(db, actor=reader)
    assert case is not None
    submit(db, reader, case_token=case.case_token)
    with pytest.raises(AlreadyAnswered, match="BCC") as caught:
        submit(db, reader, case_token=case.case_token, answer="SK", client_token="other")
    assert caught.value.saved == Saved(1, N_CASES)
    assert [answer.answer for answer in stored(db)] == ["BCC"]


def test_a_client_token_serves_one_case_only(db: Database, reader: Actor) -> None:
    submit(db, reader)
    with pytest.raises(AnswerError, match="client token"):
        submit(db, reader)
    assert len(stored(db)) == 1


def test_another_readers_client_token_is_refused(db: Database, study: str, reader: Actor) -> None:
    submit(db, reader)
    with pytest.raises(AnswerError, match="client token"):
        submit(db, make_reader(db, study))


@pytest.mark.parametrize("token", ["one token", None])
def test_concurrent_submissions_make_one_answer(
    db: Database, reader: Actor, token: str | None
) -> None:
    """A double click sends one token twice; two open tabs send two tokens."""
    case = answering.current_case(db, actor=reader)
    assert case is not None
    saved: list[Saved] = []

    def click(number: int) -> None:
        client_token = token or f"tab-{number}"
        saved.append(submit(db, reader, case_token=case.case_token, client_token=client_token))

    in_parallel(click, range(8))
    assert saved == [Saved(1, N_CASES)] * 8
    assert len(stored(db)) == 1


def test_of_different_answers_at_once_one_stands(db: Database, reader: Actor) -> None:
    case = answering.current_case(db, actor=reader)
    assert case is not None
    refused: list[str] = []

    def click(code: str) -> None:
        try:
            submit(db, reader, case_token=case.case_token, client_token=code, answer=code)
        except AlreadyAnswered:
            refused.append(code)

    in_parallel(click, [option.code for option in case.options])
    [answer] = stored(db)
    assert sorted([*refused, answer.answer]) == sorted(option.code for option in case.options)


def test_a_link_opened_twice_at_once_makes_one_reader(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    in_parallel(lambda _: joining.accept_invitation(db, token=link), range(8))
    assert len(summaries.progress(db, actor=SYSTEM, slug=study)) == 1


def in_parallel(work: Callable[[Any], object], items: Iterable[object]) -> None:
    with ThreadPoolExecutor(max_workers=20) as pool:
        list(pool.map(work, items))


def test_twenty_readers_at_once_lose_nothing(db: Database, study: str) -> None:
    readers = [make_reader(db, study) for _ in range(20)]

    def read(actor: Actor) -> None:
        for _ in range(4):
            answer_next(db, actor)

    in_parallel(read, readers)
    progress = summaries.progress(db, actor=SYSTEM, slug=study)
    assert [reader.answered for reader in progress] == [4] * 20
    assert len(stored(db)) == 80


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answer": "MEL"}, "BCC, SK, MN"),
        ({"answer": ""}, "one of"),
        ({"confidence": 101}, "0 to 100"),
        ({"confidence": -1}, "0 to 100"),
        ({"client_token": ""}, "client token"),
        ({"client_token": "x" * 81}, "client token"),
    ],
)
def test_refuses_answers_the_study_does_not_take(
    db: Database, reader: Actor, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(AnswerError, match=said):
        submit(db, reader, **changes)
    assert stored(db) == []


@pytest.mark.parametrize("active_ms", [-5, 10**12, None])
def test_a_nonsensical_active_time_does_not_cost_the_answer(
    db: Database, reader: Actor, active_ms: int | None
) -> None:
    submit(db, reader, active_ms=active_ms)
    assert [answer.active_ms for answer in stored(db)] == [None]


def test_a_case_cannot_be_answered_before_it_is_shown(db: Database, reader: Actor) -> None:
    """Only the image of the next one may be fetched beforehand."""
    with db.reading() as session:
        tokens = session.scalars(
            sa.select(Assignment.token)
            .where(Assignment.reader_id == reader.reader_id)
            .order_by(Assignment.position)
        ).all()
    with pytest.raises(AnswerError, match="reload"):
        answering.case_image(db, actor=reader, case_token=tokens[1])
    with pytest.raises(AnswerError, match="reload"):
        submit(db, reader, case_token=tokens[1])
    shown = answering.current_case(db, actor=reader)
    assert shown is not None
    assert (shown.case_token, shown.preload) == (tokens[0], tokens[1])
    assert answering.case_image(db, actor=reader, case_token=tokens[1])
    with pytest.raises(AnswerError, match="reload"):
        answering.case_image(db, actor=reader, case_token=tokens[2])
    assert stored(db) == []


def test_another_readers_case_is_unknown(db: Database, study: str, reader: Actor) -> None:
    case = answering.current_case(db, actor=make_reader(db, study))
    assert case is not None
    with pytest.raises(NotFoundError):
        submit(db, reader, case_token=case.case_token)
    with pytest.raises(NotFoundError):
        answering.case_image(db, actor=reader, case_token=case.case_token)


def test_the_image_is_the_case_without_its_name(db: Database, reader: Actor) -> None:
    case = answering.current_case(db, actor=reader)
    assert case is not None
    content = answering.case_image(db, actor=reader, case_token=case.case_token)
    assert decode(content).shape == (16, 24, 3)
    assert b"case-" not in content


def test_no_answer_before_consent_and_profile(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    assert answering.current_case(db, actor=actor) is None
    with pytest.raises(StateError, match="consent"):
        joining.save_profile(db, actor=actor, profile={})
    with pytest.raises(StudyError, match="version 2"):
        joining.give_consent(db, actor=actor, version="0")


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({"name": "Ada"}, "field 'name'"),
        ({"profession": "witch"}, "dermatologist"),
        ({"country": "x" * 61}, "at most 60"),
    ],
)
def test_refuses_profiles_outside_the_form(
    db: Database, reader: Actor, profile: dict[str, str], said: str
) -> None:
    with pytest.raises(StudyError, match=said):
        joining.save_profile(db, actor=reader, profile=profile)


def test_a_profile_can_be_mended_until_the_first_answer(db: Database, reader: Actor) -> None:
    joining.save_profile(db, actor=reader, profile={"profession": "nurse"})
    submit(db, reader)
    with pytest.raises(StateError, match="before the first answer"):
        joining.save_profile(db, actor=reader, profile={"profession": "student"})


def test_nothing_is_read_after_closing_but_a_retry_learns_it_was_saved(
    db: Database, study: str, reader: Actor
) -> None:
    done = answer_next(db, reader)
    open_case = answering.current_case(db, actor=reader)
    assert open_case is not None
    close(db, study)
    assert joining.status(db, actor=reader).stage is Stage.CLOSED
    assert answering.current_case(db, actor=reader) is None
    with pytest.raises(StateError, match="closed"):
        submit(db, reader, case_token=open_case.case_token, client_token="late")
    with pytest.raises(StateError, match="closed"):
        answering.case_image(db, actor=reader, case_token=done)
    again = submit(db, reader, case_token=done, client_token=f"client-{done}")
    assert again == Saved(1, N_CASES)


@pytest.mark.parametrize("token", ["", "unknown"])
def test_an_unknown_link_says_so(db: Database, study: str, token: str) -> None:
    for verb in (joining.look_up_invitation, joining.accept_invitation):
        with pytest.raises(InvitationError, match="whole link"):
            verb(db, token=token)


def test_an_expired_link_says_so(db: Database, study: str) -> None:
    [link] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    with db.transaction() as session:
        session.execute(sa.update(Invitation).values(expires_at=clock.now()))
    with pytest.raises(InvitationError, match="expired"):
        joining.accept_invitation(db, token=link)


def test_a_study_without_confidence_takes_none(db: Database, manifest: Path) -> None:
    drafts.create_study(
        db,
        actor=SYSTEM,
        slug="plain",
        title="Plain",
        taxonomy=DEMO8,
        synthetic=False,
        protocol=Protocol(questions=Questions(confidence=False)),
    )
    drafts.import_cases(db, actor=SYSTEM, slug="plain", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="plain")
    actor = make_reader(db, "plain")
    with pytest.raises(AnswerError, match="no confidence"):
        submit(db, actor)
    assert submit(db, actor, confidence=None) == Saved(1, N_CASES)


def test_no_query_for_a_reader_touches_the_reference_or_a_model(
    db: Database, study: str, reader: Actor
) -> None:
    seen: list[str] = []
    with db.connect() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    joining.status(db, actor=reader)
    token = answer_next(db, reader)
    answering.case_image(db, actor=reader, case_token=token)
    assert seen
    hidden = ("reference_standards", "predictions", "models")
    assert not [statement for statement in seen if any(word in statement for word in hidden)]


def test_a_protocol_is_parsed_once_for_one_case(
    db: Database, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    real = Protocol.model_validate
    monkeypatch.setattr(
        Protocol, "model_validate", lambda stored: parsed.append(stored) or real(stored)
    )
    answering.current_case(db, actor=reader)
    assert len(parsed) == 1
