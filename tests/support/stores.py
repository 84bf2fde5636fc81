"""Where the databases of tests live: SQLite files, or a PostgreSQL server."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from readerstudy.db import Database
from tests.support.making import World, make_study, make_world
from tests.support.postgres import Server

Templates = dict[bool, Database]


class Store(Protocol):
    """A template is made once; each test gets a copy of it."""

    def make(self, folder: Path) -> Database: ...

    def copy(self, template: Database, folder: Path) -> Database: ...

    def remove(self, db: Database) -> None: ...


class SqliteStore:
    def make(self, folder: Path) -> Database:
        return Database(f"sqlite:///{folder / 'study.db'}")

    def copy(self, template: Database, folder: Path) -> Database:
        assert template.path is not None
        folder.mkdir()
        with (
            closing(sqlite3.connect(template.path)) as source,
            closing(sqlite3.connect(folder / "study.db")) as target,
        ):
            source.backup(target)
        return _with_images(template, self.make(folder))

    def remove(self, db: Database) -> None:
        db.close()


class PostgresStore:
    def __init__(self, server: Server) -> None:
        self.server = server

    def make(self, folder: Path) -> Database:
        return self._open(folder)

    def copy(self, template: Database, folder: Path) -> Database:
        folder.mkdir()
        return _with_images(template, self._open(folder, template=str(template.url.database)))

    def remove(self, db: Database) -> None:
        db.close()
        self.server.drop(db.url)

    def _open(self, folder: Path, *, template: str = "template0") -> Database:
        url = self.server.create(template=template).render_as_string(hide_password=False)
        return Database(url, files=folder / "cases")


@contextmanager
def templates(
    store: Store, folder: Path, *, manifest: Path, predictions: Path
) -> Iterator[Templates]:
    """False: tables only. True: the open studies alpha and beta."""
    made: Templates = {}
    for filled in (False, True):
        db = made[filled] = store.make(folder / str(filled))
        db.migrate()
        for slug in ("alpha", "beta") if filled else ():
            make_study(db, slug, manifest, predictions)
        # PostgreSQL copies only what nobody is connected to.
        db.close()
    yield made
    for db in made.values():
        store.remove(db)


@contextmanager
def populated(store: Store, template: Database, folder: Path) -> Iterator[World]:
    """The world of `make_world` in a copy of `template`, to be copied in turn."""
    world = make_world(store.copy(template, folder))
    world.db.close()
    yield world
    store.remove(world.db)


def _with_images(template: Database, db: Database) -> Database:
    if template.images.exists():
        shutil.copytree(template.images, db.images)
    return db
