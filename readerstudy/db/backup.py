"""Copies of a SQLite database with its images, made while the server runs."""

import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

from readerstudy.db.engine import Database
from readerstudy.domain.errors import StudyError

_DATABASE = "skinreader.db"
_IMAGES = "cases/"


def backup(db: Database, *, out: Path) -> int:
    """Returns the number of images; refuses to overwrite."""
    source = _file_of(db)
    if out.exists():
        raise StudyError(f"Expected a new file, but {out} is there; choose another name.")
    images = sorted(p for p in db.images.glob("*") if p.is_file() and p.name[0] != ".")
    scratch = out.with_name(f".{out.name}.part")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / _DATABASE
        _copy(source, copy)
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, _DATABASE)
            for image in images:
                archive.write(image, _IMAGES + image.name, zipfile.ZIP_STORED)
    scratch.replace(out)
    return len(images)


def restore(db: Database, *, source: Path) -> int:
    """Only where no database is; everything is unpacked and checked before it takes its place."""
    target = _file_of(db)
    if target.exists():
        raise StudyError(
            f"Expected no database at {target}, but there is one; stop the server and move it away."
        )
    images = db.images
    target.parent.mkdir(parents=True, exist_ok=True)
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        names = _unpack(source, Path(folder))
        _check(Path(folder) / _DATABASE)
        for name in names:
            (Path(folder) / name).replace(images / Path(name).name)
        (Path(folder) / _DATABASE).replace(target)
    return len(names)


def _unpack(source: Path, folder: Path) -> list[str]:
    try:
        with zipfile.ZipFile(source) as archive:
            names = [n for n in archive.namelist() if n.startswith(_IMAGES) and n[-1] != "/"]
            archive.extractall(folder, members=[_DATABASE, *names])
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise StudyError(
            f"Expected a file that `backup` made, but reading {source} failed ({error})."
        ) from error
    return names


def _check(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise StudyError(f"Expected a sound database in the backup, but got: {verdict}.")


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def _file_of(db: Database) -> Path:
    if db.path is None:
        raise StudyError(
            "Expected a SQLite database in a file; use the server's own tools, such as pg_dump, "
            "and copy the folder of images."
        )
    return db.path
