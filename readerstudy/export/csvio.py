"""The one writer of CSV: UTF-8, ISO times, and no cell that a spreadsheet runs as a formula."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

# What spreadsheets take as the start of a formula, also when written full width.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Columns in the given order; a missing or undefined value is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")  # noqa: TID251 -- this is the one place
    writer.writerow([cell(name) for name in columns])
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return buffer.getvalue()


def cell(value: Any) -> str:
    """One cell's text. Only text is guarded: -0.5 is a number and stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    text = str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, int):
        return text
    return "'" + text if text.startswith(_DANGEROUS) else text
