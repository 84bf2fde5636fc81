"""CSV tables in and out: read with the lines of the file, written whole and without formulas."""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from data.errors import UserError
from data.texts import guarded, listed

_DELIMITERS = (",", ";", "\t")
# A first line by which some programs tell spreadsheets the delimiter; it is no row.
_SPREADSHEETS_NOTE = re.compile(r"\A\"?sep=.\"?\r?\n")
_SHOWN = 20
_MAX_COLUMNS = 1_000
MAX_ROWS = 1_000_000


class ManifestError(UserError):
    """The case table cannot be used; the text lists every row that is wrong."""


def read_csv(path: Path, *, most_rows: int = MAX_ROWS) -> pd.DataFrame:
    """All cells as text, stripped; the index is the line of the file on which a row begins."""
    if not path.is_file():
        raise ManifestError(f"Expected the table {path}, but it is not there; check the path.")
    header, *rows = _lines(path, most=most_rows + 1)
    names = [name.strip() for name in header.cells]
    if len(names) > _MAX_COLUMNS:
        raise ManifestError(
            f"Expected at most {_MAX_COLUMNS:,} columns in {path.name}, but got {len(names):,}; "
            "take out those that are not needed."
        )
    used = max((i + 1 for i, name in enumerate(names) if name), default=0)
    names = names[:used]  # spreadsheets end lines with empty columns
    if len(set(names)) < len(names):
        raise ManifestError(
            f"Expected each column of {path.name} once, but got {listed(names)}; "
            "rename or remove the repeated one."
        )
    if not rows:
        raise ManifestError(
            f"Expected at least one case in {path.name}, but it has none; add rows."
        )
    long = [row for row in rows if any(cell.strip() for cell in row.cells[len(names) :])]
    refuse(
        [f"line {r.line}: {len(r.cells)} cells, but {len(names)} columns" for r in long],
        table_name=path.name,
    )
    cells = [(*map(str.strip, row.cells), *[""] * len(names))[: len(names)] for row in rows]
    lines = pd.Index([row.line for row in rows], name="line")
    return pd.DataFrame(cells, columns=names, index=lines, dtype=str)


class _Line(NamedTuple):
    line: int
    cells: list[str]


def _lines(path: Path, *, most: int) -> list[_Line]:
    """Every line that is not blank, with its number; the first is the header."""
    text = _SPREADSHEETS_NOTE.sub("\n", _text(path))
    first = next((line for line in text.splitlines() if line.strip()), "")
    # Counted outside quotes: a name in the header may hold a comma.
    bare = re.sub(r'"[^"]*"', "", first)
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=bare.count))
    found, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(_Line(begins, cells))
            if len(found) > most:
                raise ManifestError(
                    f"Expected at most {most - 1:,} rows in {path.name}, but it has more; split it."
                )
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(
            f"Expected {path.name} to be a CSV file, but line {begins} cannot be read ({error}); "
            "correct it, or save the table again as CSV."
        ) from error
    if not found:
        raise ManifestError(f"Expected {path.name} to be a CSV file of cases, but it is empty.")
    return found


def _text(path: Path) -> str:
    content = path.read_bytes()
    # Spreadsheets' "Unicode text" begins with this mark.
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ManifestError(
            f"Expected {path.name} to be a CSV file in UTF-8, but line {line} holds other "
            'characters; save it in the spreadsheet as "CSV UTF-8".'
        ) from error


def refuse(problems: list[str], *, table_name: str) -> None:
    """Raise ManifestError when there are problems; the first twenty are written out."""
    if not problems:
        return
    rest = len(problems) - _SHOWN
    more = f"\n… and {rest} more" if rest > 0 else ""
    raise ManifestError(
        f"Expected every row of {table_name} to be a usable case, but {len(problems)} problem(s) "
        "were found; mend them and try again:\n" + readable("\n".join(problems[:_SHOWN])) + more
    )


def is_text(value: str) -> bool:
    """Whether a table can hold it: a file's name may have bytes that are no UTF-8."""
    return not any("\ud800" <= sign <= "\udfff" for sign in value)


def readable(text: str) -> str:
    """The text with bytes that are no UTF-8 in hexadecimal."""
    return text.encode("utf-8", "backslashreplace").decode()


def known(value: str) -> str:
    """The value, or "" for the words that data sets use for nothing."""
    return "" if value.lower() in ("", "unknown", "unk", "nan", "na", "n/a", "none") else value


def write_csv(
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str],
    path: Path,
    *,
    as_they_are: Sequence[str] = (),
) -> None:
    """Write a UTF-8 table at once or not at all; text that would run as a formula is guarded.

    The columns in `as_they_are` are not guarded: their reader needs them unchanged.
    """
    lines = [[_cell(row.get(c, ""), raw=c in as_they_are) for c in columns] for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pd.DataFrame(lines, columns=list(columns), dtype=object).to_csv(
            draft, index=False, encoding="utf-8", lineterminator="\n"
        )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _cell(value: object, *, raw: bool) -> object:
    if not isinstance(value, str):
        return value
    # A lone carriage return is not quoted by pandas: it would begin a row of its own.
    text = value if raw else guarded(value)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise ManifestError where a file would be replaced unasked."""
    if path.exists() and not overwrite:
        raise ManifestError(
            f"Expected a new file, but {path} is already there; choose another name, or say "
            "--overwrite."
        )


def refuse_source(out: Path, sources: Iterable[Path]) -> None:
    """Raise ManifestError where the result would replace what it is made from."""
    if any(out.resolve() == path.resolve() for path in sources):
        raise ManifestError(
            f"Expected a new file, but {out} is the very table to read; choose another name."
        )
