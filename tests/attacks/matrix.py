"""The table of who may do what: read from matrix.csv, beside this file."""

import csv
from pathlib import Path

from tests.attacks.stage import WHO

TABLE = Path(__file__).with_name("matrix.csv")
# "yes": let in, whatever became of it; a number: refused with that status; "no": in words.
REFUSALS = (
    "Expected somebody who may",
    "Sign in again",
    "Expected a reader, but got",
    "Only owners",
    "This page is out of date",
)

Row = dict[str, str]
Table = dict[tuple[str, str, str], Row]


def read_table() -> Table:
    """By page ("" for the public one and for routes of our own), kind or method, and name."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["page"], row["method"], row["name"]): {who: row[who] for who in WHO}
            for row in csv.DictReader(file)
        }


def written(table: Table) -> str:
    """As matrix.csv has it; no name holds a comma."""
    lines = [["page", "method", "name", *WHO]]
    lines += [[*key, *(row[who] for who in WHO)] for key, row in table.items()]
    return "".join(",".join(line) + "\n" for line in lines)


def allowed(page: str, method: str, name: str) -> set[str]:
    """The columns that are let in."""
    return {who for who, cell in read_table()[page, method, name].items() if cell == "yes"}
