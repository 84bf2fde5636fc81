"""What is left of a reader who withdrew: every table, every column, and the file itself."""

import re
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Reader
from readerstudy.domain import SYSTEM, Actor, Withdrawal
from readerstudy.domain.protocol import Policies, Protocol, Readers
from readerstudy.services.reading import own_data
from readerstudy.services.study import drafts, trail
from tests.integration.test_policies import revise
from tests.support.making import answer_next, make_reader

Cell = tuple[str, str, str]
# Classes that nobody else answers.
GIVEN, CHANGED = "DF", "VW"


def cells(db: Database) -> "Counter[Cell]":
    """Table, column and text of every value that the database holds."""
    found: Counter[Cell] = Counter()
    with db.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                found.update((table.name, name, str(value)) for name, value in row.items())
    return found


def holding(db: Database, *texts: str) -> "Counter[Cell]":
    words = re.compile(rf"(?<![\w-])({'|'.join(texts)})(?![\w-])")
    return Counter({cell: n for cell, n in cells(db).items() if words.search(cell[2])})


def opened(db: Database, manifest: Path, rule: Withdrawal) -> None:
    """A study whose readers may change answers; one reader stays in it."""
    protocol = Protocol(
        policies=Policies(back=True, revise=True), readers=Readers(withdrawal=rule.value)
    )
    drafts.create_study(
        db, actor=SYSTEM, slug="traces", title="Traces", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="traces", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="traces")
    stays = make_reader(db, "traces")
    revise(db, stays, answer_next(db, stays, "BCC"), "SK", token="of who stays")


def reads(db: Database) -> tuple[Actor, str]:
    """And the token in the addresses of a case's pictures."""
    actor = make_reader(db, "traces")
    token = answer_next(db, actor, GIVEN)
    revise(db, actor, token, CHANGED)
    return actor, token


@pytest.mark.parametrize("rule", list(Withdrawal))
def test_no_code_and_no_answer_of_a_withdrawn_reader_stays(
    db: Database, manifest: Path, rule: Withdrawal
) -> None:
    opened(db, manifest, rule)
    before = holding(db, GIVEN, CHANGED)
    actor, token = reads(db)
    assert holding(db, actor.name)
    assert ("assignments", "token", token) in cells(db)
    own_data.withdraw(db, actor=actor)
    assert not holding(db, actor.name)
    assert ("assignments", "token", token) not in cells(db)
    left = holding(db, GIVEN, CHANGED) - before
    kept = {("answers", "answer", GIVEN): 1, ("answers", "answer", CHANGED): 1}
    assert left == (kept if rule is Withdrawal.ANONYMISE else {})
    if db.path is not None:
        with db.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        assert actor.name.encode() not in db.path.read_bytes()


def test_the_trail_knows_readers_by_code_only_as_long_as_they_take_part(
    db: Database, manifest: Path
) -> None:
    opened(db, manifest, Withdrawal.ANONYMISE)
    actor, _ = reads(db)
    [named] = [e for e in events(db, "revise_answer") if e.actor == f"reader:{actor.name}"]
    assert named.actor in trail.trail_csv(db, actor=SYSTEM, slug="traces")
    own_data.withdraw(db, actor=actor)
    with db.reading() as session:
        codes = set(session.scalars(sa.select(Reader.code)))
    after = [e.actor.removeprefix("reader:") for e in events(db, "revise_answer")]
    assert [name in codes for name in after] == [False, True]
    assert [e.actor for e in events(db, "withdraw")] == ["reader:"]


def events(db: Database, verb: str) -> list[trail.TrailEvent]:
    found = trail.trail(db, actor=SYSTEM, slug="traces", most=None).events
    return [event for event in found if event.verb == verb]
