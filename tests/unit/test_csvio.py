"""CSV that spreadsheets cannot run and programs read back."""

import ast
import csv
import io
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import csv_tables
from data.texts import guarded, unguarded
from readerstudy.domain import ReaderKind
from readerstudy.files.csvio import cell, write_csv

_SHORT = 40  # signs of a text that is a list of them, not a sentence


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_may_run_gets_an_apostrophe(start: str) -> None:
    assert cell(start + "1+1") == "'" + start + "1+1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.5, "-0.5"),
        (-3, "-3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-300, "1e-300"),
        (np.float64(-0.25), "-0.25"),
        (np.int64(-7), "-7"),
        (np.bool_(True), "true"),
        (math.nan, ""),
        (math.inf, ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        ("", ""),
        ("BCC", "BCC"),
        (ReaderKind.SIMULATED, "simulated"),
        (datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2030-01-02T03:04:05.678+00:00"),
    ],
)
def test_values_are_written_plainly(value: object, text: str) -> None:
    assert cell(value) == text


def test_columns_keep_their_order_and_missing_values_are_empty() -> None:
    text = write_csv(["b", "a"], [{"a": 1, "b": "x", "c": "dropped"}, {"a": 2}])
    assert text == "b,a\nx,1\n,2\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_text_comes_back_but_for_the_apostrophe(values: list[str]) -> None:
    text = write_csv(["n", "value"], [{"n": i, "value": v} for i, v in enumerate(values)])
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        assert row["value"] in (value, "'" + value)
        assert not row["value"].startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly(value: float) -> None:
    assert float(cell(value)) == value


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_all_writers_of_tables_guard_alike(sign, tmp_path):
    """One guard: tables of manifests, of exports and of analyses."""
    text = f"{sign}1+1"
    assert cell(text) == guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text
    csv_tables.write_csv([{"a": text}, {"a": f"x{text}"}], ["a"], tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        read = [row["a"] for row in csv.DictReader(file)]
    # No row begins within a text.
    assert read == [written.replace("\r", "\n") for written in (f"'{text}", f"x{text}")]


def test_the_signs_of_a_formula_stand_in_one_place():
    root = Path(__file__).resolve().parents[2]
    rooms = [
        path for room in ("data", "model", "readerstudy") for path in (root / room).rglob("*.py")
    ]
    assert [p.name for p in rooms if _lists_signs(p)] == ["texts.py"]


def _lists_signs(path: Path) -> bool:
    """Whether it holds the first signs of a formula as one collection or one short text."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        signs: set[object] = set()
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            signs = {part.value for part in node.elts if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            signs = set(node.value) if len(node.value) < _SHORT else set()
        if {"=", "+", "-", "@"} <= signs or "＝" in signs:
            return True
    return False


def test_a_second_list_of_signs_would_be_seen(tmp_path):
    for code in ('X = ("=", "+", "-", "@")', 'X = "=+-@"', r'X = re.compile(r"^[=+\-@]")'):
        (tmp_path / "guard.py").write_text(code, "utf-8")
        assert _lists_signs(tmp_path / "guard.py")
