"""Splits that keep all images of a patient or lesion together, and the check that they do."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from data.errors import UserError


class SplitError(UserError):
    """The split cannot be made, or one case leaks into two parts."""


def split(manifest: pd.DataFrame, *, fractions: Mapping[str, float], seed: int) -> pd.Series:
    """Assign each case to a part, grouped by patient (else lesion, else the case itself).

    `fractions` maps the part's name to its share; shares are positive and sum to 1. Groups are
    shuffled by `seed` within their first label and dealt so that every part comes as near its share
    of each class as whole groups allow. Returns the part's name per row, indexed like `manifest`.
    The paper's split is not public; this rule is this project's.
    """
    shares = list(fractions.values())
    if not shares or min(shares) <= 0 or not np.isclose(sum(shares), 1):
        raise SplitError(
            f"Expected positive fractions that sum to 1, but got {dict(fractions)}; adjust them."
        )
    groups = group_ids(manifest)
    part_of: dict[str, str] = {}
    for label, rows in manifest.groupby("label", sort=True):
        names = [g for g in groups[rows.index].unique() if g not in part_of]
        part_of |= _deal(sorted(names), groups[rows.index].value_counts(), fractions, label, seed)
    return groups.map(part_of).rename("part")


def group_ids(manifest: pd.DataFrame) -> pd.Series:
    """The id that must not be in two parts: patients and the lesions they share, joined.

    Two cases are in one group when they share a patient_id or a lesion_id, also through others.
    """
    parent = {row: row for row in range(len(manifest))}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for column in ("patient_id", "lesion_id", "sha256"):
        first: dict[str, int] = {}
        for row, value in enumerate(manifest.get(column, pd.Series(dtype=str))):
            if value:
                parent[root(row)] = root(first.setdefault(value, row))
    return pd.Series([f"group-{root(row)}" for row in range(len(manifest))], index=manifest.index)


def _deal(
    names: list[str], sizes: pd.Series, fractions: Mapping[str, float], label: object, seed: int
) -> dict[str, str]:
    """Give each group, largest first, to the part that is furthest below its share."""
    digest = hashlib.sha256(f"{seed}/{label}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    order = sorted(rng.permutation(names), key=lambda name: -int(sizes[name]))
    total = float(sum(int(sizes[name]) for name in names))
    given = dict.fromkeys(fractions, 0.0)
    result = {}
    for name in order:
        part = max(fractions, key=lambda p: fractions[p] * total - given[p])
        given[part] += float(sizes[name])
        result[str(name)] = part
    return result


def check_leaks(manifest: pd.DataFrame, parts: pd.Series) -> None:
    """Raise SplitError naming the first patient, lesion or identical file found in two parts."""
    for column in ("patient_id", "lesion_id", "sha256"):
        if column not in manifest:
            continue
        known = manifest[column] != ""
        spread = parts[known].groupby(manifest.loc[known, column]).nunique()
        if (spread > 1).any():
            value = spread.index[spread > 1][0]
            cases = manifest.loc[manifest[column] == value, "case_id"]
            raise SplitError(
                f"Expected {column} {value!r} in one part only, but its cases "
                f"({', '.join(cases[:5])}) are in several; split by group."
            )
