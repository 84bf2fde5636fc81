"""Where a CSV file is at fault: read again line by line, for the sentence that refuses it."""

import csv
from collections.abc import Iterator
from pathlib import Path

from readerstudy.stats.errors import StatsError

_SHOWN_AT_MOST = 5


def check_lengths(path: Path, encoding: str, separator: str, columns: int) -> None:
    """Refuse lines with more or fewer fields than the header."""
    wrong = [
        (line, found)
        for line, found in _lengths(path, encoding, separator)
        if found not in (0, columns)
    ]
    if not wrong:
        return
    lines = ", ".join(str(line) for line, _ in wrong[:_SHOWN_AT_MOST])
    raise StatsError(
        f"Expected every line of {path} to have {columns} columns with {separator!r} between them, "
        f"but got {wrong[0][1]} in line {lines} ({len(wrong)} such lines); correct them, with "
        f"quotation marks around a text that holds {separator!r}."
    )


def _lengths(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, int]]:
    """The line and the number of fields of every row; 0 of a blank one."""
    start = 1
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        for row in rows:
            yield start, len(row) if any(map(str.strip, row)) else 0
            start = rows.line_num + 1


def undecodable_line(path: Path, encoding: str) -> int | None:
    """The first line that is not text in an encoding; None where lines cannot be told apart."""
    if encoding.startswith(("utf-16", "utf-32")):
        return None
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return None
