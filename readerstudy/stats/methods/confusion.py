"""Counts behind sensitivity, specificity and their kin, for any number of readers at once."""

from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats, Ints
from readerstudy.stats.input.study import Study


@dataclass(frozen=True, eq=False)
class Cells:
    """Right and wrong cells of one metric; m cases enter it.

    `right`: (J, m) float64, 1 right, 0 wrong or not there. `there`: (J, m) bool, cells that count.
    `at`: (m,) intp, the cases' places in the study.
    """

    right: Floats
    there: Bools
    at: Ints


@dataclass(frozen=True, eq=False)
class TwoByTwo:
    """One-vs-rest counts, each of the shape of the leading axes of what was counted."""

    tp: Ints
    fn: Ints
    fp: Ints
    tn: Ints


def one_vs_rest(
    truth: Ints, answers: Ints, *, target: int, counted: Bools | None = None
) -> TwoByTwo:
    """Count answers of one class against all others.

    `truth`: (n,) intp. `answers`: (..., n) intp; a negative answer is not the target. `counted`:
    (..., n) bool, cells to count (default all). No case of the class gives tp = fn = 0.

    >>> table = one_vs_rest(np.array([0, 0, 1]), np.array([0, 1, 0]), target=0)
    >>> [int(x) for x in (table.tp, table.fn, table.fp, table.tn)]
    [1, 1, 1, 0]
    """
    said, true = answers == target, np.broadcast_to(truth == target, answers.shape)
    there = np.ones(answers.shape, bool) if counted is None else counted

    def count(cells: Bools) -> Ints:
        return np.asarray((cells & there).sum(axis=-1), dtype=np.intp)

    return TwoByTwo(
        count(said & true), count(~said & true), count(said & ~true), count(~said & ~true)
    )


def metric_cells(study: Study, quantity: str, *, target: int | None = None) -> Cells:
    """The readers' right and wrong cells for sensitivity or specificity of a class, or accuracy."""
    at = np.flatnonzero(_enters(study.truth, quantity, target))
    there = study.scored[:, at]
    right = is_right(study.truth[at], study.answers[:, at], quantity, target)
    return Cells((right & study.answered[:, at]).astype(np.float64), there, at)


def is_right(truth: Ints, answers: Ints, quantity: str, target: int | None) -> Bools:
    """(..., m) whether each answer is right for the metric."""
    if quantity == "specificity":
        return np.asarray(answers != target)
    return np.asarray(answers == truth)


def _enters(truth: Ints, quantity: str, target: int | None) -> Bools:
    if quantity == "accuracy":
        return np.ones(len(truth), dtype=bool)
    is_target = truth == target
    return np.asarray(is_target if quantity == "sensitivity" else ~is_target)
