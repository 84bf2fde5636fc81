"""From stored answers to results, figures and the bundle."""

import csv
import hashlib
import io
import json
import math
import shlex
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.commands import main
from readerstudy.db import Database
from readerstudy.db.tables import Answer, Event
from readerstudy.domain import SYSTEM, Actor, ReaderKind
from readerstudy.domain.errors import StateError, StudyError
from readerstudy.files import columns
from readerstudy.services.reading import answering, joining
from readerstudy.services.results import results
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.study import drafts, summaries
from readerstudy.stats import Analysis
from readerstudy.stats.subjects_and_methods import Subject
from tests.support.making import answer_next, close, make_reader, make_study

NET = Subject.model("net")
both_backends = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])


@pytest.fixture
def backend() -> str:
    """Statistics take seconds: only what the database decides is tested `both_backends`."""
    return "sqlite"


def analysis_of(db: Database, study: str, **options: object) -> Analysis:
    return results.study_results(db, actor=SYSTEM, slug=study, **options)  # type: ignore[arg-type]


def unzip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def read_all(db: Database, actor: Actor, *, right: bool) -> None:
    """Answers every case, with the truth or always with VW."""
    while (case := answering.current_case(db, actor=actor)) is not None:
        answer_next(db, actor, _truth(db, case.case_token) if right else "VW")


def _truth(db: Database, case_token: str) -> str:
    query = sa.text(
        "SELECT label FROM reference_standards r JOIN assignments a ON a.case_id = r.case_id "
        "WHERE a.token = :token"
    )
    with db.reading() as session:
        return str(session.execute(query, {"token": case_token}).scalar_one())


def test_without_a_reader_the_model_is_shown_alone(db: Database, study: str) -> None:
    found = analysis_of(db, study)
    assert found.meta["n_readers"] == 0
    assert {r.subject for r in found.records} == {NET}
    assert any("Nobody" in note for note in found.meta["notes"])
    figures = results.pictures(db, actor=SYSTEM, slug=study)
    assert list(figures) == [f"roc_{code}" for code in DEMO8.codes]
    assert [p.subject for p in figures["roc_BCC"].points] == [NET]
    assert [c.subject for c in figures["roc_BCC"].curves] == [NET]


def test_a_study_without_model_shows_the_readers_alone(db: Database, manifest: Path) -> None:
    make_study(db, "plain", manifest)
    assert analysis_of(db, "plain").records == ()
    for _ in range(2):
        read_all(db, make_reader(db, "plain"), right=True)
    found = analysis_of(db, "plain")
    accuracy = found.get("accuracy", "all", "mean_reader", "or-rrrc-capped")
    assert accuracy is not None
    assert accuracy.estimate == 1.0
    assert not [r for r in found.records if "model" in r.subject.kinds]
    assert unzip(results.export_bundle(db, actor=SYSTEM, slug="plain"))


def test_one_reader_with_one_answer_does_not_break_anything(
    db: Database, study: str, reader: Actor
) -> None:
    answer_next(db, reader)
    found = analysis_of(db, study)
    assert found.meta["n_readers"] == 1
    accuracy = found.get("accuracy", "all", "mean_reader", "or-rrrc-capped")
    assert accuracy is None or math.isnan(accuracy.se)
    assert results.pictures(db, actor=SYSTEM, slug=study)
    assert unzip(results.export_bundle(db, actor=SYSTEM, slug=study))


def test_a_study_in_which_cases_were_shown_and_nothing_answered_has_figures_and_files(
    db: Database, study: str
) -> None:
    for _ in range(2):
        assert answering.current_case(db, actor=make_reader(db, study)) is not None
    drawn = results.pictures(db, actor=SYSTEM, slug=study)
    assert [c.subject for c in drawn["roc_BCC"].curves] == [NET]
    assert results.export_bundle(db, actor=SYSTEM, slug=study)


@both_backends
def test_a_draft_can_be_looked_at(db: Database) -> None:
    drafts.create_study(db, actor=SYSTEM, slug="draft", title="T", taxonomy=DEMO8, synthetic=True)
    assert analysis_of(db, "draft").records == ()
    assert results.pictures(db, actor=SYSTEM, slug="draft") == {}
    assert unzip(results.export_bundle(db, actor=SYSTEM, slug="draft"))


def test_humans_and_simulated_are_never_pooled_unasked(db: Database, study: str) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=4, seed=1)
    alone = analysis_of(db, study)
    assert alone.meta["reader_kinds"] == ["simulated"]
    assert any("no evidence about people" in note for note in alone.meta["notes"])
    read_all(db, make_reader(db, study), right=True)
    people = analysis_of(db, study)
    assert (people.meta["reader_kinds"], people.meta["n_readers"]) == (["human"], 1)
    assert people.meta["answers_left_out"] == {"simulated": 64}
    invented = analysis_of(db, study, kinds=[ReaderKind.SIMULATED])
    assert (invented.meta["n_readers"], invented.meta["n_simulated"]) == (4, 4)
    both = analysis_of(db, study, kinds=list(ReaderKind))
    assert (both.meta["n_readers"], both.meta["n_simulated"]) == (5, 4)


@both_backends
def test_results_are_kept_until_an_answer_comes(db: Database, study: str, reader: Actor) -> None:
    answer_next(db, reader)
    first = analysis_of(db, study)
    assert analysis_of(db, study) is first
    answer_next(db, reader)
    assert analysis_of(db, study) is not first


@both_backends
def test_the_bundle_holds_what_was_answered(db: Database, study: str) -> None:
    careful, careless = make_reader(db, study), make_reader(db, study)
    read_all(db, careful, right=True)
    for _ in range(3):
        answer_next(db, careless, "VW")
    answering.current_case(db, actor=careless)
    files = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    rows = table(files, "readings.csv")
    assert list(rows[0]) == list(columns.names(columns.READINGS))
    assert all(r["answer"] == r["truth"] for r in rows if r["reader_id"] == careful.name)
    mine = [r for r in rows if r["reader_id"] == careless.name]
    assert [r["answer"] for r in mine] == ["VW", "VW", "VW", ""]
    assert [r["position"] for r in mine] == ["1", "2", "3", "4"]
    assert mine[0]["shown_at"].endswith("+00:00")
    assert (mine[3]["answered_at"], mine[3]["timed_out"]) == ("", "")
    assert {r["reader_id"]: r["answered"] for r in table(files, "readers.csv")} == {
        careful.name: "16",
        careless.name: "3",
    }
    assert len(table(files, "cases.csv")) == 16


@both_backends
def test_a_changed_answer_is_exported_once_as_it_stands(
    db: Database, study: str, reader: Actor
) -> None:
    answer_next(db, reader, "VW")
    with db.transaction() as session:
        old = session.scalars(sa.select(Answer)).one()
        copied = {c.name: getattr(old, c.name) for c in Answer.__table__.columns if c.name != "id"}
        session.add(Answer(**{**copied, "revision": 2, "answer": "SK", "client_token": "again"}))
    files = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    [row] = table(files, "readings.csv")
    assert (row["answer"], row["changed"]) == ("SK", "true")
    assert joining.status(db, actor=reader).answered == 1


def test_every_file_of_the_bundle_is_checked_and_described(
    db: Database, study: str, reader: Actor, drawn: None
) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=2, seed=1)
    answer_next(db, reader)
    files = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "SHA256SUMS"
    }
    described = {(row["file"], row["column"]) for row in table(files, "codebook.csv")}
    for name in ("readings.csv", "cases.csv", "readers.csv", "results.csv"):
        header = files[name].decode().splitlines()[0].split(",")
        assert [(name, column) in described for column in header] == [True] * len(header)
    names = [f"roc_{c}" for c in DEMO8.codes] + [
        "forest_net",
        "confusion_readers",
        "readers_by_cases",
    ]
    assert {f"figures/{name}.{kind}" for name in names for kind in ("svg", "pdf")} <= set(files)
    assert b"<svg" in files["figures/roc_BCC.svg"]
    assert files["figures/roc_BCC.pdf"].startswith(b"%PDF")
    assert len(table(files, "readings_left_out.csv")) == 32
    readme = files["README.txt"].decode()
    assert "synthetic" in readme
    assert "not clinical data" in readme
    assert "readings_left_out.csv" in readme
    assert all(name in files for name in ("predictions_net.json", "versions.json"))


@both_backends
def test_the_seal_can_be_checked_from_the_bundle(db: Database, study: str, reader: Actor) -> None:
    files = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    seal = json.loads(files["study.json"])["seal"]
    assert hashlib.sha256(files["seal.json"]).hexdigest() == seal
    assert seal in files["README.txt"].decode()


def test_analyse_gives_the_same_numbers_from_the_bundle(
    db: Database, study: str, tmp_path: Path
) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=5, seed=3)
    with zipfile.ZipFile(io.BytesIO(results.export_bundle(db, actor=SYSTEM, slug=study))) as z:
        z.extractall(tmp_path)
    command = [
        *("analyse", "--readings", str(tmp_path / "readings.csv")),
        *("--predictions", f"net={tmp_path / 'predictions_net.csv'}"),
        *("--classes", *DEMO8.codes, "--out", str(tmp_path / "again")),
    ]
    assert main.main(command) == 0
    first, again = (
        json.loads((tmp_path / folder / "results.json").read_text())["records"]
        for folder in (".", "again")
    )
    assert first == again


def recipe(folder: Path) -> list[str]:
    """The command of the bundle's README, as a shell would split it; empty if it has none."""
    text = (folder / "README.txt").read_text("utf-8")
    lines = text.partition("python -m readerstudy ")[2]
    return shlex.split(lines.replace("\\\n", " "))


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize("shown", ["nothing", "one case", "one answer"])
def test_the_recipe_of_the_bundle_runs_or_says_that_there_is_nothing(
    db: Database,
    tmp_path: Path,
    manifest: Path,
    predictions: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    with_model: bool,
    shown: str,
) -> None:
    make_study(db, "mine", manifest, predictions if with_model else None)
    reader = make_reader(db, "mine")
    if shown == "one case":
        answering.current_case(db, actor=reader)
    elif shown == "one answer":
        answer_next(db, reader)
    with zipfile.ZipFile(
        io.BytesIO(results.export_bundle(db, actor=SYSTEM, slug="mine"))
    ) as bundle:
        bundle.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = recipe(tmp_path)
    text = (tmp_path / "README.txt").read_text("utf-8")
    assert ("predictions_*" in text) is with_model
    if shown == "nothing":
        assert command == []
        assert "nothing to analyse" in text
        return
    assert main.main(command) == 0, capsys.readouterr().err
    first, again = (
        json.loads((tmp_path / folder / "results.json").read_text())["records"]
        for folder in (".", "again")
    )
    assert first == again


def test_text_that_is_a_formula_is_disarmed(db: Database, tmp_path: Path, manifest: Path) -> None:
    cases = pd.read_csv(manifest)
    cases["path"] = [str((manifest.parent / p).resolve()) for p in cases["path"]]
    cases["source"] = '=HYPERLINK("http://x")'
    cases.to_csv(tmp_path / "m.csv", index=False)
    make_study(db, "evil", tmp_path / "m.csv")
    rows = table(unzip(results.export_bundle(db, actor=SYSTEM, slug="evil")), "cases.csv")
    assert {row["source"] for row in rows} == {'\'=HYPERLINK("http://x")'}


def test_an_export_leaves_an_event(db: Database, study: str) -> None:
    results.export_bundle(db, actor=SYSTEM, slug=study)
    with db.reading() as session:
        verbs = session.scalars(sa.select(Event.verb).order_by(Event.id)).all()
    assert verbs[-1] == "export"


def test_simulated_readers_are_flagged_repeatable_and_fast(db: Database, study: str) -> None:
    start = time.perf_counter()
    assert simulate_readers(db, actor=SYSTEM, slug=study, readers=100, seed=1) == 1600
    assert time.perf_counter() - start < 10
    with pytest.raises(StudyError, match="new seed"):
        simulate_readers(db, actor=SYSTEM, slug=study, readers=1, seed=1)
    simulate_readers(db, actor=SYSTEM, slug=study, readers=2, seed=2)
    simulate_readers(db, actor=SYSTEM, slug="beta", readers=2, seed=2)
    assert {r.kind for r in summaries.progress(db, actor=SYSTEM, slug=study)} == {
        ReaderKind.SIMULATED
    }
    answers = [_answers_of(db, slug, "S2-0001") for slug in (study, "beta")]
    assert answers[0] == answers[1]


def _answers_of(db: Database, slug: str, code: str) -> dict[str, str]:
    content = results.export_bundle(db, actor=SYSTEM, slug=slug, kinds=[ReaderKind.SIMULATED])
    rows = table(unzip(content), "readings.csv")
    return {r["case_id"]: r["answer"] for r in rows if r["reader_id"] == code}


@pytest.mark.parametrize(("readers", "seed"), [(0, 1), (10_001, 1), (1, -1)])
def test_refuses_to_simulate_nonsense(db: Database, study: str, readers: int, seed: int) -> None:
    with pytest.raises(StudyError, match="from"):
        simulate_readers(db, actor=SYSTEM, slug=study, readers=readers, seed=seed)


@both_backends
def test_a_closed_study_is_not_simulated(db: Database, study: str) -> None:
    close(db, study)
    with pytest.raises(StateError, match="closed"):
        simulate_readers(db, actor=SYSTEM, slug=study, readers=1, seed=1)
