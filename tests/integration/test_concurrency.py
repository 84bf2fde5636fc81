"""Many at once: no answer is lost, none is stored twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa

from readerstudy.db import Database
from readerstudy.db.tables import Answer
from readerstudy.domain import Actor, Given, Measured, Saved
from readerstudy.domain.errors import RetryError
from readerstudy.services.reading import answering
from tests.support.making import make_reader

N_THREADS = 20
N_EACH = 4


def save(db: Database, actor: Actor) -> Saved:
    """As the page does: until the server says that it is saved, and once more for good measure."""
    case = answering.current_case(db, actor=actor)
    assert case is not None
    for _ in range(50):
        try:
            saved = [
                answering.submit_answer(
                    db,
                    actor=actor,
                    case_token=case.case_token,
                    given=Given(answer="BCC", confidence=50),
                    client_token=f"c-{case.case_token}",
                    measured=Measured(active_ms=5),
                )
                for _ in range(2)
            ]
        except RetryError:
            continue
        return saved[-1]
    raise AssertionError("never saved")


def test_twenty_readers_who_answer_at_once_lose_nothing(db: Database, study: str) -> None:
    readers = [make_reader(db, study) for _ in range(N_THREADS)]
    together = Barrier(N_THREADS)

    def read(actor: Actor) -> list[int]:
        together.wait()
        return [save(db, actor).answered for _ in range(N_EACH)]

    with ThreadPoolExecutor(N_THREADS) as pool:
        counted = list(pool.map(read, readers))
    assert counted == [list(range(1, N_EACH + 1))] * N_THREADS
    assert stored(db) == {reader.reader_id: N_EACH for reader in readers}


def test_one_answer_sent_by_twenty_threads_is_one_answer(db: Database, study: str) -> None:
    actor = make_reader(db, study)
    together = Barrier(N_THREADS)
    case = answering.current_case(db, actor=actor)
    assert case is not None

    def send(_: int) -> int:
        together.wait()
        for _ in range(50):
            try:
                return answering.submit_answer(
                    db,
                    actor=actor,
                    case_token=case.case_token,
                    given=Given(answer="SK"),
                    client_token="the-one-token",
                    measured=Measured(),
                ).answered
            except RetryError:
                continue
        raise AssertionError("never saved")

    with ThreadPoolExecutor(N_THREADS) as pool:
        assert list(pool.map(send, range(N_THREADS))) == [1] * N_THREADS
    assert stored(db) == {actor.reader_id: 1}


def stored(db: Database) -> dict[int | None, int]:
    with db.reading() as session:
        return Counter(session.scalars(sa.select(Answer.reader_id)))
