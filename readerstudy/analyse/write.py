"""Writing what an analysis found."""

from pathlib import Path

import pandas as pd

from readerstudy.stats.records import Analysis

_TEXT = ("quantity", "class", "subject", "method", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_results(analysis: Analysis, folder: Path) -> list[Path]:
    """results.json and results.csv."""
    json_path, csv_path = folder / "results.json", folder / "results.csv"
    json_path.write_text(analysis.to_json() + "\n", encoding="utf-8")
    formula_safe(analysis.to_frame()).to_csv(csv_path, index=False, encoding="utf-8")
    return [json_path, csv_path]


def formula_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    safe = frame.copy()
    for column in _TEXT:
        safe[column] = [f"'{t}" if t.startswith(_FORMULA) else t for t in safe[column]]
    return safe
