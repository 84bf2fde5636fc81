"""A workbook is a zip of XML that a stranger may have made: it is refused in a sentence, soon."""

import time
import zipfile

import openpyxl
import pytest

from readerstudy.interchange.rjafroc import read_rjafroc
from readerstudy.stats.errors import StatsError

SHEETS = {
    "Truth": [["CaseID", "LesionID", "Weight"], [1, 0, 0], [2, 1, 0]],
    "FP": [["ReaderID", "ModalityID", "CaseID", "FP_Rating"], [1, 1, 1, 0.3]],
    "TP": [["ReaderID", "ModalityID", "CaseID", "LesionID", "TP_Rating"], [1, 1, 2, 1, 0.5]],
}
SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
LAUGHS = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
BOMB = f'<!DOCTYPE x [<!ENTITY a "ha">{LAUGHS}]>'
FILE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "study.xlsx"
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def change(path, part, changed):
    """The workbook with one of its parts otherwise."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    assert changed(parts[part]) != parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, changed(text) if name == part else text)


def declared(doctype, word):
    """The part with its first `word` replaced by the last entity of a declaration before it."""
    return lambda text: doctype + text.replace(word, "&j;", 1)


def with_row(cells):
    def changed(text):
        # Else only what the sheet says of its size is looked at.
        bare = text.replace('<dimension ref="A1:C3" />', "")
        return bare.replace("</sheetData>", cells + "</sheetData>")

    return changed


def test_the_workbook_is_read_as_long_as_nobody_changes_it(workbook):
    assert len(read_rjafroc(workbook).rows) == 2


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        (SHEET, declared(BOMB, "CaseID")),
        (STYLES, declared(BOMB, "Calibri")),
        (BOOK, declared(BOMB, "Truth")),
        (SHEET, declared(FILE, "CaseID")),
        (SHEET, with_row('<row r="99999999"><c r="A99999999"><v>1</v></c></row>')),
        (SHEET, with_row("<row>" * 300_000)),
        (SHEET, with_row(" " * 50_000_000)),
        (SHEET, lambda text: text[:500]),
        (BOOK, lambda _: ""),
        (BOOK, lambda text: text.replace('sheetId="1"', 'sheetId="x"')),
    ],
    ids=[
        *("bomb-in-sheet", "bomb-in-styles", "bomb-in-book", "file-of-the-server"),
        *("row-far-down", "deep", "zip-bomb", "cut-off", "empty", "no-number"),
    ],
)
def test_a_hostile_workbook_is_refused_in_a_sentence_and_soon(workbook, part, changed):
    change(workbook, part, changed)
    begun = time.monotonic()
    with pytest.raises(StatsError, match="save it again") as refused:
        read_rjafroc(workbook)
    assert time.monotonic() - begun < 10
    assert "root:" not in str(refused.value)


def test_cells_far_to_the_right_cost_nothing(workbook):
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(4, 20_000))
    change(workbook, SHEET, with_row(rows))
    begun = time.monotonic()
    assert len(read_rjafroc(workbook).rows) == 2
    assert time.monotonic() - begun < 10


def test_openpyxl_reads_through_defusedxml():
    assert openpyxl.DEFUSEDXML
