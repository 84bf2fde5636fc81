"""Connections that say nothing, or too slowly, or are too many, from real sockets."""

import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.live import free_port
from tests.support.small_server import HEAD, STALL

ROOT = Path(__file__).resolve().parents[2]
REQUEST = "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n"
TOTAL, PER_ADDRESS = 640, 320  # what 1,024 descriptors leave
SILENT = 1_100


@dataclass
class Small:
    port: int
    log: Path

    def connect(self, source="127.0.0.1", said=""):
        made = socket.create_connection(("127.0.0.1", self.port), 10, (source, 0))
        made.sendall(said.encode())
        return made

    def stream(self, source):
        """An open page; None where the house is full."""
        made = self.connect(source, REQUEST.format("GET", "/stream", ""))
        if b"200 OK" in made.recv(100):
            return made
        made.close()
        return None

    def ask(self, path="/", source="127.0.0.1", **sent):
        transport = httpx.HTTPTransport(local_address=source)
        with httpx.Client(transport=transport, timeout=10) as client:
            return client.request(
                "POST" if sent else "GET", f"http://127.0.0.1:{self.port}{path}", **sent
            )


@contextmanager
def served(folder, *, descriptors):
    port = free_port()
    command = [sys.executable, "-m", "tests.support.small_server", folder, port, descriptors]
    with subprocess.Popen([str(word) for word in command], cwd=ROOT) as process:
        small = Small(port, folder / "log" / "skinreader.log")
        try:
            _wait(small)
            yield small
        finally:
            process.terminate()


def _wait(small):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            small.ask()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with served(tmp_path_factory.mktemp("var"), descriptors=1024) as found:
        yield found


@pytest.fixture
def opened(small):
    """Closes what the test opens, and lets the server see it."""
    with ExitStack() as stack:
        yield stack.enter_context
    time.sleep(0.2)


@pytest.fixture
def _many_sockets():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < SILENT + 200:
        pytest.skip(f"this machine allows {hard} sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SILENT + 200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def seconds_until_closed(connection, *, trickle=b""):
    """Sends `trickle` again and again meanwhile."""
    began = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - began < 8:
        try:
            connection.sendall(trickle)
            if connection.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


@pytest.mark.usefixtures("_many_sockets")
def test_silent_connections_do_not_take_the_site_down(small, opened):
    for _ in range(SILENT):
        opened(small.connect())
    began = time.monotonic()
    assert small.ask().text == "hello"
    assert time.monotonic() - began < 2
    assert "Traceback" not in small.log.read_text()


@pytest.mark.parametrize("said", ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_head_that_does_not_come_to_its_end_ends_the_connection(small, opened, said):
    connection = opened(small.connect(said=said))
    taken = seconds_until_closed(connection, trickle=b"x" if said else b"")
    assert HEAD / 2 < taken < HEAD + 2


def test_so_does_the_head_of_a_second_request(small, opened):
    connection = opened(small.connect(said=REQUEST.format("GET", "/", "")))
    assert b"hello" in connection.recv(1000) + connection.recv(1000)
    assert seconds_until_closed(connection, trickle=b"G") < HEAD + 2


@pytest.mark.parametrize("trickle", [b"", b"x"])
@pytest.mark.parametrize("path", ["/body", "/"])
def test_a_body_that_stalls_ends_the_connection(small, opened, path, trickle):
    head = REQUEST.format("POST", path, "Content-Length: 1000000\r\n")
    connection = opened(small.connect(said=head))
    assert seconds_until_closed(connection, trickle=trickle) < 2 * STALL + 2


def test_a_body_that_goes_on_may_take_longer(small, opened):
    head = REQUEST.format("POST", "/body", "Content-Length: 300000\r\n")
    connection = opened(small.connect(said=head))
    for _ in range(10):
        connection.sendall(bytes(30_000))
        time.sleep(STALL / 4)
    assert b"300000" in connection.recv(1000) + connection.recv(1000)


def test_nobody_is_blamed_while_the_application_does_not_read(small):
    assert small.ask("/slow-reader", content=bytes(20_000_000)).text == "20000000"


def test_an_answer_that_nobody_reads_ends_the_connection(small, opened):
    connection = opened(small.connect(said=REQUEST.format("GET", "/flood", "")))
    time.sleep(STALL + 1)
    received = 0
    try:
        while piece := connection.recv(1_000_000):
            received += len(piece)
    except OSError:
        pass
    assert 0 < received < 100_000_000


def test_one_address_has_half_of_the_places(small, opened):
    streams = [small.stream("127.0.0.1") for _ in range(PER_ADDRESS + 10)]
    held = [opened(stream) for stream in streams if stream]
    assert len(held) == PER_ADDRESS
    assert small.ask().status_code == 503
    assert small.ask(source="127.0.0.2").status_code == 200


def test_in_a_full_house_a_silent_connection_makes_way(small, opened):
    for last in (1, 2):
        for _ in range(PER_ADDRESS - 5):
            opened(small.stream(f"127.0.0.{last}"))
    silent = [opened(small.connect("127.0.0.3")) for _ in range(9)]
    began = time.monotonic()
    assert opened(small.stream("127.0.0.4"))
    assert opened(small.stream("127.0.0.5"))
    assert time.monotonic() - began < HEAD / 2
    silent[0].settimeout(1)
    assert silent[0].recv(1) == b""
