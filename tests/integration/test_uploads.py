"""Cases from a zip, also one that somebody made to do harm."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import UserError
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.intake import zip_files
from readerstudy.services.study import drafts, summaries, uploads
from tests.support.making import write_cases

Fill = Callable[[zipfile.ZipFile], object]
HEAD = "case_id,path,label\n"


@pytest.fixture
def draft(db: Database) -> str:
    drafts.create_study(
        db, actor=SYSTEM, slug="zipped", title="Zipped", taxonomy=DEMO8, synthetic=True
    )
    return "zipped"


def packed(folder: Path, *, below: str = "") -> Path:
    source = folder / "source"
    source.mkdir()
    write_cases(source, n_cases=4)
    with zipfile.ZipFile(folder / "cases.zip", "w") as archive:
        archive.writestr("__MACOSX/._manifest.csv", b"litter")
        for file in source.iterdir():
            archive.write(file, f"{below}{file.name}")
    return folder / "cases.zip"


def made(folder: Path, fill: Fill) -> Path:
    with zipfile.ZipFile(folder / "bad.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return folder / "bad.zip"


def n_cases(db: Database) -> int:
    return summaries.list_studies(db, actor=SYSTEM)[-1].n_cases


@pytest.mark.parametrize("below", ["", "my cases/"])
def test_a_zip_is_imported_like_its_folder(
    db: Database, draft: str, tmp_path: Path, below: str
) -> None:
    archive = packed(tmp_path, below=below)
    assert uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=archive) == 4
    assert n_cases(db) == 4


def a_link(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("link.png")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, "/etc/passwd")


def table(*rows: str) -> Fill:
    return lambda archive: archive.writestr("manifest.csv", HEAD + "\n".join(rows))


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (lambda a: a.writestr("../out.png", b""), "leads out of the folder"),
        (lambda a: a.writestr("/out.png", b""), "leads out of the folder"),
        (lambda a: a.writestr("a\\..\\out.png", b""), "leads out of the folder|one manifest.csv"),
        (a_link, "a link or a device"),
        (lambda a: a.writestr("bomb.png", bytes(5_000_000)), "grows more"),
        (lambda a: a.writestr("big.png", bytes(20_000_001)), "at most 20,000,000"),
        (lambda a: a.writestr("other.csv", b""), "Expected one manifest.csv"),
        (table("c1,../../../../etc/hostname,BCC"), "outside the folder"),
        (table("c1,/etc/hostname,BCC"), "outside the folder"),
        (table("c1,absent.png,BCC", "c2,absent2.png,XX"), "line 3: label 'XX'"),
    ],
)
def test_what_could_do_harm_is_refused_and_nothing_is_stored(
    db: Database, draft: str, tmp_path: Path, fill: Fill, words: str
) -> None:
    archive = made(tmp_path, fill)
    before = sorted(tmp_path.rglob("*.png"))
    with pytest.raises(UserError, match=words):
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=archive)
    assert n_cases(db) == 0
    assert sorted(tmp_path.rglob("*.png")) == before
    assert not (tmp_path.parent / "out.png").exists()


def test_all_refused_entries_are_named(db: Database, draft: str, tmp_path: Path) -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        archive.writestr("../out.png", b"")
        a_link(archive)

    with pytest.raises(ImportRefused, match="2 are refused") as caught:
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=made(tmp_path, fill))
    assert "'../out.png'" in str(caught.value)
    assert "'link.png'" in str(caught.value)


def test_too_many_files_and_what_is_no_zip_are_refused(
    db: Database, draft: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_files, "MAX_ENTRIES", 3)
    with pytest.raises(ImportRefused, match="at most 3 files"):
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=packed(tmp_path))
    (tmp_path / "no.zip").write_bytes(b"this is no zip")
    with pytest.raises(ImportRefused, match="pack it again"):
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=tmp_path / "no.zip")


def test_a_view_outside_the_zip_is_refused(db: Database, draft: str, tmp_path: Path) -> None:
    source = tmp_path / "one"
    source.mkdir()
    write_cases(source, n_cases=1)

    def fill(archive: zipfile.ZipFile) -> None:
        archive.write(source / "0.png", "0.png")
        rows = "case_id,path,label,views\nc1,0.png,BCC,/etc/hostname"
        archive.writestr("manifest.csv", rows)

    with pytest.raises(ImportRefused, match="lies outside the folder"):
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=made(tmp_path, fill))
