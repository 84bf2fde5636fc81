"""A picture on its way in: bounded by visitor, bytes and time, and gone once it is refused."""

import asyncio
import gc
import weakref

import pytest

from data.images import ImageError
from model.demo import routes
from model.demo.turns import TurnRefused
from tests.support.coroutines import finish


class Sending:
    """A request whose body has `n` pieces of 1,000 bytes."""

    def __init__(self, n=100, *, seconds=0.0):
        self._n, self._seconds = n, seconds

    async def stream(self):
        for _ in range(self._n):
            yield bytes(1_000)
            await asyncio.sleep(self._seconds)


@pytest.fixture
def receiving():
    return routes.Receiving()


def test_a_body_that_is_too_large_is_refused_and_forgotten(monkeypatch):
    bodies = []

    class Body(bytearray):
        def __init__(self):
            bodies.append(weakref.ref(self))

    monkeypatch.setattr(routes, "bytearray", Body, raising=False)
    monkeypatch.setattr(routes, "MAX_BYTES", 50_000)

    async def send():
        with pytest.raises(ImageError, match="at most"):
            await routes.Receiving().body(Sending())

    for _ in range(3):
        finish(send())
    gc.collect()
    assert [body() for body in bodies] == [None] * 3


def test_a_body_that_fits_comes_whole(receiving):
    assert finish(receiving.body(Sending(3))) == bytes(3_000)


def test_one_visitor_sends_some_pictures_at_once_and_another_is_not_kept(receiving):
    def send(visitor, others):
        with receiving.of(visitor):
            if others:
                send(visitor, others - 1)
            else:
                with receiving.of("another"):
                    pass

    send("one", routes.IN_FLIGHT_OF_ONE - 1)
    with pytest.raises(TurnRefused, match="one after the other"):
        send("one", routes.IN_FLIGHT_OF_ONE)
    # What was refused is no longer on its way.
    send("one", routes.IN_FLIGHT_OF_ONE - 1)


def test_all_visitors_together_send_a_bounded_number_of_bytes(receiving, monkeypatch):
    monkeypatch.setattr(routes, "BYTES_IN_FLIGHT", 50_000)

    async def send_together():
        together = (receiving.body(Sending(30, seconds=0.001)) for _ in range(2))
        return await asyncio.gather(*together, return_exceptions=True)

    assert TurnRefused in map(type, finish(send_together()))
    # Whatever became of them, their bytes are given back.
    for _ in range(3):
        assert len(finish(receiving.body(Sending(30)))) == 30_000


def test_a_picture_that_never_ends_to_come_is_given_up(receiving, monkeypatch):
    monkeypatch.setattr(routes, "RECEIVE_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        finish(receiving.body(Sending(seconds=0.02)))
