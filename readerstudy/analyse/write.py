"""Writing what an analysis found."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from data.texts import guarded
from readerstudy.stats.records import Analysis

_TEXT = ("quantity", "class", "subject", "method", "note")


def write_results(analysis: Analysis, folder: Path) -> list[Path]:
    """results.json and results.csv."""
    json_path, csv_path = folder / "results.json", folder / "results.csv"
    json_path.write_text(analysis.to_json() + "\n", encoding="utf-8")
    formula_safe(analysis.to_frame()).to_csv(csv_path, index=False, encoding="utf-8")
    return [json_path, csv_path]


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A name for a file of each name; those that differ in odd letters alone get a number.

    >>> file_names(["a b", "a/b", "c"])
    {'a b': 'a_b', 'a/b': 'a_b-2', 'c': 'c'}
    """
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        given = {taken.casefold() for taken in found.values()}
        tries = (plain, *(f"{plain}-{number}" for number in range(2, len(found) + 3)))
        found[name] = next(one for one in tries if one.casefold() not in given)
    return found


def formula_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    safe = frame.copy()
    for column in _TEXT:
        safe[column] = [guarded(t) for t in safe[column]]
    return safe
