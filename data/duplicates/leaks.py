"""What two parts of a data set must not share, found and named: ids, pictures, near-duplicates."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.csv_tables import write_csv
from data.duplicates.fingerprints import Fingerprint
from data.duplicates.registration import near_duplicates

ID_KINDS = ("case_id", "patient_id", "lesion_id")
COLUMNS = (
    "kind",
    "value",
    "likeness",
    *(f"{name}_{side}" for side in "ab" for name in ("case", "part", "label", "path")),
)


class Finding(NamedTuple):
    """Two rows that should not be in two parts, or one picture with two labels.

    `kind` is case_id, patient_id, lesion_id, same pixels, near-duplicate or two labels; `value` the
    shared id or hash; `likeness` only of near-duplicates (see data.duplicates.registration), else
    nan.
    """

    kind: str
    value: str
    first: int
    second: int
    likeness: float = float("nan")


def find_leaks(
    cases: pd.DataFrame, units: pd.Series, prints: Sequence[Fingerprint | None]
) -> list[Finding]:
    """Everything that two units share, and pictures that have two labels wherever they are.

    `cases` are rows of manifests with an index from 0, `units` names the part of each row, `prints`
    are their fingerprints in that order (None: unreadable, left out). Of an id that many cases
    share, one pair of cases per pair of units is named.
    """
    found = [f for kind in ID_KINDS for f in _shared(cases[kind], units, kind)]
    pixels = pd.Series([one.pixels if one else "" for one in prints], index=cases.index)
    same = list(_shared(pixels, units, "same pixels"))
    found += same
    found += list(_shared(pixels, cases["label"], "two labels"))
    return found + _near(units, prints, pixels)


def _shared(values: pd.Series, units: pd.Series, kind: str) -> Iterator[Finding]:
    known = values[values != ""]
    repeated = known[known.duplicated(keep=False)]
    for value, rows in repeated.groupby(repeated, sort=True):
        firsts = units[rows.index].drop_duplicates().index
        for one, other in itertools.combinations(firsts, 2):
            yield Finding(kind, str(value), int(one), int(other))


def _near(
    units: pd.Series, prints: Sequence[Fingerprint | None], pixels: pd.Series
) -> list[Finding]:
    rows = [row for row, one in enumerate(prints) if one]
    if not rows:
        return []
    thumbs = np.stack([one.thumb for one in prints if one])
    codes = pd.factorize(units.iloc[rows])[0].astype(np.int64)
    pairs = ((rows[n.first], rows[n.second], n.likeness) for n in near_duplicates(thumbs, codes))
    return [
        Finding("near-duplicate", "", min(one, other), max(one, other), likeness)
        for one, other, likeness in pairs
        if pixels.iloc[one] != pixels.iloc[other]
    ]


def write_findings(
    findings: Sequence[Finding], cases: pd.DataFrame, units: pd.Series, path: Path
) -> None:
    """Write one row per finding with id, part, label and path of its two cases."""
    write_csv([_row(finding, cases, units) for finding in findings], COLUMNS, path)


def _row(finding: Finding, cases: pd.DataFrame, units: pd.Series) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": finding.kind,
        "value": finding.value,
        "likeness": round(finding.likeness, 3),
    }
    for side, number in zip("ab", (finding.first, finding.second), strict=True):
        case = cases.loc[number]
        row |= {f"{name}_{side}": str(case[name]) for name in ("label", "path")}
        row |= {f"case_{side}": str(case["case_id"]), f"part_{side}": str(units[number])}
    return row


def describe(findings: Sequence[Finding], cases: pd.DataFrame, units: pd.Series) -> str:
    """The findings for people: how many of each kind, and the first few by name."""
    lines = []
    kinds = pd.Series([finding.kind for finding in findings], dtype=object).unique()
    for kind in kinds:
        of_kind = [finding for finding in findings if finding.kind == kind]
        lines.append(f"{kind}: {len(of_kind)}")
        lines += [f"  {_named(finding, cases, units)}" for finding in of_kind[:10]]
        if len(of_kind) > 10:
            lines.append(f"  … and {len(of_kind) - 10} more")
    return "\n".join(lines)


def _named(finding: Finding, cases: pd.DataFrame, units: pd.Series) -> str:
    one, other = (
        f"{cases['case_id'].iloc[row]} ({units.iloc[row]}, {cases['label'].iloc[row]})"
        for row in (finding.first, finding.second)
    )
    mark = finding.value[:40] if finding.value else f"likeness {finding.likeness:.2f}"
    return f"{mark}: {one} and {other}"
