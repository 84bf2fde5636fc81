"""Every entrance meets pictures that somebody made to do harm: pixels or a sentence, in seconds."""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data.commands import main as data_cli
from data.decoding import WALL_SECONDS, decode_apart
from data.images import MAX_BYTES, MAX_PIXELS, ImageError, decode
from data.taxonomy import DEMO8
from model.commands import main as model_cli
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.study import drafts, summaries, uploads
from tests.hostile.pictures import Bytes, few, pictures
from tests.support.making import write_cases, write_predictions
from tests.support.model_world import tiny_checkpoint

SETS = pytest.mark.parametrize(
    "make_all", [few, pytest.param(pictures, marks=pytest.mark.slow)], ids=["few", "all"]
)
All = Callable[[], dict[str, Bytes]]
HONEST = ("both/jpeg-zip", "both/png-html", "both/bmp-script")


@pytest.fixture
def backend() -> str:
    """Pictures never reach the database."""
    return "sqlite"


@pytest.fixture
def draft(db: Database, tmp_path: Path) -> str:
    """A study with three cases."""
    (tmp_path / "own").mkdir()
    manifest = write_cases(tmp_path / "own", n_cases=3)
    drafts.create_study(db, actor=SYSTEM, slug="d", title="D", taxonomy=DEMO8, synthetic=True)
    drafts.import_cases(db, actor=SYSTEM, slug="d", manifest=manifest)
    return "d"


def files_of(make_all: All) -> dict[str, bytes]:
    """Under plain names whose endings say nothing."""
    made = {name.replace("/", "-"): make() for name, make in make_all().items()}
    return {f"{name}.png": content for name, content in made.items() if len(content) <= MAX_BYTES}


def packed(path: Path, table: str, rows: list[str], files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(table, "\n".join(rows))
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def stored(db: Database) -> list[Path]:
    return sorted(path for path in db.images.rglob("*") if path.is_file())


def n_cases(db: Database) -> int:
    return summaries.list_studies(db, actor=SYSTEM)[-1].n_cases


def test_there_are_many_of_them_and_they_are_the_same_in_every_run() -> None:
    every, some = pictures(), few()
    assert len(every) >= 300
    assert len(some) >= 100
    assert set(some) < set(every)
    assert all(some[name]() == every[name]() for name in list(some)[::10])


@SETS
def test_a_hostile_picture_is_pixels_or_a_sentence_within_the_deadline(make_all: All) -> None:
    for name, make in make_all().items():
        content, start = make(), time.monotonic()
        try:
            pixels = decode_apart(content)
        except ImageError as error:
            assert str(error).startswith("Expected"), name
            assert len(str(error)) < 300, name
        else:
            assert pixels.shape[2] == 3, name
            assert pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS, name
        assert time.monotonic() - start < WALL_SECONDS, name


def test_the_decoder_itself_refuses_what_it_can_tell_beforehand() -> None:
    """Without the deadline: what a bomb costs is refused, not waited for."""
    for name, make in few().items():
        content, start = make(), time.process_time()
        try:
            decode(content)
        except ImageError as error:
            assert str(error).startswith("Expected"), name
        assert time.process_time() - start < 5, name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bomb/bmp-rle", "compressed"),
        ("bomb/jpeg-scans", "scans"),
        ("bomb/jpeg-hidden-scans", "scans"),
        ("bomb/jpeg-segments", "parts"),
        ("bomb/jpeg-fill-bytes", "parts"),
        ("bomb/png-many-chunks", "parts"),
        ("bomb/tiff-same-megabytes", "parts"),
        ("bomb/png-exif-of-gigabytes", "EXIF"),
        ("bomb/png-sides-65535", "megapixels"),
        ("bomb/tiff-directories", "single picture"),
    ],
)
def test_a_trap_is_named_before_a_pixel_is_decoded(
    name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.images._to_srgb", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=words):
        decode(pictures()[name]())


@SETS
def test_cases_of_hostile_pictures_are_refused_together_and_leave_nothing(
    db: Database, draft: str, tmp_path: Path, make_all: All
) -> None:
    files, before = files_of(make_all), stored(db)
    rows = ["case_id,path,label", *(f"c{i},{name},BCC" for i, name in enumerate(files))]
    archive = packed(tmp_path / "cases.zip", "manifest.csv", rows, files)
    with pytest.raises(ImportRefused, match=r"faults were found") as refused:
        uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=archive)
    assert "Traceback" not in str(refused.value)
    assert str(refused.value).count("\n") <= 101
    assert n_cases(db) == 3
    assert stored(db) == before


@SETS
def test_hostile_pictures_beside_advice_are_refused_together_and_leave_nothing(
    db: Database, draft: str, tmp_path: Path, make_all: All
) -> None:
    csv = write_predictions(tmp_path / "net.csv", manifest=tmp_path / "own" / "manifest.csv")
    drafts.import_predictions(db, actor=SYSTEM, slug=draft, name="net", csv=csv)
    files, before = files_of(make_all), stored(db)
    rows = ["case_id,kind,path,caption", *(f"case-00,similar,{name}," for name in files)]
    archive = packed(tmp_path / "supports.zip", "supports.csv", rows, files)
    with pytest.raises(ImportRefused, match=r"faults were found"):
        uploads.import_supports_zip(db, actor=SYSTEM, slug=draft, model="net", archive=archive)
    assert stored(db) == before


def test_of_two_kinds_in_one_file_only_the_picture_is_kept(
    db: Database, draft: str, tmp_path: Path
) -> None:
    files = {f"{i}.jpg": pictures()[name]() for i, name in enumerate(HONEST)}
    rows = ["case_id,path,label", *(f"c{i},{name},BCC" for i, name in enumerate(files))]
    archive = packed(tmp_path / "cases.zip", "manifest.csv", rows, files)
    before = stored(db)
    assert uploads.import_cases_zip(db, actor=SYSTEM, slug=draft, archive=archive) == 3
    new = [path.read_bytes() for path in stored(db) if path not in before]
    assert len(new) == 3
    shown = {np.asarray(decode(content)).tobytes() for content in new}
    assert shown == {decode_apart(content).tobytes() for content in files.values()}
    for content in new:
        assert not zipfile.is_zipfile(io.BytesIO(content))
        assert b"script" not in content
        assert b"alert" not in content


@SETS
def test_commands_tell_hostile_pictures_and_go_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], make_all: All
) -> None:
    tiny_checkpoint(tmp_path)
    folder = tmp_path / "in" / "BCC"
    folder.mkdir(parents=True)
    files = files_of(make_all)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    out, errors = tmp_path / "p.csv", tmp_path / "e.csv"
    code = model_cli.main(
        ["predict", str(folder), "--checkpoint", "tiny", "--folder", str(tmp_path),
         "--out", str(out), "--errors", str(errors)]
    )  # fmt: skip
    assert code == 3
    n_rows = sum(len(path.read_text().splitlines()) - 1 for path in (out, errors))
    assert n_rows == len(files)
    manifest = tmp_path / "m.csv"
    assert data_cli.main(["import", "folder", str(folder.parent), "--out", str(manifest)]) in (0, 2)
    captured = capfd.readouterr()
    assert "Traceback" not in captured.out + captured.err
