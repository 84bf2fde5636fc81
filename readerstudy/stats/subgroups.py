"""The same analysis on parts of the readings: by kind of reader, or by kind of case."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import pandas as pd

from readerstudy.stats.analysis import analyse
from readerstudy.stats.input.study import Missing, Rule
from readerstudy.stats.records import Analysis


def analyse_groups(
    readings: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    groups: Mapping[str, Collection[str]],
    *,
    by: Literal["reader_id", "case_id"],
    classes: Sequence[str],
    rule: Rule = "renormalise",
    missing: Missing = "omit",
) -> dict[str, Analysis]:
    """One `analyse` for each group of readers or cases, in the order of `groups`.

    Frames as `analyse` takes them; `groups` maps a name to values of the column `by`. It filters
    rows alone, so that a group of all gives the numbers of the whole study. A group without a row
    is left out. Nothing is corrected for the number of groups. Raises StatsError.

    >>> rows = [(r, c, t, a) for r in ("r1", "r2") for c, t, a in
    ...         (("a", "x", "x"), ("b", "y", "x"), ("c", "y", "y"))]
    >>> readings = pd.DataFrame(rows, columns=["reader_id", "case_id", "truth", "answer"])
    >>> analyses = analyse_groups(readings, {}, {"few": ["a", "b"], "none": []}, by="case_id",
    ...                        classes=("x", "y"))
    >>> analyses["few"].get("accuracy", "all", "mean_reader", "or-rrrc").estimate, list(analyses)
    (0.5, ['few'])
    """
    names = readings[by].astype(str)
    parts = {group: readings[names.isin(list(members))] for group, members in groups.items()}
    return {
        group: analyse(part, predictions, classes=classes, rule=rule, missing=missing)
        for group, part in parts.items()
        if len(part)
    }
