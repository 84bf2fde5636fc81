"""Splits that keep all images of a patient or lesion together, and the check that they do."""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from data.arrays import Floats, Ints
from data.errors import UserError

# Written into stored splits; changes when the same seed would no longer give the same parts.
METHOD = "grouped by patient, lesion and identical file; stratified by label; rule 2"
_GROUPING = ("patient_id", "lesion_id", "sha256")


class SplitError(UserError):
    """The split cannot be made, or one case leaks into two parts."""


def split(
    manifest: pd.DataFrame,
    *,
    fractions: Mapping[str, float],
    seed: int,
    same: Iterable[tuple[str, str]] = (),
) -> pd.Series:
    """Assign each case to a part, so that no patient, lesion or file is in two parts.

    `fractions` maps the part's name to its share; shares are positive and sum to 1. Groups (see
    `group_ids`; `same` are pairs of case ids that belong together as well) are dealt one by one,
    those of rare classes first, then the larger ones, else in an order drawn from `seed`. Each goes
    to the part that is furthest below its shares of the group's classes. Returns the part's name
    per row, indexed like `manifest`; the order of the rows does not matter. The paper's split is
    not public; this rule is this project's.
    """
    shares = list(fractions.values())
    if not shares or min(shares) <= 0 or not np.isclose(sum(shares), 1):
        raise SplitError(
            f"Expected positive fractions that sum to 1, but got {dict(fractions)}; adjust them."
        )
    groups = group_ids(manifest, same=same)
    counts = pd.crosstab(groups, manifest["label"]).sort_index(axis=0).sort_index(axis=1)
    part_of = _deal(counts, fractions, seed)
    return groups.map(part_of).rename("part")


def group_ids(manifest: pd.DataFrame, *, same: Iterable[tuple[str, str]] = ()) -> pd.Series:
    """The id that must not be in two parts: patients and the lesions they share, joined.

    Two cases are in one group when they share a patient_id, a lesion_id or a file's sha256, or are
    a pair of `same`, also through others. A group is called after its first case_id in the order of
    the alphabet.
    """
    parent = {row: row for row in range(len(manifest))}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for column in _GROUPING:
        first: dict[str, int] = {}
        for row, value in enumerate(manifest.get(column, pd.Series(dtype=str))):
            if value:
                parent[root(row)] = root(first.setdefault(value, row))
    ids = [str(value) for value in manifest["case_id"]]
    row_of = {case_id: row for row, case_id in enumerate(ids)}
    for one, other in same:
        if one in row_of and other in row_of:
            parent[root(row_of[one])] = root(row_of[other])
    roots = [root(row) for row in range(len(ids))]
    names = pd.Series(ids).groupby(roots).min()
    return pd.Series(names.loc[roots].to_numpy(), index=manifest.index, dtype=object)


def _deal(counts: pd.DataFrame, fractions: Mapping[str, float], seed: int) -> dict[str, str]:
    """From the cases per group and class to the part of each group."""
    table = counts.to_numpy(dtype=float)
    shares = np.array(list(fractions.values()))
    totals = table.sum(axis=0)
    given = np.zeros((len(shares), len(totals)))
    parts = list(fractions)
    result = {}
    for row in _order(table, totals, seed):
        missing = shares[:, None] - given / totals
        # Steepest descent of the squared gaps between wanted and given shares of all classes.
        gain = missing @ (table[row] / totals)
        best = int(np.lexsort((-shares, -gain.round(9)))[0])
        given[best] += table[row]
        result[str(counts.index[row])] = parts[best]
    return result


def _order(table: Floats, totals: Floats, seed: int) -> Ints:
    digest = hashlib.sha256(str(seed).encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    rarest = np.where(table > 0, totals, np.inf).min(axis=1)
    return np.lexsort((rng.permutation(len(table)), -table.sum(axis=1), rarest))


def check_leaks(manifest: pd.DataFrame, parts: pd.Series) -> None:
    """Raise SplitError naming the first patient, lesion or identical file found in two parts."""
    for column in _GROUPING:
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
