"""The one writer of CSV: UTF-8, ISO times, and no cell that a spreadsheet runs as a formula."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from data.texts import guarded

_TO_QUOTE = frozenset(',"\r\n')


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Columns in the given order; a missing or undefined value is an empty cell."""
    lines = [[cell(name) for name in columns]]
    lines += [[cell(row.get(name)) for name in columns] for row in rows]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _quoted(text: str) -> str:
    # The standard library's writer leaves a lone carriage return unquoted, and splits the row.
    if _TO_QUOTE.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def cell(value: Any) -> str:
    """One cell's text. Only text is guarded: -0.5 is a number and stays one."""
    if value is None:
        return ""
    value = value.item() if hasattr(value, "item") else value  # a number of numpy
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    text = str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, int):
        return text
    return guarded(text)
