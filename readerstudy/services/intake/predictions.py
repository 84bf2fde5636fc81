"""Reading `predictions.csv` and its sidecar: does it fit the study, and if not, why."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data import documents
from data.csv_tables import read_csv
from data.errors import UserError
from data.taxonomy import Taxonomy, check_classes
from data.texts import listed, quoted
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.intake.cases import refuse

_PREFIX = "p_"
_SUM_TOLERANCE = 1e-4
# One is right; of more a few are read to say which cases are there twice.
_ROWS_PER_CASE = 10


@dataclass(frozen=True)
class PredictionsFile:
    """`probabilities`: case_id -> {code: probability} over the model's own classes."""

    checkpoint_sha256: str
    card: dict[str, Any]
    probabilities: dict[str, dict[str, float]]


def read_predictions(
    csv: Path, *, cases: Collection[str], classes: Sequence[str]
) -> PredictionsFile:
    """Raises ImportRefused; what is wrong with rows is told of all of them at once."""
    table = _read_table(csv, most_rows=_ROWS_PER_CASE * len(cases) + 1)
    card = _read_card(csv.with_suffix(".json"))
    codes = [name.removeprefix(_PREFIX) for name in table.columns if name.startswith(_PREFIX)]
    _check_classes(codes, classes, card)
    rows = [
        _Row(f"line {line}", str(row["case_id"]), {c: str(row[_PREFIX + c]) for c in codes})
        for line, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
    refuse(
        _problems(rows, cases, classes),
        expected="one row of probabilities for each case of the study and no other",
    )
    probabilities = {row.case_id: _numbers(row) for row in rows}
    return PredictionsFile(card["checkpoint_sha256"].lower(), card, probabilities)


@dataclass(frozen=True)
class _Row:
    """One line of the table; `place` names it in what is said about it."""

    place: str
    case_id: str
    cells: dict[str, str]


def _read_table(csv: Path, *, most_rows: int) -> pd.DataFrame:
    if not csv.is_file():
        raise ImportRefused(f"Expected a file of predictions, but {csv} is not there; check it.")
    table = read_csv(csv, most_rows=most_rows)
    if "case_id" not in table.columns:
        raise ImportRefused(f"Expected a column case_id in {csv.name}; add it.")
    return table


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = documents.read(path, "JSON")
    except documents.DocumentError as error:
        raise ImportRefused(
            f"Expected {path.name} beside the predictions, with the checkpoint's hash, "
            f"but reading it failed ({error}); `python -m model evaluate` writes both."
        ) from error
    digest = card.get("checkpoint_sha256") if isinstance(card, dict) else None
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise ImportRefused(
            f"Expected checkpoint_sha256 in {path.name} as 64 hexadecimal digits, "
            f"but got {quoted(digest)}; `python -m model evaluate` writes it."
        )
    return dict(card)


def _check_classes(codes: list[str], classes: Sequence[str], card: dict[str, Any]) -> None:
    missing = [code for code in classes if code not in codes]
    if missing:
        raise ImportRefused(
            f"Expected columns for all classes of the study, but "
            f"{listed(_PREFIX + code for code in missing)} are missing "
            f"(the model has {listed(codes) or 'none'}); "
            "choose a model that knows these classes, or a study with the model's."
        )
    named = _named(card) if card.get("taxonomy") else codes
    if sorted(named) != sorted(codes):
        raise ImportRefused(
            f"Expected the columns to be the classes of the sidecar ({listed(named)})"
            f", but got {listed(codes)}; the two files do not belong together."
        )


def _named(card: dict[str, Any]) -> list[str]:
    try:
        taxonomy = Taxonomy.from_dict(card["taxonomy"])
        check_classes(taxonomy)
        return list(taxonomy.codes)
    except (UserError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ImportRefused(
            "Expected the sidecar's taxonomy to be a list of diseases with their codes, but it "
            f"cannot be read ({type(error).__name__}); `python -m model evaluate` writes it."
        ) from error


def _problems(rows: Sequence[_Row], cases: Collection[str], classes: Sequence[str]) -> list[str]:
    count = Counter(row.case_id for row in rows)
    missing = [f"there is no row for {case_id}" for case_id in sorted(set(cases) - set(count))]
    told = []
    for row in rows:
        found = [] if row.case_id in cases else ["the study has no such case"]
        if count[row.case_id] > 1:
            found.append(f"the case is there {count[row.case_id]} times")
        found += _cell_problems(row, classes)
        told += [f"{row.place}, {listed([row.case_id])}: {problem}" for problem in found]
    return told + missing


def _cell_problems(row: _Row, classes: Sequence[str]) -> list[str]:
    numbers = _numbers(row)
    wrong = [code for code, p in numbers.items() if not 0 <= p <= 1]
    if wrong:
        return [f"{_PREFIX}{code} is {quoted(row.cells[code])}, not from 0 to 1" for code in wrong]
    total = math.fsum(numbers.values())
    if abs(total - 1) > _SUM_TOLERANCE:
        return [f"the sum is {total:.6g}, not 1"]
    if not any(numbers[code] > 0 for code in classes):
        return ["all classes of the study have probability 0"]
    return []


def _numbers(row: _Row) -> dict[str, float]:
    """Whatever is no number becomes nan, which is not from 0 to 1."""
    return {code: _number(cell) for code, cell in row.cells.items()}


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
