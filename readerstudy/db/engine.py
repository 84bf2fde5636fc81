"""The database handle: one engine, two kinds of transaction, migrations."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from readerstudy.db.cache import Cache
from readerstudy.db.file_watch import FileWatch
from readerstudy.domain.errors import BusyError, ConfigError, ConflictError, StateError, StudyError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
_PROBE_SECONDS = 2
# One statement may not see what another one just did not; SQLite always reads so.
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_MIGRATION_LOCK = 5_130_418  # any number that other programs on the same database do not use


class Database:
    """`files` is the folder of case images: beside a SQLite file unless said otherwise.

    `min_free`: bytes that imports must leave on their disk.
    """

    def __init__(self, url: str, *, files: Path | None = None, min_free: int = 0) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = _sqlite_path(self.url)
        self._files = files or (self.path.parent / "cases" if self.path else None)
        self._watch = FileWatch(self.path) if self.path else None
        self.min_free = min_free
        self.cache = Cache()  # of results
        self._engine = self._make_engine()
        self._writer = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._reader = self._engine.execution_options(**({} if self.is_sqlite else _SNAPSHOT))

    @property
    def images(self) -> Path:
        """The folder of case images."""
        if self._files is None:
            raise ConfigError("Expected a folder for case images; give Database its `files`.")
        return self._files

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Write: everything inside is stored, or nothing."""
        with _translated(), Session(self._writer, expire_on_commit=False) as session:
            yield session
            self.check_file()
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read one consistent state; waits for nobody."""
        with _translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    def migrate(self) -> None:
        config = _alembic_config()
        with _translated(), self._writer.begin() as connection:
            if not self.is_sqlite:
                # Two machines may start at once; SQLite has locked already.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check_version(self) -> None:
        """Refuses a database that `migrate` has not brought to this version."""
        head = ScriptDirectory.from_config(_alembic_config()).get_current_head()
        with _translated(), self._engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found != head:
            raise StateError(
                f"Expected a database of version {head}, but got {found or 'an empty one'}; "
                "run `python -m readerstudy migrate`."
            )

    def check_file(self) -> None:
        """Raises LostError when the database's file is no longer the one that was opened."""
        if self._watch:
            self._watch.check()

    def check_writable(self) -> None:
        """Raises RetryError unless the database answers and takes writes, within seconds."""
        self.check_file()
        with _translated():
            if self.path is not None:
                _probe_sqlite(self.path)
            elif not self.is_sqlite:
                with self._engine.connect() as connection:
                    if connection.scalar(sa.text("SHOW transaction_read_only")) == "on":
                        raise BusyError("Expected a database that takes writes; it only reads now.")

    def connect(self) -> sa.Connection:
        """A bare connection, for inspection."""
        return self._engine.connect()

    def close(self) -> None:
        self._engine.dispose()

    def _make_engine(self) -> sa.Engine:
        if not self.is_sqlite:
            return _postgresql_engine(self.url)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        # A database in memory lives in its one connection, so that threads must share it.
        limits: dict[str, Any] = {} if self.path else {"pool_size": 1, "max_overflow": 0}
        engine = sa.create_engine(
            self.url,
            poolclass=sa.QueuePool,
            **_JSON,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
            **limits,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        if watch := self._watch:
            # SQLite would make an empty file where the lost one was.
            sa.event.listen(engine, "do_connect", lambda *_: watch.check())
            sa.event.listen(engine, "connect", lambda *_: watch.opened())
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine


_HALF_SIGN = re.compile(r"\\u[dD][89a-fA-F]")  # escaped; or half of a sign beyond U+FFFF


def _stored(content: Any) -> str:
    """Not escaped, so that half a sign is refused like in any other text."""
    return json.dumps(content, ensure_ascii=False)


def _read(given: str | bytes) -> Any:
    """Half a sign, stored before it was refused, must not keep all the others from any page."""
    text = given if isinstance(given, str) else given.decode()
    content = json.loads(text)
    if not _HALF_SIGN.search(text):
        return content
    return json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))


_JSON: dict[str, Any] = {"json_serializer": _stored, "json_deserializer": _read}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(
            "Expected to store something new, but the database holds something that "
            "contradicts it; reload and try again."
        ) from error
    except (DataError, UnicodeEncodeError, OverflowError) as error:
        raise StudyError(
            "Expected text and numbers that the database can hold, but got something else; "
            "remove unusual characters and try again."
        ) from error
    except (OperationalError, InterfaceError, PoolTimeoutError, sqlite3.OperationalError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error)
        raise BusyError(
            f"Expected the database to take this, but it did not ({' '.join(reason.split())}); "
            "nothing was stored, try again."
        ) from error


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _parse(url: str) -> sa.URL:
    """The address is not repeated in the message: it may hold a password."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() in ("sqlite", "postgresql"):
            return parsed
    except sa.exc.ArgumentError:
        pass
    raise ConfigError(
        "Expected a database address such as sqlite:///var/skinreader.db or "
        "postgresql+psycopg://user:password@host/name, but got something else; "
        "check SKINREADER_DATABASE_URL."
    )


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    query = {"connect_timeout": str(_CONNECT_SECONDS), **url.query}
    address = url.set(drivername="postgresql+psycopg", query=query)
    try:
        engine = sa.create_engine(address, pool_pre_ping=True, **_JSON)
    except ImportError as error:
        raise ConfigError(
            "Expected the driver of PostgreSQL, but it is not installed; "
            "run `pip install --require-hashes -r requirements-scale.lock`."
        ) from error
    sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # A statement, since poolers between here and the server refuse options of the connection.
    connection.execute(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
    connection.commit()


def _sqlite_path(url: sa.URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).resolve()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # None stops the driver from opening transactions on its own; `_begin_sqlite` does.
    connection.isolation_level = None
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "foreign_keys = ON",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",  # what a reader takes back must not lie in the file's free pages
    ):
        connection.execute(f"PRAGMA {pragma}")


def _probe_sqlite(path: Path) -> None:
    """By a connection of its own, so that it waits neither for the pool nor for a long import."""
    address = f"{path.as_uri()}?mode=rw"  # else an empty file would be made where none is
    with closing(sqlite3.connect(address, uri=True, timeout=_PROBE_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()


def _begin_sqlite(connection: sa.Connection) -> None:
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    connection.exec_driver_sql(begin)
