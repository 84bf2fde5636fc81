"""The export stands alone: its script gives the same bytes, the same study the same files."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Consent
from readerstudy.domain import SYSTEM
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.study import drafts
from tests.support.making import answer_next, make_reader

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def backend() -> str:
    """Statistics take seconds: what the database decides is tested elsewhere on both."""
    return "sqlite"


def unzip(db: Database, slug: str, folder: Path) -> Path:
    content = results.export_bundle(db, actor=SYSTEM, slug=slug)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def recompute(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own that knows the project and the folder, and no database."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, str(folder / "recompute.py")]
    return subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False
    )


def assert_same_again(folder: Path) -> None:
    done = recompute(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("results.json", "results.csv"):
        assert (folder / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("shown", ["nothing", "one case", "answers"])
def test_the_script_gives_the_same_bytes(
    db: Database, study: str, tmp_path: Path, shown: str
) -> None:
    if shown != "nothing":
        reader = make_reader(db, study)
        answering.current_case(db, actor=reader)
    if shown == "answers":
        simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=3)
        for answer in ("BCC", "VW", "SK"):
            answer_next(db, reader, answer)
        answering.current_case(db, actor=reader)
    assert_same_again(unzip(db, study, tmp_path / "bundle"))


def test_the_script_copes_with_a_study_that_has_no_cases(db: Database, tmp_path: Path) -> None:
    drafts.create_study(db, actor=SYSTEM, slug="empty", title="T", taxonomy=DEMO8, synthetic=True)
    assert_same_again(unzip(db, "empty", tmp_path / "bundle"))


def test_the_script_says_which_numbers_are_others(db: Database, study: str, tmp_path: Path) -> None:
    folder = unzip(db, study, tmp_path / "bundle")
    text = (folder / "results.json").read_text("utf-8")
    (folder / "results.json").write_text(text.replace("wilson", "Wilson", 1), "utf-8")
    done = recompute(folder)
    assert done.returncode == 2
    assert "results.json" in done.stderr
    assert "Traceback" not in done.stderr
    sums = (folder / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(s for s in sums if "results.json" not in s))
    done = recompute(folder)
    assert done.returncode == 1
    assert "results.json: DIFFERENT" in done.stdout


def test_a_bundle_of_earlier_versions_gives_the_same_numbers(
    db: Database, study: str, tmp_path: Path
) -> None:
    """They wrote "3.0 readers"."""
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=3)
    folder = unzip(db, study, tmp_path / "bundle")
    now = (folder / "results.csv").read_text("utf-8")
    then = re.sub(r"(?m)^(.*,\d+,\d+)(,[^,]*|,\".*\")$", r"\1.0\2", now)
    assert then != now
    (folder / "results.csv").write_text(then, "utf-8")
    sums = (folder / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(s for s in sums if "results.csv" not in s))
    done = recompute(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_study_gives_the_same_files(
    db: Database, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=3)

    def files() -> dict[str, bytes]:
        db.cache.clear()
        content = results.export_bundle(db, actor=SYSTEM, slug=study)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    first, second = files(), files()
    assert list(first) == list(second)
    differing = {name for name in first if first[name] != second[name]}
    assert differing <= {"versions.json", "SHA256SUMS"}


def test_the_bundle_has_protocol_consents_and_files_for_other_packages(
    db: Database, study: str, tmp_path: Path
) -> None:
    reader = make_reader(db, study)
    while answering.current_case(db, actor=reader):
        answer_next(db, reader)
    folder = unzip(db, study, tmp_path / "bundle")
    lines = (folder / "consents.csv").read_text("utf-8").splitlines()
    with db.reading() as session:
        given = session.scalars(sa.select(Consent.text_sha256)).one()
    assert lines[1] == f"2,en,{given},1"
    assert lines[2].startswith("2,zh,")
    assert lines[2].endswith(",0")
    assert "voluntary" in (folder / "consent/en.txt").read_text("utf-8")
    for kind in ("call", "confidence"):
        for ending in ("imrmc", "imrmc.csv", "mrmcaov.csv", "xlsx", "ids.csv"):
            assert (folder / f"mrmc/{kind}/BCC.{ending}").is_file()
    seal = json.loads((folder / "study.json").read_text("utf-8"))["seal"]
    for name in ("README.txt", "settings.json", "mrmc/README.txt", "figures/roc_BCC.svg"):
        assert seal in (folder / name).read_text("utf-8"), name


def test_what_a_format_cannot_hold_is_left_out_and_named(
    db: Database, study: str, tmp_path: Path
) -> None:
    answer_next(db, make_reader(db, study))
    answer_next(db, reader := make_reader(db, study))
    answer_next(db, reader)
    folder = unzip(db, study, tmp_path / "bundle")
    assert (folder / "mrmc/call/BCC.imrmc").is_file()
    assert not (folder / "mrmc/call/BCC.xlsx").exists()
    assert "Left out: call, rjafroc" in (folder / "mrmc/README.txt").read_text("utf-8")
