"""How many connections are open, and for how long a client may owe us something.

Sized for 300 readers behind one address: an open page holds two event streams, and a browser opens
at most six connections to one host.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import h11
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from readerstudy.domain.throttling import network_of
from readerstudy.ui.plain_page import caller_network

BACKLOG = 128  # so many are accepted at once, before any of them can be refused
_MOST = 4096
# The database, logs, uploads and threads need some, and so does one backlog.
_OTHER_DESCRIPTORS = 256 + BACKLOG
_HEAD_SECONDS = 10.0
_STALL_SECONDS = 30.0
_MIN_BODY_BYTES = 10_000  # in _STALL_SECONDS: slower than any line that could carry a page
_RETRY = {"Retry-After": "5"}
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


@dataclass(frozen=True)
class Limits:
    """`per_address` is a half: nobody alone fills the house, and a hospital behind one fits."""

    total: int
    proxies: Sequence[str] = ()

    @property
    def per_address(self) -> int:
        return self.total // 2

    def is_proxy(self, address: str) -> bool:
        """All visitors come from there; the proxy counts them, and `Shares` counts its word."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in ip_network(proxy, strict=False) for proxy in self.proxies)


def limits_here(proxies: Sequence[str]) -> Limits:
    """Raises the number of files this process may open, and stays below it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _OTHER_DESCRIPTORS
    if resource.RLIM_INFINITY not in (soft, hard):
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return Limits(max(16, min(_MOST, wanted - _OTHER_DESCRIPTORS)), proxies)


class Shares:
    """At most `per_address` requests of one address at a time; behind a proxy, of one visitor."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        network = caller_network(Request(scope))
        if self._open[network] >= self._limits.per_address:
            words = {"detail": "Too many requests of one address are open; try again soon."}
            await JSONResponse(words, 503, headers=_RETRY)(scope, receive, send)
            return
        self._open[network] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            _count_down(self._open, network)


class Door:
    """Who is inside. When it is full, whoever says nothing for longest makes way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inside: dict[Connection, str] = {}
        self._count: Counter[str] = Counter()
        self._silent: dict[Connection, None] = {}  # who has no request under way, oldest first

    def takes(self, connection: "Connection") -> bool:
        address = connection.client[0] if connection.client else ""
        network = network_of(address)
        own = self._count[network] >= self._limits.per_address
        if own and not self._limits.is_proxy(address):
            if not self._dismiss(lambda other: self._inside[other] == network):
                return False
        elif len(self._inside) >= self._limits.total and not self._dismiss(lambda _: True):
            return False
        self._inside[connection] = network
        self._count[network] += 1
        return True

    def leave(self, connection: "Connection") -> None:
        self._silent.pop(connection, None)
        if connection in self._inside:
            _count_down(self._count, self._inside.pop(connection))

    def note(self, connection: "Connection", *, is_silent: bool) -> None:
        self._silent.pop(connection, None)
        if is_silent:
            self._silent[connection] = None

    def _dismiss(self, may_go: Callable[["Connection"], bool]) -> bool:
        found = next(filter(may_go, self._silent), None)
        if found is not None:
            self.leave(found)
            found.transport.abort()
        return found is not None


class Connection(H11Protocol):
    """Ends when the head of a request, the rest of its body or our answer gets stuck.

    uvicorn itself waits for all three without end.
    """

    door: Door
    _owed: object = None
    _due: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.door.takes(self):
            self._look()
        else:
            transport.write(_FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._due, self._unread):
            if timer:
                timer.cancel()
        self.door.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._received += self._worth(len(data))
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(_STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread:
            self._unread.cancel()

    def _look(self) -> None:
        """What the client owes now, and by when."""
        if self.transport.is_closing() or self.conn.their_state is self._owed:
            return
        self._owed = self.conn.their_state
        self.door.note(self, is_silent=self._owed is h11.IDLE)
        if self._due:
            self._due.cancel()
        if self._owed is h11.IDLE:
            self._due = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)
        elif self._owed is h11.SEND_BODY:
            self._await_body()

    def _await_body(self) -> None:
        self._received = self._worth(0)
        self._due = self.loop.call_later(_STALL_SECONDS, self._check_body)

    def _check_body(self) -> None:
        if self._worth(self._received) < _MIN_BODY_BYTES:
            self.transport.abort()
        else:
            self._await_body()

    def _worth(self, n_bytes: int) -> int:
        """While it is we who do not read, or have not said "continue", nothing is owed."""
        is_ours = self.flow.read_paused or (self.cycle and self.cycle.waiting_for_100_continue)
        return _MIN_BODY_BYTES if is_ours else n_bytes


def connection_class(limits: Limits) -> type[Connection]:
    """What uvicorn makes a connection from; all of one server share a door."""
    return type("DoorConnection", (Connection,), {"door": Door(limits)})


def _count_down(count: Counter[str], key: str) -> None:
    count[key] -= 1
    if not count[key]:
        del count[key]
