"""The process dies between two answers: what was said to be saved is saved, and nothing twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from readerstudy.db import Database
from readerstudy.db.tables import Answer
from readerstudy.domain import SYSTEM, Actor
from readerstudy.services.study import summaries
from tests.support.making import answer_next, make_reader

ROOT = Path(__file__).resolve().parents[2]
N_READERS = 8
KILL_AFTER = 60

# Answers for ever, many times faster than a person; each line is printed after the commit.
SCRIPT = """
import sys
from readerstudy.db import Database
from readerstudy.domain import Actor, Given, Measured, Role
from readerstudy.services.reading import answering

db = Database(sys.argv[1])
for reader_id in map(int, sys.argv[2:]):
    actor = Actor(role=Role.READER, reader_id=reader_id)
    while (case := answering.current_case(db, actor=actor)) is not None:
        token = f"client-{case.case_token}"
        answering.submit_answer(
            db, actor=actor, case_token=case.case_token, given=Given(answer="BCC"),
            client_token=token, measured=Measured(),
        )
        print("saved", token, flush=True)
"""


@pytest.fixture
def backend() -> str:
    """What a killed client leaves in a PostgreSQL server is the server's own business."""
    return "sqlite"


@pytest.fixture
def readers(db: Database, study: str) -> list[Actor]:
    return [make_reader(db, study) for _ in range(N_READERS)]


def test_a_killed_process_has_kept_every_answer_it_confirmed(
    db: Database, study: str, readers: list[Actor]
) -> None:
    printed = answer_until_killed(db, readers)
    assert len(printed) >= KILL_AFTER
    with db.reading() as session:
        kept = session.scalars(sa.select(Answer.client_token)).all()
        cells = session.execute(sa.select(Answer.reader_id, Answer.case_id)).all()
        verdict = session.execute(sa.text("PRAGMA integrity_check")).scalar()
    assert set(printed) <= set(kept)
    # At most the one answer that was committed while the process died before it could say so.
    assert len(kept) - len(printed) in (0, 1)
    assert len(set(cells)) == len(cells)
    assert verdict == "ok"


def test_readers_go_on_where_the_crash_left_them(
    db: Database, study: str, readers: list[Actor]
) -> None:
    answer_until_killed(db, readers)
    before = {p.code: p.answered for p in summaries.progress(db, actor=SYSTEM, slug=study)}
    assert 0 < sum(before.values()) < N_READERS * 16
    last = readers[-1]
    for _ in range(16 - before[last.name]):
        answer_next(db, last, "SK")
    after = {p.code: p.answered for p in summaries.progress(db, actor=SYSTEM, slug=study)}
    assert after == {**before, last.name: 16}


def answer_until_killed(db: Database, readers: list[Actor]) -> list[str]:
    """Client tokens that the process printed as saved before SIGKILL."""
    ids = [str(reader.reader_id) for reader in readers]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, db.url.render_as_string(), *ids],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(KILL_AFTER)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    # The last line may have been cut in two.
    return [line.split()[1] for line in lines if line.startswith("saved ") and line[-1] == "\n"]
