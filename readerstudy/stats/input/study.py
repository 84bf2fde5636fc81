"""The checked arrays every method works on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from data.arrays import Bools, Floats, Ints

Rule = Literal["renormalise", "strict"]
Missing = Literal["omit", "wrong"]

UNANSWERED = -1
OUTSIDE = -1


@dataclass(frozen=True, eq=False)
class Model:
    """One model on the study's cases.

    `scores`: (n_cases, n_classes) float64, higher means the class. `calls`: (n_cases,) intp, index
    of the class decided for, OUTSIDE for a class that is not the study's.
    """

    name: str
    scores: Floats
    calls: Ints


@dataclass(frozen=True, eq=False)
class Aided:
    """Second answers, given with a model's advice, on the study's readers and cases.

    `answers`: (J, n) intp, UNANSWERED where there is none. `shown`: (J, n) bool. `advice`: (J, n)
    intp, the class that was suggested, UNANSWERED where unknown; None if never told.
    """

    answers: Ints
    shown: Bools
    advice: Ints | None

    @property
    def answered(self) -> Bools:
        """(J, n): where there is a second answer."""
        return np.asarray(self.answers != UNANSWERED)


@dataclass(frozen=True, eq=False)
class Study:
    """Readings and predictions as arrays; J readers, n cases, k classes.

    `truth`: (n,) intp in 0..k-1. `answers`: (J, n) intp, UNANSWERED where there is no answer.
    `shown`: (J, n) bool. `confidence`: (J, n) float64 in 0..100, nan where unknown, or None.
    `repeats`: (m, 4) intp rows of reader, case, first answer, second answer. `aided`: the second
    reading, or None. `cluster`: (n,) intp, cases of one patient (or whatever was named) alike; None
    where cases are independent.
    """

    reader_ids: tuple[str, ...]
    simulated: Bools
    case_ids: tuple[str, ...]
    classes: tuple[str, ...]
    positive: str | None
    truth: Ints
    answers: Ints
    shown: Bools
    confidence: Floats | None
    models: tuple[Model, ...]
    missing: Missing
    repeats: Ints
    aided: Aided | None
    cluster: Ints | None
    notes: tuple[str, ...]

    @property
    def n_readers(self) -> int:
        """Readers with at least one row."""
        return len(self.reader_ids)

    @property
    def n_cases(self) -> int:
        """Cases with at least one row."""
        return len(self.case_ids)

    @property
    def answered(self) -> Bools:
        """(J, n): where there is an answer."""
        return np.asarray(self.answers != UNANSWERED)

    @property
    def scored(self) -> Bools:
        """(J, n): cells that enter a metric under the policy on missing answers."""
        return self.shown if self.missing == "wrong" else self.answered

    @property
    def targets(self) -> tuple[str, ...]:
        """Classes reported one-vs-rest: the positive class, or all."""
        return self.classes if self.positive is None else (self.positive,)
