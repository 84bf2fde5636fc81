"""Stored splits: which part each case belongs to, by which rule and seed."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from data.csv_tables import read_csv, refuse, write_csv
from data.splits import METHOD, SplitError
from data.texts import guarded

COLUMNS = ("case_id", "part", "seed", "method")


def write_split(
    case_ids: pd.Series, parts: pd.Series, path: Path, *, seed: int, fractions: Mapping[str, float]
) -> None:
    """Write one row per case: its id, its part, and the seed and rule that chose it."""
    shares = ", ".join(f"{name} {share:g}" for name, share in fractions.items())
    method = f"{METHOD}; {shares}"
    rows = [
        {"case_id": case_id, "part": part, "seed": seed, "method": method}
        for case_id, part in sorted(zip(case_ids, parts, strict=True))
    ]
    write_csv(rows, COLUMNS, path)


def read_split(path: Path, manifest: pd.DataFrame) -> pd.Series:
    """The stored part of each row of `manifest`, indexed like it.

    Only case_id and part are needed, so that a split made elsewhere can be used too; cases of the
    file that the manifest does not have are passed over. Raises ManifestError or SplitError naming
    what is wrong: a missing column, a case that is twice in the file, an empty part, a case of the
    manifest that is not in the file.
    """
    table = read_csv(path)
    missing = [name for name in ("case_id", "part") if name not in table.columns]
    if missing:
        raise SplitError(
            f"Expected the columns case_id and part in {path.name}, but {', '.join(missing)} is "
            f"missing (found: {', '.join(table.columns)}); make it with `python -m data split`."
        )
    again = table["case_id"].duplicated()
    problems = [f"line {i}: repeats case_id {c!r}" for i, c in table.loc[again, "case_id"].items()]
    problems += [f"line {i}: has no part" for i in table.index[table["part"] == ""]]
    refuse(problems, table_name=path.name)
    return _aligned(table, manifest, path)


def _aligned(table: pd.DataFrame, manifest: pd.DataFrame, path: Path) -> pd.Series:
    part_of = dict(zip(table["case_id"], table["part"], strict=True))
    # A spreadsheet's guard is not part of the id.
    parts = manifest["case_id"].map(lambda i: part_of.get(i) or part_of.get(guarded(i)))
    unknown = manifest.loc[parts.isna(), "case_id"]
    if len(unknown):
        raise SplitError(
            f"Expected every case in {path.name}, but {len(unknown)} of {len(manifest)} are not "
            f"({', '.join(map(str, unknown[:5]))}{', …' if len(unknown) > 5 else ''}); "
            "split again, or give the manifest that was split."
        )
    return parts.rename("part")
