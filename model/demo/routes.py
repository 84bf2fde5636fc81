"""The demo's own door: the body of a request is the picture, and the answer is a handle.

No name, path or address comes in, so that nothing that a visitor sends can name a file here.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from data.images import MAX_BYTES, ImageError
from model.demo.intake import Intake
from model.demo.turns import WAITING, TurnRefused

PREFIX = "/demo-api"
RECEIVE_SECONDS = 60
# Bytes of pictures that are on their way in, of all visitors together.
BYTES_IN_FLIGHT = 10 * MAX_BYTES
IN_FLIGHT_OF_ONE = 4
_RETRY = {"Retry-After": "5"}


def demo_routes(intake: Intake, *, visitor_of: Callable[[Request], str]) -> APIRouter:
    """`PUT /demo-api/picture` and `POST /demo-api/example/{number}`; see `build_demo`."""
    router = APIRouter(prefix=PREFIX)
    receiving = Receiving()
    # Their own threads: whoever waits for a turn must not hold those of the reader study.
    threads = CapacityLimiter(WAITING + 1)

    @router.put("/picture")
    async def picture(request: Request) -> Response:
        visitor = visitor_of(request)
        try:
            with receiving.of(visitor):
                content = await receiving.body(request)
                take = partial(intake.take_picture, content, visitor=visitor)
                handle = await run_sync(take, limiter=threads)
        except TurnRefused as error:
            return _refused(str(error), status=429)
        except ImageError as error:
            return _refused(str(error), status=422)
        except TimeoutError:
            return _refused(
                f"Expected the whole picture within {RECEIVE_SECONDS} s, but it did not come; "
                "send a smaller one, or try a faster connection.",
                status=408,
            )
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        return JSONResponse({"handle": handle})

    @router.post("/example/{number}")
    async def example(request: Request, number: int) -> Response:
        take = partial(intake.take_example, number, visitor=visitor_of(request))
        try:
            handle = await run_sync(take, limiter=threads)
        except TurnRefused as error:
            return _refused(str(error), status=429)
        if handle is None:
            return _refused("There is no such example.", status=404)
        return JSONResponse({"handle": handle})

    return router


class Receiving:
    """What is on its way in: bounded by visitor, by bytes and by time."""

    def __init__(self) -> None:
        self._by_visitor: Counter[str] = Counter()
        self._bytes = 0

    @contextmanager
    def of(self, visitor: str) -> Iterator[None]:
        """Raises TurnRefused for a visitor who is sending many already."""
        if self._by_visitor[visitor] >= IN_FLIGHT_OF_ONE:
            raise TurnRefused(
                f"Expected at most {IN_FLIGHT_OF_ONE} pictures of one visitor at once, but more "
                "came; send one after the other."
            )
        self._by_visitor[visitor] += 1
        try:
            yield
        finally:
            self._by_visitor[visitor] -= 1
            self._by_visitor += Counter()  # drops those that have none left

    async def body(self, request: Request) -> bytes:
        """The whole body. Raises ImageError, TurnRefused or TimeoutError as soon as it can."""
        content = bytearray()
        try:
            async with asyncio.timeout(RECEIVE_SECONDS):
                async for piece in request.stream():
                    self._bytes += len(piece)
                    content += piece
                    if len(content) > MAX_BYTES:
                        raise ImageError(
                            f"Expected at most {MAX_BYTES // 1_000_000} MB, but this file has "
                            "more; save it smaller or as JPEG."
                        )
                    if self._bytes > BYTES_IN_FLIGHT:
                        raise TurnRefused("Too many pictures arrive just now; try again soon.")
        finally:
            self._bytes -= len(content)
        return bytes(content)


def _refused(sentence: str, *, status: int) -> Response:
    headers = _RETRY if status == 429 else None
    return JSONResponse({"detail": sentence}, status_code=status, headers=headers)
