"""Figures within parts of the cases: by skin tone, site, age band, sex, source, modality."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from data.arrays import Floats, Ints
from model.metrics.classification import argmax_metrics, auc_metrics
from model.metrics.metric import SubgroupMetric

COLUMNS = ("skin_tone", "site", "age_band", "sex", "source", "modality")
QUANTITIES = ("top-1 accuracy", "balanced accuracy", "macro auc")
UNKNOWN = "not stated"


def subgroup_metrics(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, cases: pd.DataFrame
) -> tuple[SubgroupMetric, ...]:
    """QUANTITIES within every value of COLUMNS, in the manifest's rows `cases` (n).

    A column that is missing, empty, or the same everywhere divides nothing and is left out. Means
    over classes are over those that the subgroup has: two subgroups with other classes cannot be
    compared by them.
    """
    found = []
    for column, value, inside in _groups(cases):
        some, labels = probabilities[inside], truth[inside]
        rows = [*auc_metrics(some, labels, codes), *argmax_metrics(some, labels, codes)]
        by_name = {row.quantity: row for row in rows if not row.class_}
        found += [SubgroupMetric(column, value, by_name[name]) for name in QUANTITIES]
    return tuple(found)


def _groups(cases: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    for column in COLUMNS:
        if column not in cases:
            continue
        values = cases[column].replace("", UNKNOWN).to_numpy()
        names = sorted(set(values), key=lambda name: (name == UNKNOWN, name))
        if len(names) > 1:
            yield from ((column, name, values == name) for name in names)
