"""What of a picture on its way in stays in memory: nothing, once it is refused."""

import gc
import weakref

import pytest

from data.images import ImageError
from model.demo import routes
from tests.support.coroutines import finish


class Endless:
    """A request whose body is larger than a picture may be."""

    async def stream(self):
        for _ in range(100):
            yield bytes(1_000)


def test_a_body_that_is_too_large_is_refused_and_forgotten(monkeypatch):
    bodies = []

    class Body(bytearray):
        def __init__(self):
            bodies.append(weakref.ref(self))

    monkeypatch.setattr(routes, "bytearray", Body, raising=False)
    monkeypatch.setattr(routes, "MAX_BYTES", 50_000)

    async def send():
        with pytest.raises(ImageError, match="at most"):
            await routes.Receiving().body(Endless())

    for _ in range(3):
        finish(send())
    gc.collect()
    assert [body() for body in bodies] == [None] * 3
