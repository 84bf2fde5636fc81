"""A throw-away PostgreSQL server for the tests, and databases on it."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

VARIABLE = "SKINREADER_TEST_POSTGRES_URL"
PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/p*/bin")
# Nothing here outlives the tests, so that nothing need reach the disk.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
}
START_SECONDS = 60
MEMORY_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Server:
    """`url` leads to a database from which others may be made."""

    url: sa.URL

    def create(self, *, template: str = "template0") -> sa.URL:
        name = f"skinreader_test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url.set(database=name)

    def drop(self, url: sa.URL) -> None:
        self.execute(f"DROP DATABASE {url.database} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with closing(psycopg.connect(_plain(self.url), autocommit=True)) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_server() -> Iterator[Server]:
    """The server that the variable names, else one of the system's own binaries."""
    # Taken away, since the program itself refuses settings that it does not know.
    given = os.environ.pop(VARIABLE, None)
    programs = _programs()
    if given:
        yield Server(sa.make_url(given).set(drivername="postgresql+psycopg"))
    elif programs is None:
        _refuse(f"no PostgreSQL server: install postgresql, or set {VARIABLE}")
    else:
        with _own_server(programs) as server:
            yield server


def _refuse(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _programs() -> Path | None:
    """The folder of initdb and postgres, the newest where there are several."""
    found = [path for place in PLACES for path in Path("/").glob(place[1:])]
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(found, reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextmanager
def _own_server(programs: Path) -> Iterator[Server]:
    # Not below pytest's folder: its path is too long for a socket, and closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="skinreader-pg-", dir=_memory()))
    user = _unprivileged(folder)
    log = folder / "log"
    try:
        command = [programs / "initdb", "-D", folder / "data", "-U", "tester", "--no-sync"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--wal-segsize=1"]
        with log.open("wb") as output:
            where = {"cwd": folder, "stdout": output, "stderr": output, **user}
            subprocess.run(command, check=True, **where)
            process = subprocess.Popen(_start(programs, folder), **where)
        try:
            url = sa.URL.create(
                "postgresql+psycopg", "tester", database="postgres", query={"host": str(folder)}
            )
            _wait(url, process, log)
            yield Server(url)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """Linux's memory disk, if it has room: copying a database takes a third of the time there."""
    folder = Path("/dev/shm")
    is_roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MEMORY_BYTES
    return folder if is_roomy else None


def _start(programs: Path, folder: Path) -> list[str | Path]:
    settings = {**SETTINGS, "unix_socket_directories": folder}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [programs / "postgres", "-D", folder / "data", *options]


def _unprivileged(folder: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(LookupError):
            shutil.chown(folder, name)
            return {"user": name, "group": folder.stat().st_gid, "extra_groups": []}
    pytest.fail("neither the user postgres nor nobody exists")


def _wait(url: sa.URL, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(_plain(url)).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
            time.sleep(0.05)
        else:
            return


def _plain(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
