"""Every number the peers gave for the eleven studies, reproduced or listed with the reason."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.golden.ours import Ours, values_for

STUDIES = Path(__file__).parent / "studies"
INTERVALS = ("ci_low", "ci_high", "wilson", "cp_", "ac_low", "ac_high", "ci")
TIGHT, INTERVAL = 1e-9, 1e-7
# irrCAC in R tests coefficients and standard errors it has rounded to 5 decimals.
P_OF_ROUNDED = 1e-4

# (start of the entry's id, field or None for all) -> why it is not compared.
ZERO_VARIANCE = (
    "zero variance: the estimate and SE 0 are all there is to say; the package gives rounding "
    "noise, NaN, or its one point as an interval, ours gives nan and a note"
)
UNDEFINED = ("se", "df", "t", "z", "p", "p_one_sided", "ci_low", "ci_high")
NOT_REPRODUCED = {
    ("agreement", "ci"): "text of three decimals made from values that are compared",
}


@cache
def ours(study: str) -> Ours:
    return Ours(STUDIES / study)


@cache
def entries(study: str) -> dict[str, dict]:
    body = json.loads((STUDIES / study / "expected.json").read_text())
    return {entry["id"]: entry for entry in body["entries"]}


def all_entries() -> list:
    found = []
    for folder in sorted(STUDIES.iterdir()):
        for name, entry in entries(folder.name).items():
            peer = entry["source"].split()[0]
            function = entry["function"].split("(")[0].split(";")[0].replace(" ", "_")[:30]
            found.append(
                pytest.param(folder.name, name, id=f"{folder.name}-{peer}-{function}-{name}")
            )
    return found


def reason_to_skip(entry: dict, field: str) -> str | None:
    if (entry.get("tolerance_fields") or {}).get(field, 0) is None:
        return "marked as not comparable in expected.json"
    for (start, which), reason in NOT_REPRODUCED.items():
        if not entry["id"].startswith(start):
            continue
        if which in (None, field):
            return reason
    return None


def tolerance(entry: dict, field: str) -> float:
    special = (entry.get("tolerance_fields") or {}).get(field)
    if isinstance(special, float):
        return special
    if entry["source"].startswith("irrCAC 1.0") and field == "p":
        return P_OF_ROUNDED
    stated = entry["tolerance_abs"]
    printed = entry["source"].startswith(("irrCAC", "iMRMC Java", "scikit"))
    root_of_noise = entry["source"].startswith("iMRMC") and field.startswith("se")
    if printed or root_of_noise or stated > INTERVAL:
        return stated
    return INTERVAL if field.startswith(INTERVALS) else TIGHT


def number(value: object) -> float:
    return float("nan") if value in ("NA", "NaN", None) else float(value)


def compare(entry: dict, expected: dict, found: dict) -> list[str]:
    wrong = []
    zero = found.get("se", found.get("_se")) == 0
    for field, value in expected.items():
        if zero and field in UNDEFINED:
            same = found[field] == 0 or np.isnan(found[field]) or found[field] == number(value)
            assert same, ZERO_VARIANCE
            continue
        if reason_to_skip(entry, field):
            continue
        assert field in found, f"{entry['id']}: {field} is neither compared nor listed"
        if isinstance(value, (str, dict)) and value not in ("NA", "NaN", "Inf"):
            same = _same_texts(entry, field, value, found)
        else:
            limit = tolerance(entry, field)
            want, got = number(value), found[field]
            relative = abs(want) if field.startswith("df") else 0.0
            same = got == pytest.approx(want, rel=limit if relative else 0, abs=limit, nan_ok=True)
        if not same:
            wrong.append(f"{field}: peer {value}, ours {found[field]}")
    return wrong


def _same_texts(entry: dict, field: str, value: str | dict, found: dict) -> bool:
    if isinstance(value, str):
        return value == found[field]
    limit = tolerance(entry, field)
    return all(found[field][k] == pytest.approx(number(v), abs=limit) for k, v in value.items())


@pytest.mark.parametrize(("study", "name"), all_entries())
def test_equals_the_peer(study: str, name: str) -> None:
    entry, mine = entries(study)[name], ours(study)
    values = entry["values"]
    if entry["tolerance_abs"] is None and name != "readers_table":
        assert "error" in values or "DO NOT COMPARE" in entry["note"]
        assert mine.is_noted_or_undefined(name)
        return
    if name == "readers_table":
        assert compare_readers(study, mine) == []
        return
    whole = reason_to_skip(entry, "")
    if whole:
        return
    found = values_for(mine, name, values)
    rows = values if isinstance(values, list) else [values]
    got = found if isinstance(found, list) else [found]
    assert len(rows) == len(got)
    wrong = [
        problem for row, own in zip(rows, got, strict=True) for problem in compare(entry, row, own)
    ]
    assert wrong == []


def compare_readers(study: str, mine: Ours) -> list[str]:
    """The file of three intervals per reader, metric and class."""
    table = pd.read_csv(STUDIES / study / "expected_readers.csv", keep_default_na=False)
    quantities = {"sens": "sensitivity", "spec": "specificity", "accuracy": "accuracy"}
    wrong = []
    for row in table.itertuples():
        key = (
            quantities[row.metric],
            getattr(row, "_3", None) or row[3] or "all",
            f"reader:{row.reader_id}",
        )
        for prefix, method in (
            ("wilson", "wilson"),
            ("cp", "clopper-pearson"),
            ("ac", "agresti-coull"),
        ):
            record = mine.results.get(*key, method)
            low, high = float(getattr(row, f"{prefix}_low")), float(getattr(row, f"{prefix}_high"))
            want = (int(row.n), float(row.estimate), low, high)
            got = (record.n_cases, record.estimate, record.ci_low, record.ci_high)
            if got != pytest.approx(want, abs=TIGHT):
                wrong.append(f"{key} {method}: peer {want}, ours {got}")
    return wrong


def test_nothing_listed_is_unused() -> None:
    names = {name for folder in STUDIES.iterdir() for name in entries(folder.name)}
    for start, _ in NOT_REPRODUCED:
        assert any(name.startswith(start) for name in names), start
