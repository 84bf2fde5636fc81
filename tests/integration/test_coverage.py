"""Which reader has read which case."""

from dataclasses import replace

from readerstudy.db import Database
from readerstudy.domain import SYSTEM, CellState, Coverage
from readerstudy.services.reading import answering
from readerstudy.services.results.coverage import coverage
from readerstudy.services.results.simulation import simulate_readers
from tests.support.making import World, answer_next, make_reader


def test_cells_say_how_far_each_reader_is(db: Database, study: str) -> None:
    reader = make_reader(db, study)
    answer_next(db, reader)
    answering.current_case(db, actor=reader)
    simulate_readers(db, actor=SYSTEM, slug=study, readers=1, seed=1)
    found = coverage(db, actor=SYSTEM, slug=study)
    assert list(found.cases) == [f"case-{number:02d}" for number in range(16)]
    assert sorted(found.cases.values()) == [(0, 1)] * 15 + [(1, 1)]
    mine, simulated = found.cells[:16], found.cells[16:]
    assert mine.count(CellState.ANSWERED) == 1
    assert mine.count(CellState.SHOWN) == 1
    assert mine.count(CellState.PLANNED) == 14
    assert set(simulated) == {CellState.ANSWERED}
    assert [sum(n) for n in zip(*found.by_day.values(), strict=True)] == [1, 16]


def test_a_monitor_sees_numbers_in_place_of_names(world: World) -> None:
    def seen(who: str) -> Coverage:
        return coverage(world.db, actor=world.actors[who], slug="alpha")

    named, numbered = seen("analyst alpha"), seen("monitor alpha")
    assert list(named.cases)[:2] == ["case-00", "case-01"]
    assert list(numbered.cases)[:2] == ["case 1", "case 2"]
    assert list(numbered.cases.values()) == list(named.cases.values())
    assert replace(numbered, cases=named.cases) == named


def test_without_readers_there_is_nothing_to_show(db: Database, study: str) -> None:
    found = coverage(db, actor=SYSTEM, slug=study)
    assert (found.readers, found.cells, found.by_day) == ((), b"", {})
