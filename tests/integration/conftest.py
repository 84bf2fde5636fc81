"""A small study on disk, an empty database, and a world of two studies with everybody in it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from readerstudy import passwords
from readerstudy.db import Database
from readerstudy.entities import Actor, Role
from readerstudy.export import figures
from tests.integration.making import (
    answer_next,
    make_account,
    make_reader,
    make_study,
    write_cases,
    write_predictions,
)


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; most tests are about something else."""
    quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "PasswordHasher", quick)


@pytest.fixture(autouse=True)
def _quick_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds; tests that look at a picture ask for `drawn`."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(figures, "roc_svg", lambda _: b"<svg/>")
        monkeypatch.setattr(figures, "roc_pdf", lambda _: b"%PDF")


@pytest.fixture
def drawn() -> None:
    """Pictures are really drawn."""


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"), n_cases=16)


@pytest.fixture(scope="session")
def predictions(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_predictions(tmp_path_factory.mktemp("predictions") / "net.csv", manifest=manifest)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'var' / 'study.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="session")
def two_studies(
    manifest: Path, predictions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A database with the open studies alpha and beta, made once and copied by the tests."""
    path = tmp_path_factory.mktemp("template") / "study.db"
    made = Database(f"sqlite:///{path}")
    made.migrate()
    for slug in ("alpha", "beta"):
        make_study(made, slug, manifest, predictions)
    made.close()
    return path


@pytest.fixture
def study(db: Database, two_studies: Path) -> str:
    """The study alpha; beta is there too."""
    assert db.path is not None
    with (
        closing(sqlite3.connect(two_studies)) as source,
        closing(sqlite3.connect(db.path)) as target,
    ):
        source.backup(target)
    shutil.copytree(two_studies.parent / "cases", db.path.parent / "cases")
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
        actors[f"reader {slug}"] = make_reader(db, slug)
    tokens = {slug: answer_next(db, actors[f"reader {slug}"]) for slug in ("alpha", "beta")}
    actors["stranger"] = Actor(role=Role.READER, name="stranger")
    return World(db, actors, tokens)
