"""Commands on a study that has been opened: its life, its trail, and who takes part."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from readerstudy.commands import main
from readerstudy.config import SETTINGS
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Actor, ContactData, StudyState, StudySummary
from readerstudy.services import accounts
from readerstudy.services.people import invitations, requests
from readerstudy.services.reading import joining
from readerstudy.services.study import summaries
from tests.support.making import make_study, write_cases

MINE = ("--study", "mine")
SIGNED = ("--sign-off", "Ada Example", "--statement", "All in.")


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The database that the commands find, with the open study `mine` of eight cases."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SKINREADER_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SKINREADER_PUBLIC_URL", "https://study.example.org")
    made = Database(
        f"sqlite:///{tmp_path / 'var' / 'database' / 'skinreader.db'}",
        files=tmp_path / "var" / "cases",
    )
    made.migrate()
    (tmp_path / "cases").mkdir()
    make_study(made, "mine", write_cases(tmp_path / "cases", n_cases=8))
    yield made
    made.close()


def run(*command: str) -> None:
    assert main.main(command) == 0


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    capsys.readouterr()
    assert main.main(command) == main.EXIT_REFUSED
    return capsys.readouterr().err


def found(db: Database) -> dict[str, StudySummary]:
    return {study.slug: study for study in summaries.list_studies(db, actor=SYSTEM)}


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def joined(db: Database, link: str) -> Actor:
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=link))
    assert actor is not None
    return actor


def test_a_study_is_closed_amended_reopened_and_archived_with_a_trail(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seal = found(db)["mine"].seal_hash
    amend = ("amend", *MINE, "--case", "case-00", "--label", "SK", "--basis", "histology")
    assert "closed" in refused(capsys, *amend, "--reason", "second histology")
    run("close", *MINE, *SIGNED)
    run(*amend, "--reason", "second histology")
    assert "Amended case-00 of mine to SK." in capsys.readouterr().out
    assert "none named 'case-99'" in refused(
        capsys,
        "amend",
        *MINE,
        "--case",
        "case-99",
        "--label",
        "SK",
        "--basis",
        "b",
        "--reason",
        "r",
    )
    assert "a reason" in refused(capsys, "reopen", *MINE, "--reason", " ")
    run("reopen", *MINE, "--reason", "late readers")
    assert (found(db)["mine"].state, found(db)["mine"].seal_hash) == (StudyState.OPEN, seal)
    assert "open" in refused(capsys, "archive", *MINE)
    run("close", *MINE, *SIGNED)
    run("archive", *MINE)
    assert found(db)["mine"].state is StudyState.ARCHIVED
    assert "archived" in refused(capsys, "reopen", *MINE, "--reason", "too late")
    run("trail", *MINE, "--out", str(tmp_path / "trail.csv"))
    trail = rows(tmp_path / "trail.csv")
    assert [row["verb"] for row in trail] == [
        "create_study", "import_cases", "open_study", "close_study", "amend_reference",
        "reopen_study", "close_study", "archive_study",
    ]  # fmt: skip
    assert [row["reason"] for row in trail if row["reason"]] == ["second histology", "late readers"]
    assert {row["actor"] for row in trail} == {"owner:system"}


def test_a_copy_is_a_draft_of_its_own(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    copy = ("copy-study", *MINE, "--title", "Again")
    run(*copy, "--slug", "empty")
    run(*copy, "--slug", "full", "--with-cases")
    studies_now = found(db)
    assert [studies_now[slug].n_cases for slug in ("mine", "empty", "full")] == [8, 0, 8]
    assert {studies_now[slug].state for slug in ("empty", "full")} == {StudyState.DRAFT}
    assert "a new name" in refused(capsys, *copy, "--slug", "full")
    run("open", "--study", "full")


def test_the_trail_of_all_studies_has_what_belongs_to_none(db: Database, tmp_path: Path) -> None:
    accounts.create_admin(db, actor=SYSTEM, name="ada", password="a long password")
    out = tmp_path / "all.csv"
    out.write_text("what was there before")
    run("trail", "--out", str(out))
    assert "create_admin" in {row["verb"] for row in rows(out)}
    run("trail", *MINE, "--out", str(out))
    assert "create_admin" not in {row["verb"] for row in rows(out)}


def test_export_identified_writes_codes_beside_contacts_and_leaves_an_event(
    db: Database, tmp_path: Path
) -> None:
    for name in ("=Ada", "Ben"):
        contact = ContactData(name, f"{name.strip('=')}@example.org", "")
        link = invitations.invite_person(db, actor=SYSTEM, slug="mine", days=9, contact=contact)
    code = joined(db, link).name
    out = tmp_path / "who.csv"
    run("export", *MINE, "--identified", "--out", str(out))
    assert [(row["reader_id"], row["name"]) for row in rows(out)] == [("", "'=Ada"), (code, "Ben")]
    run("trail", *MINE, "--out", str(tmp_path / "trail.csv"))
    last = rows(tmp_path / "trail.csv")[-1]
    assert (last["verb"], last["new"]) == ("export identified", '{"contacts":2}')


def test_requests_are_let_in_listed_and_decided(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    run("requests", *MINE, "--allow")
    assert "https://study.example.org/join/mine" in capsys.readouterr().out
    for name in ("Ada", "Ben"):
        contact = ContactData(name, f"{name}@example.org", "")
        requests.ask_access(db, slug="mine", contact=contact)
    ben, ada = (its.number for its in requests.list_requests(db, actor=SYSTEM, slug="mine"))
    run("requests", *MINE)
    said = capsys.readouterr().out
    assert "Ada | Ada@example.org" in said
    assert said.endswith("2 of 2 requests wait.\n")
    run("approve-request", *MINE, "--number", str(ada), "--days", "7")
    link = re.fullmatch(r"https://study\.example\.org/invite/(\S{43})\n", capsys.readouterr().out)
    assert link is not None
    assert joined(db, link[1]).reader_id
    run("refuse-request", *MINE, "--number", str(ben))
    assert "is refused" in refused(capsys, "approve-request", *MINE, "--number", str(ben))
    run("requests", *MINE, "--stop")
    capsys.readouterr()
    run("requests", *MINE)
    assert capsys.readouterr().out == "0 of 2 requests wait.\n"
    assert not found(db)["mine"].takes_requests
