"""Where a visitor's picture is read, and on whose threads it waits."""

import asyncio
import threading

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI

from data.images import ImageError, encode
from model.demo import intake
from model.demo.intake import Intake
from model.demo.routes import demo_routes
from model.demo.turns import WAITING
from model.demo.visits import Visits
from tests.support.coroutines import finish
from tests.support.model_world import noise


def test_a_strangers_picture_is_never_decoded_in_the_server(monkeypatch):
    """An own example may be: it comes with the program."""

    def decode(_):
        raise AssertionError("decoded here")

    monkeypatch.setattr(intake, "decode", decode)
    taken = Intake([], Visits(), examples=())
    assert taken.take_picture(encode(noise(60, 80)), visitor="somebody")
    with pytest.raises(ImageError):
        taken.take_picture(b"no picture", visitor="somebody")


class Slow:
    """An intake that is at work on each picture until it is told."""

    def __init__(self):
        self.at_work, self.go_on = 0, threading.Event()

    def take_picture(self, *_, **__):
        self.at_work += 1
        assert self.go_on.wait(20)
        return "handle"


def test_waiting_pictures_hold_none_of_the_threads_of_the_quiz():
    slow = Slow()
    app = FastAPI()
    app.include_router(demo_routes(slow, visitor_of=lambda request: request.headers["visitor"]))

    async def send_all():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://demo", timeout=30
        ) as client:
            sent = [
                asyncio.create_task(
                    client.put("/demo-api/picture", content=b"x", headers={"visitor": str(n)})
                )
                for n in range(WAITING)
            ]
            while slow.at_work < WAITING:  # noqa: ASYNC110 -- told from other threads
                await asyncio.sleep(0.01)
            borrowed = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
            slow.go_on.set()
            return borrowed, [(await answer).status_code for answer in sent]

    assert finish(send_all()) == (0, [200] * WAITING)
