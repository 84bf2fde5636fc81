"""A small study on disk, a database on SQLite and on PostgreSQL, and a world of two studies."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from readerstudy.db import Database
from readerstudy.domain import Actor, Role
from readerstudy.report import figures
from readerstudy.security import passwords
from tests.integration.making import (
    answer_next,
    make_account,
    make_reader,
    write_cases,
    write_predictions,
)
from tests.integration.postgres import Server, running_server
from tests.integration.stores import PostgresStore, SqliteStore, Store, Templates, templates


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

        def quick(_: object, kind: str = "svg", *, stamp: str = "") -> bytes:
            return f"<{kind}><desc>{stamp}</desc></{kind}>".encode()

        monkeypatch.setattr(figures, "render", quick)


_RENDER = figures.render


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are really drawn, also after the tests of a site that lasts as long as they all."""
    monkeypatch.setattr(figures, "render", _RENDER)


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
    """Tables only, unless the test asks for `study`."""
    made = request.getfixturevalue(f"{backend}_templates")
    database = store.copy(made["study" in request.fixturenames], tmp_path / "var")
    yield database
    store.remove(database)


@pytest.fixture
def study(db: Database) -> str:
    """The study alpha; beta is there too."""
    return "alpha"


@pytest.fixture
def reader(db: Database, study: str) -> Actor:
    return make_reader(db, study)


@dataclass(frozen=True)
class World:
    """Two studies; everybody named after role and study."""

    db: Database
    actors: dict[str, Actor]
    case_tokens: dict[str, str]


@pytest.fixture
def world(db: Database, study: str) -> World:
    actors = {}
    for role in (Role.OWNER, Role.ANALYST, Role.MONITOR):
        actors[f"{role} everywhere"] = make_account(db, role, None)
        for slug in ("alpha", "beta"):
            actors[f"{role} {slug}"] = make_account(db, role, slug)
    for slug in ("alpha", "beta"):
        for name in (f"reader {slug}", f"second reader {slug}"):
            actors[name] = make_reader(db, slug)
    tokens = {slug: answer_next(db, actors[f"reader {slug}"]) for slug in ("alpha", "beta")}
    actors["stranger"] = Actor(role=Role.READER, name="stranger")
    return World(db, actors, tokens)
