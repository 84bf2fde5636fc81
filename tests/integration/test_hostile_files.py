"""Zips and tables of strangers through the services: refused in a sentence or imported rightly."""

import json
import time
from itertools import islice

import pytest

from data.errors import UserError
from data.taxonomy import DEMO8
from readerstudy.db.queries import studies as queries
from readerstudy.domain import SYSTEM
from readerstudy.services.intake.zip_files import unpack
from readerstudy.services.study import drafts, uploads
from tests.hostile.archives import BOMBS, all_archives, packed
from tests.hostile.tables import all_pairs
from tests.support.making import write_cases, write_predictions

SECONDS = 10
MOST_SAID = 12_000


@pytest.fixture
def backend():
    return "sqlite"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The files of a zip that is taken."""
    folder = tmp_path_factory.mktemp("good")
    write_cases(folder, n_cases=3)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    manifest = write_cases(folder, n_cases=3)
    table = write_predictions(folder / "predictions.csv", manifest=manifest)
    return table.read_text(), json.loads(table.with_suffix(".json").read_text())


def draft(db, slug):
    drafts.create_study(db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True)
    return slug


def n_cases(db, slug):
    with db.reading() as session:
        return queries.n_cases(session, queries.study_by_slug(session, slug).id)


def left_behind(db):
    return sorted(path.name for path in db.images.parent.glob(".upload-*"))


def files_of(db):
    return {path.name for path in db.images.rglob("*")} if db.images.is_dir() else set()


def outcome(act):
    """What was said: "" where the file was taken. Any other error fails the test."""
    start = time.monotonic()
    try:
        act()
        said = ""
    except UserError as error:
        said = str(error)
    assert time.monotonic() - start < SECONDS
    assert len(said) < MOST_SAID, said[:200]
    assert said.isprintable() or set(said) & {"\n"}
    assert "Traceback" not in said
    return said


def send_all(db, tmp_path, archives):
    """Outcome by zip; none leaves a trace unless it was imported."""
    before, found, faults = files_of(db), {}, {}
    for number, (what, make) in enumerate(archives):
        slug = draft(db, f"draft-{number}")
        sent = tmp_path / "sent.zip"
        sent.write_bytes(make())
        try:
            found[what] = outcome(
                lambda slug=slug, sent=sent: uploads.import_cases_zip(
                    db, actor=SYSTEM, slug=slug, archive=sent
                )
            )
            assert str(tmp_path) not in found[what], found[what]
            assert n_cases(db, slug) == (0 if found[what] else 3)
            assert left_behind(db) == []
            if found[what] and not before:
                assert files_of(db) == before
        except Exception as error:  # noqa: BLE001 -- all of them are listed
            faults[what] = f"{type(error).__name__}: {str(error)[:300]}"
        if not found.get(what, "x"):
            before = files_of(db)
    assert faults == {}
    return found


def every(n, items, start=0):
    return list(islice(items, start, None, n))


def test_hostile_zips_are_refused_in_words(db, good, tmp_path):
    """Every ninth; all of them are sent by the slow test."""
    found = send_all(db, tmp_path, every(9, all_archives(good).items()))
    assert len(found) > 25
    assert sum(bool(said) for said in found.values()) > 15


@pytest.mark.slow
def test_all_hostile_zips_are_refused_in_words(db, good, tmp_path):
    found = send_all(db, tmp_path, all_archives(good).items())
    assert len(found) > 225


def test_a_good_zip_is_taken(db, good, tmp_path):
    assert send_all(db, tmp_path, [("good", lambda: packed(good))]) == {"good": ""}


def predict_all(db, good, tmp_path, pairs):
    slug, found, faults = draft(db, "predicted"), {}, {}
    sent = tmp_path / "sent.zip"
    sent.write_bytes(packed(good))
    uploads.import_cases_zip(db, actor=SYSTEM, slug=slug, archive=sent)
    for number, (what, make) in enumerate(pairs):
        table, sidecar = make()
        sent.write_bytes(packed({"predictions.csv": table, "predictions.json": sidecar}, method=0))
        try:
            found[what] = outcome(
                lambda number=number: uploads.import_predictions_zip(
                    db, actor=SYSTEM, slug=slug, name=f"model-{number}", archive=sent
                )
            )
            assert str(tmp_path) not in found[what], found[what]
            assert left_behind(db) == []
        except Exception as error:  # noqa: BLE001 -- all of them are listed
            faults[what] = f"{type(error).__name__}: {str(error)[:300]}"
    assert faults == {}
    return found


def test_hostile_predictions_are_refused_in_words(db, good, pair, tmp_path):
    found = predict_all(db, good, tmp_path, all_pairs(*pair).items())
    assert len(found) > 100
    taken = {what for what, said in found.items() if not said}
    assert "table: a cell: minus zero" not in taken
    assert "table: UTF-16" in taken


@pytest.mark.parametrize(
    ("bomb", "said"),
    [
        ("1 MB of zeros 300 times", "would grow to"),
        ("the same megabyte 3,000 times", "would grow to"),
        ("names of 13 MB", "its list of files is too long"),
        ("200,000 headers", "its list of files is too long"),
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(db, good, tmp_path, bomb, said):
    """By the zip's own list, which is no longer than that of an honest one."""
    sent = tmp_path / "sent.zip"
    sent.write_bytes(BOMBS[bomb](good))
    with pytest.raises(UserError, match=said):
        unpack(sent, folder=tmp_path / "out", table="manifest.csv")
    assert not (tmp_path / "out").exists()
