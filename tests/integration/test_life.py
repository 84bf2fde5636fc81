"""A study after its opening: closed, reopened, archived, copied, amended; and the audit trail."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data.errors import UserError
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.queries.studies import study_by_slug
from readerstudy.db.tables import Study
from readerstudy.domain import SYSTEM, Actor, SignOff, StudyState
from readerstudy.domain.errors import StateError, StudyError
from readerstudy.domain.protocol import Feedback, Policies, Protocol
from readerstudy.domain.seal import seal_of
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from readerstudy.services.study import amendments, drafts, lifecycle, seal_content, summaries, trail
from tests.integration.test_results import table, unzip
from tests.support.making import answer_next, close, dump, make_reader

SIGNED = SignOff(name="Ada Example", statement="All readings are in.")
WHY = "second histology"


def found(db: Database, slug: str) -> Study:
    with db.reading() as session:
        study = session.scalar(sa.select(Study).where(Study.slug == slug))
        assert study is not None
        return study


def amend(db: Database, slug: str, **changes: str) -> None:
    given = {"case_id": "case-00", "label": "SK", "basis": "histology", "reason": WHY} | changes
    amendments.amend_reference(db, actor=SYSTEM, slug=slug, **given)


def last(db: Database, slug: str) -> trail.TrailEvent:
    return trail.trail(db, actor=SYSTEM, slug=slug).events[0]


def reopen(db: Database, slug: str, reason: str = "late readers") -> None:
    lifecycle.reopen_study(db, actor=SYSTEM, slug=slug, reason=reason)


def archive(db: Database, slug: str) -> None:
    lifecycle.archive_study(db, actor=SYSTEM, slug=slug)


def test_closing_keeps_who_signed_and_the_trail_tells(db: Database, study: str) -> None:
    lifecycle.close_study(db, actor=SYSTEM, slug=study, sign_off=SIGNED)
    closed = found(db, study)
    assert closed.state is StudyState.CLOSED
    assert closed.sign_off is not None
    assert closed.sign_off["name"] == SIGNED.name
    assert closed.sign_off["statement"] == SIGNED.statement
    event = last(db, study)
    assert (event.verb, event.actor) == ("close_study", "owner:system")
    assert SIGNED.statement in event.new


@pytest.mark.parametrize(
    "signed", [SignOff(" ", "Done."), SignOff("Ada", ""), SignOff("A", "x" * 3000)]
)
def test_closing_needs_a_name_and_a_statement(db: Database, study: str, signed: SignOff) -> None:
    with pytest.raises(StudyError, match="characters"):
        lifecycle.close_study(db, actor=SYSTEM, slug=study, sign_off=signed)
    assert found(db, study).state is StudyState.OPEN


@pytest.mark.parametrize(
    ("protocol", "named"),
    [
        (Protocol(policies=Policies(back=True, revise=True)), "policies.revise"),
        (Protocol(feedback=Feedback(missed_cases=True)), "feedback.missed_cases"),
    ],
)
def test_what_readers_were_told_after_closing_is_not_undone(
    db: Database, manifest: Path, protocol: Protocol, named: str
) -> None:
    drafts.create_study(
        db, actor=SYSTEM, slug="told", title="Told", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="told", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="told")
    close(db, "told")
    with pytest.raises(StateError, match=f"without {named} in order to reopen"):
        reopen(db, "told")
    assert [s.keeps_closed for s in summaries.list_studies(db, actor=SYSTEM)] == [named]
    assert found(db, "told").state is StudyState.CLOSED


def test_reopening_keeps_the_seal_and_leaves_a_trace(
    db: Database, study: str, reader: Actor
) -> None:
    seal = found(db, study).seal_hash
    close(db, study)
    assert answering.current_case(db, actor=reader) is None
    reopen(db, study)
    opened = found(db, study)
    assert (opened.state, opened.seal_hash, opened.closed_at) == (StudyState.OPEN, seal, None)
    assert opened.sign_off is None
    event = last(db, study)
    assert (event.verb, event.reason) == ("reopen_study", "late readers")
    assert "All readings are in." in event.old
    answer_next(db, reader)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_reopening_and_amending_need_a_reason(db: Database, study: str, reason: str) -> None:
    close(db, study)
    before = dump(db)
    for verb in (lambda: reopen(db, study, reason), lambda: amend(db, study, reason=reason)):
        with pytest.raises(StudyError, match="a reason of 1 to 500"):
            verb()
    assert dump(db) == before


def test_an_archived_study_shows_results_and_takes_nothing(db: Database, study: str) -> None:
    close(db, study)
    archive(db, study)
    for verb in (reopen, archive, close, amend):
        with pytest.raises(StateError, match="archived"):
            verb(db, study)
    with pytest.raises(StateError, match="archived"):
        drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    exported = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    assert json.loads(exported["study.json"])["state"] == "archived"


@pytest.mark.parametrize(
    ("verb", "said"),
    [(reopen, "closed"), (archive, "closed"), (amend, "closed")],
)
def test_an_open_study_is_not_reopened_archived_or_amended(
    db: Database, study: str, verb: Callable[..., Any], said: str
) -> None:
    before = dump(db)
    with pytest.raises(StateError, match=f"{said}.* but this one is open"):
        verb(db, study)
    assert dump(db) == before


def test_a_draft_is_neither_closed_nor_reopened(db: Database, study: str) -> None:
    lifecycle.copy_study(db, actor=SYSTEM, slug=study, new_slug="copy", title="Copy")
    for verb in (close, reopen, archive, amend):
        with pytest.raises(StateError, match="but this one is draft"):
            verb(db, "copy")


def test_a_copy_has_the_settings_and_cases_but_no_readers(
    db: Database, study: str, reader: Actor
) -> None:
    answer_next(db, reader)
    lifecycle.copy_study(
        db, actor=SYSTEM, slug=study, new_slug="copy", title=" Copy ", with_cases=True
    )
    [copy] = [s for s in summaries.list_studies(db, actor=SYSTEM) if s.slug == "copy"]
    assert (copy.title, copy.state, copy.seal_hash) == ("Copy", StudyState.DRAFT, None)
    assert (copy.n_cases, copy.n_readers, copy.n_answers, copy.models) == (16, 0, 0, ())
    assert found(db, "copy").protocol == found(db, study).protocol
    assert found(db, "copy").consent_text == found(db, study).consent_text
    drafts.open_study(db, actor=SYSTEM, slug="copy")
    theirs = make_reader(db, "copy")
    case = answering.current_case(db, actor=theirs)
    assert case is not None
    assert answering.case_image(db, actor=theirs, case_token=case.case_token)


@pytest.mark.parametrize(
    ("slug", "title", "said"),
    [
        ("beta", "T", "there is a study"),
        ("A b", "T", "small letters"),
        ("demo", "T", "kept"),
        ("x", " ", "title"),
    ],
)
def test_a_copy_needs_a_name_that_can_be(
    db: Database, study: str, slug: str, title: str, said: str
) -> None:
    before = dump(db)
    with pytest.raises(StudyError, match=said):
        lifecycle.copy_study(db, actor=SYSTEM, slug=study, new_slug=slug, title=title)
    assert dump(db) == before


def test_an_amendment_changes_results_but_not_the_seal(
    db: Database, study: str, reader: Actor
) -> None:
    answer_next(db, reader)
    close(db, study)
    before = results.study_results(db, actor=SYSTEM, slug=study)
    amend(db, study)
    amend(db, study, label="BCC")
    after = results.study_results(db, actor=SYSTEM, slug=study)
    assert "amended" not in str(before.meta["notes"])
    assert "2 reference standards were amended" in str(after.meta["notes"])
    exported = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    seal = found(db, study).seal_hash
    assert hashlib.sha256(exported["seal.json"]).hexdigest() == seal
    assert json.loads(exported["study.json"])["n_amendments"] == 2
    assert "2 reference standards were amended" in exported["README.txt"].decode()
    rows = table(exported, "amendments.csv")
    assert [(r["case_id"], r["new_truth"], r["reason"]) for r in rows] == [
        ("case-00", "SK", WHY),
        ("case-00", "BCC", WHY),
    ]
    truths = {r["case_id"]: (r["truth"], r["basis"]) for r in table(exported, "cases.csv")}
    assert truths["case-00"] == ("BCC", "histology")


def test_the_seal_holds_the_basis_of_opening_and_what_results_are_grouped_by(
    db: Database, study: str
) -> None:
    close(db, study)
    amend(db, study)
    exported = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    sealed = {case["case_id"]: case for case in json.loads(exported["seal.json"])["cases"]}
    assert sealed["case-00"]["basis"] == ""
    assert {"patient_id", "lesion_id", "skin_tone", "site", "age_band"} <= set(sealed["case-01"])


def test_a_seal_of_the_first_format_still_holds(db: Database, study: str) -> None:
    """Of a study that was opened before the seal had the basis."""
    with db.transaction() as session:
        its = study_by_slug(session, study)
        its.seal_hash = seal = seal_of(seal_content._content(session, its, 1))
    exported = unzip(results.export_bundle(db, actor=SYSTEM, slug=study))
    assert hashlib.sha256(exported["seal.json"]).hexdigest() == seal


def test_an_amendment_is_in_the_trail_with_old_new_and_reason(db: Database, study: str) -> None:
    close(db, study)
    amend(db, study, case_id=" case-01 ", label="BCC")
    event = last(db, study)
    assert (event.verb, event.subject, event.reason) == ("amend_reference", "case-01", WHY)
    assert json.loads(event.new) == {"label": "BCC", "basis": "histology"}
    assert json.loads(event.old)["label"] == "SK"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"case_id": "gone"}, "none named 'gone'"),
        ({"label": "XX"}, "got 'XX'"),
        ({"basis": ""}, "a basis"),
        ({"basis": "x" * 201}, "a basis"),
    ],
)
def test_an_amendment_that_cannot_be_changes_nothing(
    db: Database, study: str, changes: dict[str, str], said: str
) -> None:
    close(db, study)
    before = dump(db)
    with pytest.raises(UserError, match=said):
        amend(db, study, **changes)
    assert dump(db) == before


def test_an_amendment_to_what_it_is_already_is_refused(db: Database, study: str) -> None:
    close(db, study)
    amend(db, study)
    with pytest.raises(StudyError, match="already; nothing was changed"):
        amend(db, study)


def test_the_trail_of_a_study_names_no_other(db: Database, study: str) -> None:
    close(db, study)
    own = trail.trail(db, actor=SYSTEM, slug="beta")
    assert {event.subject for event in own.events} == {"beta"}
    assert trail.trail(db, actor=SYSTEM).total > own.total


def test_the_trail_as_a_file_holds_no_formula(db: Database, study: str) -> None:
    close(db, study)
    reopen(db, study, "=HYPERLINK(1)")
    text = trail.trail_csv(db, actor=SYSTEM, slug=study)
    lines = text.splitlines()
    assert lines[0] == "at,actor,verb,subject,old,new,reason"
    assert "create_study" in lines[1]
    assert lines[-1].endswith(",'=HYPERLINK(1)")
