"""One piece of work at a time, and nobody waits for all that another visitor has asked."""

import threading

import pytest

from model.demo.turns import TurnRefused, Turns


class Line:
    """Visitors who wait behind a turn that the test holds."""

    def __init__(self, turns):
        self.turns = turns
        self.served = []
        self.threads = []

    def join(self, visitor):
        def work():
            with self.turns.turn(visitor):
                self.served.append(visitor)

        before = self.waiting()
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.threads.append(thread)
        while self.waiting() == before:
            threading.Event().wait(0.001)

    def waiting(self):
        return sum(map(len, self.turns._waiting.values()))

    def end(self):
        for thread in self.threads:
            thread.join(10)


def test_visitors_take_turns_whatever_each_has_waiting():
    turns = Turns(waiting_of_one=4)
    line = Line(turns)
    with turns.turn("held"):
        for visitor in ("many", "many", "many", "many", "one", "two", "two"):
            line.join(visitor)
    line.end()
    assert line.served == ["many", "one", "two", "many", "two", "many", "many"]


def test_who_has_too_much_waiting_is_turned_away_and_others_are_not():
    turns = Turns(waiting_of_one=2, waiting=4)
    line = Line(turns)
    with turns.turn("held"):
        for visitor in ("many", "many", "one"):
            line.join(visitor)
        with pytest.raises(TurnRefused, match="at most 2"), turns.turn("many"):
            pass
        line.join("two")
        with pytest.raises(TurnRefused, match="Too many visitors"), turns.turn("three"):
            pass
    line.end()
    assert len(line.served) == 4


def test_work_that_fails_gives_the_turn_on():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn("a"):
        _ = 1 / 0
    with turns.turn("b"):
        pass
    assert turns._waiting == {}


def test_only_one_works_at_a_time():
    turns, busy, most = Turns(waiting=50), [], []

    def work(visitor):
        with turns.turn(visitor):
            busy.append(visitor)
            most.append(len(busy))
            busy.pop()

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == [1] * 30
