"""Reading `predictions.csv` and its sidecar: does it fit the study, and if not, why."""

import json
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import UserError
from data.taxonomy import Taxonomy
from readerstudy.errors import ImportRefused

_PREFIX = "p_"
_SUM_TOLERANCE = 1e-4
_SHOWN = 20


@dataclass(frozen=True)
class PredictionsFile:
    """`probabilities`: case_id -> {code: probability} over the model's own classes."""

    checkpoint_sha256: str
    card: dict[str, Any]
    probabilities: dict[str, dict[str, float]]


def read_predictions(
    csv: Path, *, cases: Collection[str], classes: Sequence[str]
) -> PredictionsFile:
    table = _read_table(csv)
    card = _read_card(csv.with_suffix(".json"))
    codes = [name.removeprefix(_PREFIX) for name in table.columns if name.startswith(_PREFIX)]
    _check_classes(codes, classes, card)
    _check_cases(list(table["case_id"]), cases)
    probabilities = {
        str(row["case_id"]): {code: float(str(row[_PREFIX + code])) for code in codes}
        for row in table.to_dict("records")
    }
    _check_probabilities(probabilities, classes)
    return PredictionsFile(card["checkpoint_sha256"].lower(), card, probabilities)


def _read_table(csv: Path) -> pd.DataFrame:
    if not csv.is_file():
        raise ImportRefused(f"Expected a file of predictions, but {csv} is not there; check it.")
    try:
        # round_trip: the fast parser may differ in the last bit, and the seal would differ.
        table = pd.read_csv(csv, dtype={"case_id": str}, float_precision="round_trip")
    except (ValueError, UnicodeDecodeError) as error:
        raise ImportRefused(
            f"Expected {csv.name} to be a CSV file in UTF-8, but reading it failed ({error})."
        ) from error
    if "case_id" not in table.columns:
        raise ImportRefused(f"Expected a column case_id in {csv.name}; add it.")
    wrong = [
        name
        for name in table.columns
        if name.startswith(_PREFIX) and not pd.api.types.is_numeric_dtype(table[name])
    ]
    if wrong:
        raise ImportRefused(f"Expected numbers in {', '.join(wrong)} of {csv.name}; mend them.")
    return table


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError) as error:
        raise ImportRefused(
            f"Expected {path.name} beside the predictions, with the checkpoint's hash, "
            f"but reading it failed ({error}); `python -m model evaluate` writes both."
        ) from error
    digest = card.get("checkpoint_sha256") if isinstance(card, dict) else None
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise ImportRefused(
            f"Expected checkpoint_sha256 in {path.name} as 64 hexadecimal digits, "
            f"but got {digest!r}; `python -m model evaluate` writes it."
        )
    return dict(card)


def _refuse_constant(name: str) -> None:
    """SQLite would store NaN and the export then fail; PostgreSQL does not take it."""
    raise ValueError(f"{name} is no JSON; write null")


def _check_classes(codes: list[str], classes: Sequence[str], card: dict[str, Any]) -> None:
    missing = [code for code in classes if code not in codes]
    if missing:
        raise ImportRefused(
            f"Expected columns for all classes of the study, but "
            f"{', '.join(_PREFIX + code for code in missing)} are missing "
            f"(the model has {', '.join(codes) or 'none'}); "
            "choose a model that knows these classes, or a study with the model's."
        )
    listed = _listed(card) if card.get("taxonomy") else codes
    if sorted(listed) != sorted(codes):
        raise ImportRefused(
            f"Expected the columns to be the classes of the sidecar ({', '.join(listed)})"
            f", but got {', '.join(codes)}; the two files do not belong together."
        )


def _listed(card: dict[str, Any]) -> list[str]:
    try:
        return list(Taxonomy.from_dict(card["taxonomy"]).codes)
    except (UserError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ImportRefused(
            "Expected the sidecar's taxonomy to be a list of diseases with their codes, but it "
            f"cannot be read ({type(error).__name__}); `python -m model evaluate` writes it."
        ) from error


def _check_cases(found: list[str], cases: Collection[str]) -> None:
    problems = [f"missing: {case_id}" for case_id in sorted(set(cases) - set(found))]
    problems += [f"not in the study: {case_id}" for case_id in sorted(set(found) - set(cases))]
    problems += [f"twice: {case_id}" for case_id in sorted(_repeated(found))]
    _refuse("Expected one row for each case of the study and no other", problems)


def _repeated(found: list[str]) -> set[str]:
    return set(pd.Series(found, dtype=str)[lambda s: s.duplicated()])


def _check_probabilities(
    probabilities: dict[str, dict[str, float]], classes: Sequence[str]
) -> None:
    problems = [
        f"{case_id}: {problem}"
        for case_id, row in probabilities.items()
        if (problem := _problem(row, classes))
    ]
    _refuse("Expected each row to be probabilities that sum to 1", problems)


def _problem(row: dict[str, float], classes: Sequence[str]) -> str:
    values = list(row.values())
    if not all(math.isfinite(p) and 0 <= p <= 1 for p in values):
        return "a value is not from 0 to 1"
    if abs(math.fsum(values) - 1) > _SUM_TOLERANCE:
        return f"the sum is {math.fsum(values):.6g}"
    if not any(row[code] > 0 for code in classes):
        return "all classes of the study have probability 0"
    return ""


def _refuse(expectation: str, problems: list[str]) -> None:
    if not problems:
        return
    rest = len(problems) - _SHOWN
    more = f"\n… and {rest} more" if rest > 0 else ""
    raise ImportRefused(
        f"{expectation}, but {len(problems)} are wrong; mend the file:\n"
        + "\n".join(problems[:_SHOWN])
        + more
    )
