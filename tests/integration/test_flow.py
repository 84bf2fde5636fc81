"""Who came how far, counted once."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Reader
from readerstudy.domain import SYSTEM, Actor, Withdrawal
from readerstudy.domain.protocol import Analysis, Protocol
from readerstudy.services.reading import answering
from readerstudy.services.results.reader_flow import TOO_FEW, flow, left_out
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.study import drafts
from tests.support.making import answer_next, make_reader


def test_people_are_counted_step_by_step_and_simulated_readers_apart(
    db: Database, study: str
) -> None:
    drafts.invite(db, actor=SYSTEM, slug=study, count=2)
    make_reader(db, study)
    started = make_reader(db, study)
    answering.current_case(db, actor=started)
    done = make_reader(db, study)
    while answering.current_case(db, actor=done):
        answer_next(db, done)
    simulate_readers(db, actor=SYSTEM, slug=study, readers=4, seed=1)
    found = flow(db, actor=SYSTEM, slug=study)
    assert (found.invited, found.accepted, found.consented) == (5, 3, 3)
    assert (found.started, found.completed, found.analysed) == (2, 1, 2)
    assert (found.simulated, found.excluded, found.withdrawn) == (4, {}, {})


def test_the_excluded_and_the_withdrawn_are_not_analysed(db: Database, manifest: Path) -> None:
    protocol = Protocol(analysis=Analysis(min_answered=0.5))
    drafts.create_study(
        db, actor=SYSTEM, slug="rules", title="Rules", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="rules", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="rules")
    make_reader(db, "rules")  # never starts, so that no rule leaves this person out
    for n_answers in (1, 9, 9):
        reader = make_reader(db, "rules")
        for _ in range(n_answers):
            answer_next(db, reader)
    withdraw(db, reader)
    found = flow(db, actor=SYSTEM, slug="rules")
    assert found.excluded == {TOO_FEW: 1}
    _, why = left_out(db, actor=SYSTEM, slug="rules")
    assert "answered 1 of 16 cases, below 50%" in why.values()
    assert found.withdrawn == {Withdrawal.DELETE: 1}
    assert (found.accepted, found.started, found.analysed) == (4, 3, 1)


def withdraw(db: Database, reader: Actor) -> None:
    """What is stored of it alone: the answers are another matter."""
    values = {"withdrawn_at": datetime(2026, 1, 2, tzinfo=UTC), "withdrawal": Withdrawal.DELETE}
    with db.transaction() as session:
        session.execute(sa.update(Reader).where(Reader.id == reader.reader_id).values(values))
