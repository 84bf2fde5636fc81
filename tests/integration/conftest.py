"""A small study on disk, a database on SQLite and on PostgreSQL, and a world of two studies."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.security import passwords
from tests.support.making import (
    World,
    draw,
    draw_nothing,
    make_reader,
    write_cases,
    write_predictions,
)
from tests.support.postgres import Server, running_server
from tests.support.stores import PostgresStore, SqliteStore, Store, Templates, populated, templates


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; most tests are about something else."""
    quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "PasswordHasher", quick)
    monkeypatch.setattr(passwords, "_NOBODY", quick().hash("nobody's password"))


@pytest.fixture(autouse=True)
def _quick_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds; tests that look at a picture ask for `drawn`."""
    if "drawn" not in request.fixturenames:
        draw_nothing(monkeypatch)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are really drawn."""
    draw(monkeypatch)


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"), n_cases=16)


@pytest.fixture(scope="session")
def predictions(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_predictions(tmp_path_factory.mktemp("predictions") / "net.csv", manifest=manifest)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_templates(
    manifest: Path, predictions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Templates]:
    folder = tmp_path_factory.mktemp("sqlite")
    with templates(SqliteStore(), folder, manifest=manifest, predictions=predictions) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql_templates(
    postgres: Server, manifest: Path, predictions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Templates]:
    folder = tmp_path_factory.mktemp("postgresql")
    store = PostgresStore(postgres)
    with templates(store, folder, manifest=manifest, predictions=predictions) as made:
        yield made


@pytest.fixture(scope="session")
def sqlite_world(
    sqlite_templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "var"
    with populated(SqliteStore(), sqlite_templates[True], folder) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql_world(
    postgres: Server, postgresql_templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "var"
    with populated(PostgresStore(postgres), postgresql_templates[True], folder) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Whoever uses the database runs on both; a module overrides this to run on one."""
    return str(request.param)


@pytest.fixture
def store(backend: str, request: pytest.FixtureRequest) -> Store:
    if backend == "sqlite":
        return SqliteStore()
    return PostgresStore(request.getfixturevalue("postgres"))


@pytest.fixture
def db(
    backend: str, store: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Database]:
    """Tables only, unless the test asks for `study` or `world`."""
    if "world" in request.fixturenames:
        template = request.getfixturevalue(f"{backend}_world").db
    else:
        made = request.getfixturevalue(f"{backend}_templates")
        template = made["study" in request.fixturenames]
    database = store.copy(template, tmp_path / "var")
    yield database
    store.remove(database)


@pytest.fixture
def study(db: Database) -> str:
    """The study alpha; beta is there too."""
    return "alpha"


@pytest.fixture
def reader(db: Database, study: str) -> Actor:
    return make_reader(db, study)


@pytest.fixture
def world(backend: str, db: Database, request: pytest.FixtureRequest) -> World:
    template: World = request.getfixturevalue(f"{backend}_world")
    return replace(template, db=db)
