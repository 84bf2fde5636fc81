"""The port that the server opens, or cannot open."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import app as composition
from readerstudy.config import load_settings
from tests.support.coroutines import finish

ROOT = Path(__file__).resolve().parents[2]


def test_a_second_start_says_that_the_port_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "app.py", "--var", str(tmp_path), "--port", port]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 2
    assert "SKINREADER_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_parts_of_an_answer_do_not_wait_for_each_other():
    """Nagle's algorithm holds the second until the other side has said that the first came."""

    async def accepted_option() -> int:
        options: list[int] = []

        async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = str(taken.getsockname()[1])
        settings = load_settings({"SKINREADER_PORT": port})
        async with await asyncio.start_server(take, sock=composition.listen(settings)):
            reader, writer = await asyncio.open_connection(settings.host, settings.port)
            await reader.read()
            writer.close()
        return options[0]

    assert finish(accepted_option()) != 0
