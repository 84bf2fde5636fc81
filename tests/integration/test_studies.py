"""Making, filling, opening and closing a study; everything that is refused on the way."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from data.taxonomy import DEMO8, ISIC2019
from readerstudy.db import Database
from readerstudy.db.tables import Event, ModelPrediction
from readerstudy.domain import SYSTEM, Actor, StudyState, StudySummary
from readerstudy.domain.errors import ImportRefused, NotFoundError, StateError, StudyError
from readerstudy.services import setup
from readerstudy.services.study import drafts, summaries
from tests.support.making import (
    answer_next,
    close,
    dump,
    make_reader,
    make_study,
    write_cases,
    write_predictions,
)


@pytest.fixture
def draft(db: Database) -> str:
    drafts.create_study(
        db, actor=SYSTEM, slug="draft", title="A draft", taxonomy=DEMO8, synthetic=False
    )
    return "draft"


@pytest.fixture
def filled(db: Database, draft: str, manifest: Path) -> str:
    drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=manifest)
    return draft


def summary(db: Database, slug: str) -> StudySummary:
    return next(s for s in summaries.list_studies(db, actor=SYSTEM) if s.slug == slug)


def add_model(db: Database, slug: str, csv: Path, name: str = "net") -> int:
    return drafts.import_predictions(db, actor=SYSTEM, slug=slug, name=name, csv=csv)


def test_a_study_goes_from_draft_to_closed(db: Database, filled: str, predictions: Path) -> None:
    assert summary(db, filled).state is StudyState.DRAFT
    assert add_model(db, filled, predictions) == 16
    seal = drafts.open_study(db, actor=SYSTEM, slug=filled)
    opened = summary(db, filled)
    assert (opened.state, opened.seal_hash, opened.n_cases) == (StudyState.OPEN, seal, 16)
    assert opened.models == ("net",)
    close(db, filled)
    assert summary(db, filled).state is StudyState.CLOSED


def test_the_summary_counts_humans_and_simulated_apart(
    db: Database, study: str, reader: Actor
) -> None:
    from readerstudy.services.results.simulation import simulate_readers

    answer_next(db, reader)
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=1)
    found = summary(db, study)
    assert (found.n_readers, found.n_simulated) == (1, 3)
    assert (found.n_answers, found.n_simulated_answers) == (1, 48)


@pytest.mark.parametrize("slug", ["", "Derm", "a b", "-a", "a" * 61, "../x", "ä"])
def test_refuses_names_that_make_bad_addresses(db: Database, slug: str) -> None:
    with pytest.raises(StudyError, match="small letters"):
        drafts.create_study(db, actor=SYSTEM, slug=slug, title="T", taxonomy=DEMO8, synthetic=True)


def test_refuses_a_name_twice_an_empty_title_and_an_unknown_rule(db: Database, draft: str) -> None:
    common = {"db": db, "actor": SYSTEM, "taxonomy": DEMO8, "synthetic": True}
    for changes, said in (
        ({"slug": draft, "title": "T"}, "new name"),
        ({"slug": "new", "title": "  "}, "title"),
        ({"slug": "new", "title": "T", "rule": "argmax"}, "renormalise or strict"),
    ):
        with pytest.raises(StudyError, match=said):
            drafts.create_study(**{**common, **changes})  # type: ignore[arg-type]


def test_an_unknown_study_is_named(db: Database) -> None:
    with pytest.raises(NotFoundError, match="'nope'"):
        drafts.open_study(db, actor=SYSTEM, slug="nope")


def test_images_are_stored_without_name_or_metadata(
    db: Database, filled: str, manifest: Path
) -> None:
    stored = sorted(path.name for path in db.images.iterdir())
    assert len(stored) == 16
    assert all(re.fullmatch(r"[0-9a-f]{64}\.png", name) for name in stored)


def test_all_bad_images_are_named_at_once_and_nothing_is_kept(
    db: Database, draft: str, tmp_path: Path
) -> None:
    manifest = write_cases(tmp_path, n_cases=6)
    (tmp_path / "1.png").write_bytes(b"<html>")
    (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes()[:60])
    (tmp_path / "5.png").write_bytes((tmp_path / "0.png").read_bytes())
    with pytest.raises(ImportRefused) as caught:
        drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=manifest)
    said = str(caught.value)
    assert "case-01: 1.png: Expected a JPEG" in said
    assert "case-03: 3.png: Expected a complete image" in said
    assert "case-05: the same image as case-00" in said
    assert summary(db, draft).n_cases == 0


def test_a_text_too_long_for_the_database_is_a_fault_of_its_row(
    db: Database, draft: str, manifest: Path, tmp_path: Path
) -> None:
    cases = pd.read_csv(manifest)
    cases["path"] = [str((manifest.parent / p).resolve()) for p in cases["path"]]
    cases["licence"] = ["x" * 501, *["CC0"] * (len(cases) - 1)]
    cases.to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(ImportRefused, match="case-00: licence has 501 characters, at most 500"):
        drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=tmp_path / "m.csv")


def test_classes_of_another_study_are_refused_row_by_row(
    db: Database, draft: str, tmp_path: Path
) -> None:
    manifest = write_cases(tmp_path, n_cases=8, taxonomy=ISIC2019)
    with pytest.raises(ImportRefused, match=r"(?s)'MEL' is not a class.*'NV' is not a class"):
        drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=manifest)


def test_faults_of_the_table_and_of_the_pictures_come_at_once_by_line(
    db: Database, draft: str, tmp_path: Path
) -> None:
    manifest = write_cases(tmp_path, n_cases=5)
    cases = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    cases.loc[0, "label"] = "XX"
    cases.loc[2, "path"] = "absent.png"
    cases["repeat"] = ["", "", "", "perhaps", ""]
    cases.to_csv(manifest, index=False)
    (tmp_path / "1.png").write_bytes(b"<html>")
    (tmp_path / "4.png").write_bytes((tmp_path / "0.png").read_bytes())
    with pytest.raises(ImportRefused, match="5 faults") as caught:
        drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=manifest)
    told = str(caught.value).splitlines()[1:]
    assert [line[:6] for line in told] == [f"line {n}" for n in (2, 3, 4, 5, 6)]
    assert "is not a class" in told[0]
    assert "case-01: 1.png: Expected a JPEG" in told[1]
    assert "absent.png' is not there" in told[2]
    assert "repeat is yes, no or empty" in told[3]
    assert "case-04: the same image as case-00" in told[4]
    assert summary(db, draft).n_cases == 0


def test_cases_are_added_once(db: Database, filled: str, manifest: Path) -> None:
    with pytest.raises(ImportRefused, match="has a case of this name"):
        drafts.import_cases(db, actor=SYSTEM, slug=filled, manifest=manifest)
    assert summary(db, filled).n_cases == 16


Change = Callable[[pd.DataFrame], pd.DataFrame]
CHANGES: dict[str, tuple[Change, str]] = {
    "missing and extra cases": (
        lambda t: t.replace({"case_id": {"case-03": "case-99"}}),
        r"(?s)line 5, case-99: the study has no such case.*no row for case-03",
    ),
    "a case twice": (
        lambda t: pd.concat([t, t.head(1)]),
        "line 2, case-00: the case is there 2 times",
    ),
    "a missing class": (lambda t: t.drop(columns=["p_BCC"]), "p_BCC are missing"),
    "a sum above 1": (lambda t: t.assign(p_BCC=t["p_BCC"] + 0.5), "line 2, case-00: the sum is"),
    "a negative value": (lambda t: t.assign(p_BCC=-0.1), "not from 0 to 1"),
    "an empty cell": (lambda t: t.assign(p_BCC=float("nan")), "not from 0 to 1"),
    "text": (lambda t: t.assign(p_BCC="high"), "p_BCC is 'high', not from 0 to 1"),
    "no case column": (lambda t: t.drop(columns=["case_id"]), "column case_id"),
    "a class beyond the sidecar": (lambda t: t.assign(p_XYZ=0.0), "do not belong together"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_predictions_that_do_not_fit_are_refused(
    db: Database, filled: str, predictions: Path, tmp_path: Path, name: str
) -> None:
    change, said = CHANGES[name]
    csv = tmp_path / "bad.csv"
    change(pd.read_csv(predictions)).to_csv(csv, index=False)
    csv.with_suffix(".json").write_text(predictions.with_suffix(".json").read_text())
    with pytest.raises(ImportRefused, match=said):
        add_model(db, filled, csv)
    assert summary(db, filled).models == ()


def test_all_bad_rows_of_predictions_are_told_at_once(
    db: Database, filled: str, predictions: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(predictions, dtype=str)
    table.loc[0, "p_BCC"] = "high"
    table.loc[1, "p_BCC"] = "0.9999"
    table.loc[2, "case_id"] = "case-99"
    csv = tmp_path / "bad.csv"
    table.to_csv(csv, index=False)
    csv.with_suffix(".json").write_text(predictions.with_suffix(".json").read_text())
    with pytest.raises(ImportRefused, match="4 faults") as caught:
        add_model(db, filled, csv)
    told = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0] for line in told[:3]] == [
        "line 2, case-00",
        "line 3, case-01",
        "line 4, case-99",
    ]
    assert told[3] == "there is no row for case-02"


def test_a_refused_import_leaves_no_image_behind(
    db: Database, draft: str, manifest: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(manifest)
    table["path"] = [str((manifest.parent / p).resolve()) for p in table["path"]]
    table.loc[15, "label"] = "XX"
    table.to_csv(tmp_path / "m.csv", index=False)
    before = sorted(db.images.glob("*"))
    with pytest.raises(ImportRefused):
        drafts.import_cases(db, actor=SYSTEM, slug=draft, manifest=tmp_path / "m.csv")
    assert sorted(db.images.glob("*")) == before


SIDECARS = [
    None,
    "{",
    "[]",
    '{"checkpoint_sha256": "beef"}',
    '{"checkpoint_sha256": "' + "ab" * 32 + '", "auc": NaN}',
]


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_predictions_need_a_sidecar_with_the_checkpoints_hash(
    db: Database, filled: str, predictions: Path, tmp_path: Path, sidecar: str | None
) -> None:
    csv = tmp_path / "alone.csv"
    csv.write_text(predictions.read_text())
    if sidecar is not None:
        csv.with_suffix(".json").write_text(sidecar)
    with pytest.raises(ImportRefused, match="checkpoint"):
        add_model(db, filled, csv)


@pytest.mark.parametrize(
    "taxonomy", [["BCC"], "BCC", {"diseases": 3}, {"diseases": [{"name_en": "no code"}]}]
)
def test_a_sidecar_with_a_malformed_taxonomy_is_refused_in_words(
    db: Database, filled: str, predictions: Path, tmp_path: Path, taxonomy: object
) -> None:
    csv = tmp_path / "odd.csv"
    csv.write_text(predictions.read_text())
    card = {"checkpoint_sha256": "ab" * 32, "taxonomy": taxonomy}
    csv.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(ImportRefused, match="taxonomy to be a list of diseases"):
        add_model(db, filled, csv)


def test_a_model_is_named_once_and_safely(db: Database, filled: str, predictions: Path) -> None:
    add_model(db, filled, predictions)
    with pytest.raises(StudyError, match="new model name"):
        add_model(db, filled, predictions)
    with pytest.raises(StudyError, match="letters, digits"):
        add_model(db, filled, predictions, name="../../etc/passwd")


def test_an_empty_study_does_not_open(db: Database, draft: str) -> None:
    with pytest.raises(StateError, match="at least one test case"):
        drafts.open_study(db, actor=SYSTEM, slug=draft)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (sa.delete(ModelPrediction), "case-00 .*; case-15 "),
        (sa.update(ModelPrediction).values(probabilities={"BCC": 1.0}), r"case-00 \(SK, "),
    ],
)
def test_predictions_with_gaps_do_not_open_a_study(
    db: Database, filled: str, predictions: Path, damage: sa.Delete | sa.Update, said: str
) -> None:
    """As another program, or a version that checked less, may have left them."""
    add_model(db, filled, predictions)
    with db.transaction() as session:
        session.execute(damage)
    with pytest.raises(StateError, match=said):
        drafts.open_study(db, actor=SYSTEM, slug=filled)
    assert summary(db, filled).state is StudyState.DRAFT


def test_an_open_study_takes_no_cases_no_model_and_no_second_seal(
    db: Database, study: str, manifest: Path, predictions: Path
) -> None:
    before = summary(db, study).seal_hash
    for verb in (
        lambda: drafts.import_cases(db, actor=SYSTEM, slug=study, manifest=manifest),
        lambda: add_model(db, study, predictions, "late"),
        lambda: drafts.open_study(db, actor=SYSTEM, slug=study),
    ):
        with pytest.raises(StateError, match="draft"):
            verb()
    assert summary(db, study).seal_hash == before


def test_the_seal_depends_on_reference_images_predictions_and_rule(
    db: Database, manifest: Path, predictions: Path, tmp_path: Path
) -> None:
    other_labels = pd.read_csv(manifest)
    other_labels["path"] = [str((manifest.parent / p).resolve()) for p in other_labels["path"]]
    other_labels["label"] = "BCC"
    other_labels.to_csv(tmp_path / "m.csv", index=False)
    other_model = write_predictions(tmp_path / "p.csv", manifest=tmp_path / "m.csv")
    seals = set()
    for slug, cases, model in (
        ("a", manifest, predictions),
        ("b", tmp_path / "m.csv", predictions),
        ("c", manifest, other_model),
        ("d", manifest, None),
    ):
        make_study(db, slug, cases, model)
        seals.add(summary(db, slug).seal_hash)
    assert len(seals) == 4


def test_invitations_are_unique_counted_and_stored_hashed(db: Database, study: str) -> None:
    links = drafts.invite(db, actor=SYSTEM, slug=study, count=5)
    assert len(set(links)) == 5
    stored = dump(db)
    assert not [link for link in links if link in stored]
    for count in (0, -1, 1001):
        with pytest.raises(StudyError, match="from 1 to 1000"):
            drafts.invite(db, actor=SYSTEM, slug=study, count=count)


def test_progress_shows_stage_and_last_answer(db: Database, study: str) -> None:
    first, second = make_reader(db, study), make_reader(db, study)
    answer_next(db, second)
    rows = summaries.progress(db, actor=SYSTEM, slug=study)
    assert [(r.code, r.answered, r.total) for r in rows] == [
        (first.name, 0, 16),
        (second.name, 1, 16),
    ]
    assert rows[0].last_answer_at is None
    assert rows[1].last_answer_at is not None
    assert rows[1].last_answer_at.tzinfo is not None


def demo_files(folder: Path, *, with_predictions: bool) -> Path:
    folder.mkdir()
    manifest = write_cases(folder, n_cases=8)
    if with_predictions:
        write_predictions(folder / "predictions.csv", manifest=manifest, name="phantom")
    return folder


@pytest.mark.parametrize("with_predictions", [True, False])
def test_the_first_start_makes_the_demo_and_repeating_it_changes_nothing(
    db: Database, tmp_path: Path, with_predictions: bool
) -> None:
    files = demo_files(tmp_path / "demo", with_predictions=with_predictions)
    first = setup.initialise(db, password=None, demo=files)
    again = setup.initialise(db, password=None, demo=files)
    assert first.drawn_password is not None
    assert again.drawn_password is None
    assert first.demo == again.demo
    assert first.demo is not None
    assert first.demo.state is StudyState.OPEN
    assert first.demo.models == (("phantom",) if with_predictions else ())
    assert "synthetic" in first.demo.title


def test_an_interrupted_first_start_is_finished_by_the_next(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = demo_files(tmp_path / "demo", with_predictions=True)
    for verb in ("import_cases", "import_predictions", "open_study"):
        with monkeypatch.context() as patch:
            patch.setattr(drafts, verb, _interrupted)
            with pytest.raises(KeyboardInterrupt):
                setup.initialise(db, password=None, demo=files)
    done = setup.initialise(db, password=None, demo=files)
    assert done.demo is not None
    assert (done.demo.state, done.demo.n_cases) == (StudyState.OPEN, 8)


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_every_change_leaves_an_event(db: Database, study: str) -> None:
    query = sa.select(Event).where(Event.subject == "alpha").order_by(Event.id)
    with db.reading() as session:
        events = session.scalars(query).all()
    assert [(event.verb, event.actor) for event in events] == [
        (verb, "owner:system")
        for verb in ("create_study", "import_cases", "import_predictions", "open_study")
    ]
    assert events[-1].new is not None
    assert events[-1].new["seal"] == summary(db, study).seal_hash


def test_cases_cannot_be_added_behind_predictions(db, manifest, predictions, tmp_path):
    (tmp_path / "more").mkdir()
    more = write_cases(tmp_path / "more", n_cases=20)
    heading, *rows = more.read_text().splitlines()
    more.write_text("\n".join([heading, *rows[16:]]))  # the first 16 are in the study
    drafts.create_study(db, actor=SYSTEM, slug="late", title="Late", taxonomy=DEMO8, synthetic=True)
    drafts.import_cases(db, actor=SYSTEM, slug="late", manifest=manifest)
    drafts.import_predictions(db, actor=SYSTEM, slug="late", name="net", csv=predictions)
    with pytest.raises(StateError, match="before the first predictions"):
        drafts.import_cases(db, actor=SYSTEM, slug="late", manifest=more)
    assert drafts.open_study(db, actor=SYSTEM, slug="late")
