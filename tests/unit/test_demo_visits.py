"""What the demo remembers: little, briefly, and under keys nobody can guess."""

import numpy as np

from model.demo.visits import Visit, Visits


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def visit(visitor=""):
    blank = np.zeros((2, 2, 3), np.uint8)
    return Visit(visitor, view=blank, fitted={"net": blank}, photo_uri="data:,")


def test_a_visit_is_found_under_its_key_only():
    visits = Visits()
    mine, other = visit(), visit()
    key, other_key = visits.add(mine), visits.add(other)
    assert visits.get(key) is mine
    assert visits.get(other_key) is other
    assert visits.get("") is None
    assert len(key) >= 22


def test_the_oldest_goes_when_there_are_too_many():
    visits = Visits(limit=2)
    keys = [visits.add(visit()) for _ in range(3)]
    assert [visits.get(key) is not None for key in keys] == [False, True, True]


def test_use_keeps_a_visit_alive():
    clock = Clock()
    visits = Visits(keep_seconds=10, clock=clock)
    used, unused = visits.add(visit()), visits.add(visit())
    clock.now = 8
    assert visits.get(used) is not None
    clock.now = 12
    assert visits.get(used) is not None
    assert visits.get(unused) is None
    assert len(visits) == 1


def test_forgetting_is_at_once_and_twice_is_fine():
    visits = Visits()
    key = visits.add(visit())
    visits.forget(key)
    visits.forget(key)
    assert visits.get(key) is None
    assert len(visits) == 0


def test_who_brings_many_pictures_loses_his_own():
    visits = Visits(limit=4, limit_of_one=2)
    other = visits.add(visit("other"))
    mine = [visits.add(visit("me")) for _ in range(5)]
    assert visits.get(other) is not None
    assert [visits.get(key) is not None for key in mine] == [False, False, False, True, True]
