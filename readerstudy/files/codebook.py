"""The columns in words: codebook.csv of every bundle, and docs/data-dictionary.md."""

import sys

from readerstudy.files.columns import CODEBOOK, TABLES, names
from readerstudy.files.csvio import write_csv

_HEAD = """\
# Data dictionary

Every column of the export bundle. This page is generated from the table that drives the export;
after changing `readerstudy/files/columns.py` run

    python -m readerstudy.files.codebook > docs/data-dictionary.md

Files are CSV in UTF-8 with a header line. An empty cell is a missing value. A text that starts
with a character that spreadsheets take for a formula (`=`, `+`, `-`, `@`, tab, line end) has an
apostrophe before it; numbers are never altered. `readings_left_out.csv`, where it is in the bundle,
has the columns of `readings.csv`.
"""


def codebook_csv() -> str:
    rows = (
        {"file": file, "column": column.name, "kind": column.kind, "meaning": column.meaning}
        for file, columns in TABLES.items()
        for column in columns
    )
    return write_csv(names(CODEBOOK), rows)


def data_dictionary() -> str:
    sections = [_HEAD]
    for file, columns in TABLES.items():
        lines = [f"| `{c.name}` | {c.kind} | {c.meaning} |" for c in columns]
        table = "\n".join(["| column | kind | meaning |", "|---|---|---|", *lines])
        sections.append(f"## {file}\n\n{table}\n")
    return "\n".join(sections)


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
