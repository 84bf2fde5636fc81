"""The report of a study says who read, what came out, how, and what its authors must add."""

import re
from html.parser import HTMLParser

import pytest

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.report.checklists import AUTHORS, Item, answered
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.study import drafts, summaries
from tests.support.making import answer_next, make_reader


@pytest.fixture
def backend() -> str:
    """The report counts what other tests try on both."""
    return "sqlite"


class Cells(HTMLParser):
    """Rows of all tables as lists of text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def report(db: Database, slug: str) -> str:
    return results.study_report(db, actor=SYSTEM, slug=slug)


def rows_of(page: str) -> list[list[str]]:
    cells = Cells()
    cells.feed(page)
    return [[" ".join(cell.split()) for cell in row] for row in cells.rows]


def flow_of(page: str) -> dict[str, int]:
    return {words: int(n) for n, words in re.findall(r"<li><b>(\d+)</b> ([^<]+)</li>", page)}


def test_the_report_counts_people_and_flags_simulated_readers(db: Database, study: str) -> None:
    [token] = drafts.invite(db, actor=SYSTEM, slug=study, count=1)
    assert token
    reader = make_reader(db, study)
    while answering.current_case(db, actor=reader):
        answer_next(db, reader)
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=1)
    page = report(db, study)
    steps = flow_of(page)
    assert (steps["Invited"], steps["Accepted the invitation"], steps["Completed"]) == (2, 1, 1)
    assert steps["Simulated readers, apart from all these"] == 3
    assert ["Profession", "student", "1", "0", "16"] in rows_of(page)
    assert ["Profession", "not said", "0", "3", "48"] in rows_of(page)
    assert not [row for row in rows_of(page) if row[:1] in (["Age"], ["Sex"])]  # never asked
    assert "simulated reading, not clinical data" in page
    assert "images of this study are synthetic" in page
    assert "3 of 3 readers" not in page


def test_the_report_stands_alone_and_carries_the_seal(db: Database, study: str) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=1)
    page = report(db, study)
    [summary] = [s for s in summaries.list_studies(db, actor=SYSTEM) if s.slug == study]
    assert summary.seal_hash
    assert page.count(summary.seal_hash) > len(DEMO8.codes)
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "3 of 3 readers are" in page
    assert "Obuchowski" in page
    assert AUTHORS in page


def test_a_title_is_text_and_an_empty_draft_has_a_report(db: Database) -> None:
    drafts.create_study(
        db, actor=SYSTEM, slug="draft", title="<script>x", taxonomy=DEMO8, synthetic=False
    )
    page = report(db, "draft")
    assert "<script>" not in page
    assert "has not been opened" in page
    assert "No reader yet." in page


def test_an_item_is_open_until_the_data_answer_it() -> None:
    items = (Item("1", "Sources", "sources"), Item("2", "Missing", "missing"), Item("3", "Ethics"))
    assert [row.answer for row in answered(items, {})] == [AUTHORS] * 3
    partly, fully, none = answered(items, {"sources": "Here.", "missing": "None."})
    assert (partly.is_open, partly.answer) == (True, f"Here. The rest is {AUTHORS}.")
    assert (fully.is_open, fully.answer) == (False, "None.")
    assert none.is_open


def test_every_fact_that_a_list_asks_for_is_known_of_a_read_study(
    db: Database, study: str, reader: object
) -> None:
    answer_next(db, reader)  # type: ignore[arg-type]
    stard = report(db, study).partition("<h2>CLAIM")[0]
    answers = {row[0]: row[2] for row in rows_of(stard) if len(row) == 3}
    assert "net (checkpoint abababababab…)" in answers["15a"]
    assert answers["20"].startswith("0 cases were shown and not answered")
    assert "forces a choice" in answers["19"]
    assert "16 test cases" in answers["25"]
    assert answers["6"] == AUTHORS
