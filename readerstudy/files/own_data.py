"""A reader's own data as files: JSON, and the same as one CSV."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readerstudy.files.csvio import write_csv

Parts = Mapping[str, list[dict[str, Any]]]
COLUMNS = ("part", "number", "field", "value")


def own_json(parts: Parts) -> str:
    return json.dumps(parts, indent=2, ensure_ascii=False, default=_plain) + "\n"


def own_csv(parts: Parts) -> str:
    """One line per value, since the parts have different fields; `number` counts from 1."""
    return write_csv(
        COLUMNS,
        (
            {"part": part, "number": number, "field": field, "value": _cell(value)}
            for part, rows in parts.items()
            for number, row in enumerate(rows, start=1)
            for field, value in row.items()
        ),
    )


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value)
