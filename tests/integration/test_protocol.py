"""Studies with more than one forced choice: practice, checks, repeats, advice, time, exclusions."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
import yaml

from data.taxonomy import DEMO8
from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.tables import Assignment
from readerstudy.domain import SYSTEM, Actor, Arm, CaseView, Given, Measured, Saved
from readerstudy.domain.errors import AnswerError, ImportRefused, StateError, StudyError
from readerstudy.domain.protocol import Aid, Analysis, Order, Protocol, Questions
from readerstudy.services.reading import answering, joining
from readerstudy.services.results import results, simulation
from readerstudy.services.study import drafts, summaries
from readerstudy.services.study.study_file import read_study_file, write_study_file
from tests.support.making import make_reader, write_cases, write_predictions

ROLES = ["", "", "", "", "", "", "", "", "practice", "attention"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Eight test cases, the first two repeated, one for practice and one as a check."""
    manifest = write_cases(tmp_path, n_cases=10)
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    table["role"] = ROLES
    table["repeat"] = ["yes", "yes", *["no"] * 8]
    table["clinical_text"] = [f"Patient {number}" for number in range(10)]
    table["basis"] = "histology"
    table.to_csv(manifest, index=False)
    write_predictions(tmp_path / "net.csv", manifest=manifest)
    return tmp_path


def make(db: Database, files: Path, protocol: Protocol) -> str:
    drafts.create_study(
        db, actor=SYSTEM, slug="full", title="Full", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="full", manifest=files / "manifest.csv")
    drafts.import_predictions(db, actor=SYSTEM, slug="full", name="net", csv=files / "net.csv")
    drafts.open_study(db, actor=SYSTEM, slug="full")
    return "full"


def shown(db: Database, actor: Actor) -> CaseView:
    case = answering.current_case(db, actor=actor)
    assert case is not None
    return case


def answer(db: Database, actor: Actor, given: Given) -> Saved:
    case = shown(db, actor)
    return answering.submit_answer(
        db, actor=actor, case_token=case.case_token, given=given,
        client_token=f"c-{case.case_token}", measured=Measured(active_ms=10, screen="800x600"),
    )  # fmt: skip


def read_all(db: Database, actor: Actor, code: str = "BCC") -> list[CaseView]:
    seen = []
    while (case := answering.current_case(db, actor=actor)) is not None:
        seen.append(case)
        answer(db, actor, Given(answer=code))
    return seen


def arms_of(db: Database, actor: Actor) -> list[Arm]:
    """What the reader's page is not told."""
    query = sa.select(Assignment.arm).where(Assignment.reader_id == actor.reader_id)
    with db.reading() as session:
        return list(session.scalars(query.order_by(Assignment.position)))


def table(db: Database, slug: str, name: str) -> list[dict[str, str]]:
    bundle = results.export_bundle(db, actor=SYSTEM, slug=slug)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


AIDED = Protocol(aid=Aid(design="second-read", model="net", wrong_share=0.25))


def test_practice_checks_repeats_and_second_readings_are_read_and_kept_apart(
    db: Database, files: Path
) -> None:
    slug = make(db, files, AIDED)
    seen = read_all(db, reader := make_reader(db, slug))
    arms = arms_of(db, reader)
    assert [case.is_practice for case in seen] == [True] + [False] * 19
    assert arms[0] is Arm.PRACTICE
    assert [arms.count(arm) for arm in Arm] == [8, 8, 1, 1, 2]
    assert {case.clinical_text for case in seen} == {f"Patient {n}" for n in range(10)}
    analysis = results.study_results(db, actor=SYSTEM, slug=slug)
    assert (analysis.meta["n_cases"], analysis.meta["n_answers"]) == (8, 8)
    assert analysis.meta["n_aided"] == 8
    assert analysis.find(subject="mean_reader:aided - mean_reader")
    rows = table(db, slug, "readings.csv")
    assert len(rows) == 20
    assert all(bool(row["advice"]) == (row["arm"] == "aided") for row in rows)
    assert sum(row["is_misled"] == "true" for row in rows) == 2
    cases = {row["case_id"]: row for row in table(db, slug, "cases.csv")}
    assert [cases[f"case-{n:02d}"]["role"] for n in (0, 8, 9)] == ["test", "practice", "attention"]
    assert cases["case-00"]["basis"] == "histology"


def test_the_malignant_classes_are_told_together_where_the_protocol_says(
    db: Database, files: Path
) -> None:
    summed = Protocol(aid=Aid(design="second-read", model="net", top_k=8, malignancy=True))
    slug = make(db, files, summed)
    advised = [case.advice for case in read_all(db, make_reader(db, slug)) if case.advice]
    malignant = {disease.code for disease in DEMO8.diseases if disease.malignant}
    for advice in advised:
        expected = sum(p for code, p in advice.shown if code in malignant)
        assert advice.malignancy == pytest.approx(expected, abs=1e-3)
    rows = [row for row in table(db, slug, "readings.csv") if row["arm"] == "aided"]
    assert [float(row["advice_malignancy"]) for row in rows] == [a.malignancy for a in advised]


def test_advice_comes_after_the_first_answer_and_does_not_say_that_it_is_wrong(
    db: Database, files: Path
) -> None:
    actor = make_reader(db, make(db, files, AIDED))
    answer(db, actor, Given(answer="BCC"))
    first = shown(db, actor)
    assert (first.advice, first.first_answer) == (None, None)
    answer(db, actor, Given(answer="SK"))
    second = shown(db, actor)
    assert second.first_answer == "SK"
    assert second.advice is not None
    shares = [share for _, share in second.advice.shown]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)
    assert "misled" not in repr(second)
    assert "suggests" not in repr(second)


def test_crossed_blocks_show_advice_without_a_first_answer(db: Database, files: Path) -> None:
    crossed = Protocol(aid=Aid(design="crossed", model="net", block=2))
    seen = read_all(db, reader := make_reader(db, make(db, files, crossed)))
    read = zip(arms_of(db, reader), seen, strict=True)
    test = [(arm, case) for arm, case in read if arm in (Arm.UNAIDED, Arm.AIDED)]
    assert [arm is Arm.AIDED for arm, _ in test] == [False, False, True, True] * 2
    assert all((case.advice is None) == (arm is Arm.UNAIDED) for arm, case in test)
    assert all(case.first_answer is None for _, case in test)


def test_whatever_is_asked_is_stored(db: Database, files: Path) -> None:
    questions = Questions(
        cannot_tell=True, top3=True, management=("wait", "treat"), option_order="shuffled"
    )
    slug = make(db, files, Protocol(questions=questions))
    actor = make_reader(db, slug)
    orders = {tuple(o.code for o in shown(db, a).options) for a in (actor, make_reader(db, slug))}
    assert len(orders) == 2
    assert all(sorted(order) == sorted(DEMO8.codes) for order in orders)
    answer(db, actor, Given("BCC", "SK", "MN", confidence=7, management="treat"))
    with pytest.raises(AnswerError, match="wait, treat"):
        answer(db, actor, Given("BCC"))
    answer(db, actor, Given("", cannot_tell=True, management="wait"))
    assert shown(db, actor).position == 3
    rows = [row for row in table(db, slug, "readings.csv") if row["management"]]
    assert [row["answer"] for row in rows] == ["BCC", ""]
    assert [row["answer_3"] for row in rows] == ["MN", ""]
    assert [row["cannot_tell"] for row in rows] == ["false", "true"]
    assert rows[0]["screen"] == "800x600"


def test_a_time_out_is_missing_and_a_late_answer_is_one(
    db: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = make(db, files, Protocol(time_limit_s=30))
    actor = make_reader(db, slug)
    left = shown(db, actor).seconds_left
    assert left is not None
    assert 29 < left <= 30
    answer(db, actor, Given(answer="", timed_out=True))
    start = clock.now()
    shown(db, actor)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=85))
    answer(db, actor, Given(answer="BCC"))  # on its way for a while, still counts
    shown(db, actor)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=85 + 95))
    answer(db, actor, Given(answer="BCC"))
    rows = table(db, slug, "readings.csv")[:3]
    assert [row["timed_out"] for row in rows] == ["true", "false", "true"]
    assert [row["answer"] for row in rows] == ["", "BCC", ""]


def test_batches_give_each_reader_some_cases(db: Database, files: Path) -> None:
    slug = make(db, files, Protocol(order=Order(rule="batch", size=3)))
    read_all(db, reader := make_reader(db, slug))
    assert arms_of(db, reader).count(Arm.UNAIDED) == 3
    analysis = results.study_results(db, actor=SYSTEM, slug=slug)
    assert analysis.meta["n_answers"] == 3


def test_readers_are_left_out_by_the_sealed_rules_and_named(db: Database, files: Path) -> None:
    rule = Analysis(min_answered=0.5, max_attention_errors=0, margin=0.1)
    slug = make(db, files, Protocol(analysis=rule))
    read_all(db, make_reader(db, slug), code=DEMO8.codes[9 % 8])  # the check's own class
    read_all(db, wrong := make_reader(db, slug), code=DEMO8.codes[0])
    answer(db, lazy := make_reader(db, slug), Given("BCC"))
    analysis = results.study_results(db, actor=SYSTEM, slug=slug)
    codes = {actor: joining.status(db, actor=actor).code for actor in (wrong, lazy)}
    assert analysis.meta["n_readers"] == 1
    assert set(analysis.meta["excluded"]) == set(codes.values())
    assert "attention" in analysis.meta["excluded"][codes[wrong]]
    assert analysis.meta["margin"] == 0.1
    readers = {row["reader_id"]: row["excluded"] for row in table(db, slug, "readers.csv")}
    assert sum(bool(why) for why in readers.values()) == 2
    left_out = table(db, slug, "readings_left_out.csv")
    assert {row["reader_id"] for row in left_out} == set(codes.values())


def test_simulated_readers_follow_the_protocol(db: Database, files: Path) -> None:
    questions = Questions(confidence=False, management=("wait", "treat"))
    slug = make(db, files, Protocol(aid=AIDED.aid, questions=questions))
    count = simulation.simulate_readers(db, actor=SYSTEM, slug=slug, readers=5, seed=1)
    assert count == 5 * 20
    rows = table(db, slug, "readings.csv")
    assert {row["confidence"] for row in rows} == {""}
    assert {row["management"] for row in rows} == {"wait", "treat"}
    aided = [row for row in rows if row["arm"] == "aided"]
    assert 0 < sum(row["answer"] == row["advice"] for row in aided) < len(aided)


def test_the_seal_covers_the_protocol(db: Database, files: Path) -> None:
    make(db, files, Protocol())
    plain = summaries.list_studies(db, actor=SYSTEM)[0].seal_hash
    other = Protocol(analysis=Analysis(margin=0.05))
    drafts.create_study(
        db, actor=SYSTEM, slug="other", title="Full", taxonomy=DEMO8, synthetic=True, protocol=other
    )
    drafts.import_cases(db, actor=SYSTEM, slug="other", manifest=files / "manifest.csv")
    assert drafts.open_study(db, actor=SYSTEM, slug="other") != plain


def test_promised_advice_needs_its_model(db: Database, files: Path) -> None:
    drafts.create_study(
        db, actor=SYSTEM, slug="full", title="Full", taxonomy=DEMO8, synthetic=True, protocol=AIDED
    )
    drafts.import_cases(db, actor=SYSTEM, slug="full", manifest=files / "manifest.csv")
    with pytest.raises(StateError, match="predictions of net"):
        drafts.open_study(db, actor=SYSTEM, slug="full")


def test_bad_roles_are_all_named(db: Database, files: Path) -> None:
    content = pd.read_csv(files / "manifest.csv", dtype=str, keep_default_na=False)
    content.loc[0, "role"] = "test!"
    content.loc[1, "repeat"] = "maybe"
    content.loc[8, "repeat"] = "yes"
    content.to_csv(files / "manifest.csv", index=False)
    drafts.create_study(db, actor=SYSTEM, slug="full", title="Full", taxonomy=DEMO8, synthetic=True)
    with pytest.raises(ImportRefused, match="3 faults") as caught:
        drafts.import_cases(db, actor=SYSTEM, slug="full", manifest=files / "manifest.csv")
    assert all(text in str(caught.value) for text in ("'test!'", "'maybe'", "for practice"))


FILE = """
slug: from-file
title: From a file
taxonomy: DEMO8
protocol:
  questions: {top3: true, management: [wait, treat]}
  order: {rule: anchor, anchor: 4, size: 2}
  analysis: {margin: 0.05, planned_readers: 280}
"""


def test_a_file_makes_a_study_and_the_export_gives_the_same_file_back(
    db: Database, files: Path
) -> None:
    path = files / "study.yaml"
    path.write_text(FILE)
    drafts.create_study(db, actor=SYSTEM, **read_study_file(path).arguments(folder=files))
    drafts.import_cases(db, actor=SYSTEM, slug="from-file", manifest=files / "manifest.csv")
    bundle = results.export_bundle(db, actor=SYSTEM, slug="from-file")
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        path.write_bytes(archive.read("study.yaml"))
    again = read_study_file(path)
    assert again.protocol.order == Order(rule="anchor", anchor=4, size=2)
    assert again.protocol.analysis.planned_readers == 280
    assert again.arguments(folder=files)["taxonomy"] == DEMO8
    path.write_text(path.read_text().replace("slug: from-file", "slug: twin"))
    drafts.create_study(db, actor=SYSTEM, **read_study_file(path).arguments(folder=files))
    with db.reading() as session:
        twins = [drafts.queries.study_by_slug(session, slug) for slug in ("from-file", "twin")]
        texts = [write_study_file(study) for study in twins]
    assert texts[0].replace("from-file", "twin") == texts[1]


def test_everything_wrong_in_a_file_is_named(tmp_path: Path) -> None:
    content = yaml.safe_load(FILE)
    content["protocol"]["order"]["rule"] = "some"
    content["protocol"]["aid"] = {"design": "second-read"}
    content["titel"] = content.pop("title")
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(StudyError, match="4 settings are wrong") as caught:
        read_study_file(path)
    said = str(caught.value)
    assert "titel: there is no such setting" in said
    assert "title: is missing" in said
    assert "protocol.order.rule" in said
    assert "name the model whose advice is shown" in said
