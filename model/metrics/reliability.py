"""Whether probabilities can be believed: Brier score, calibration error, reliability bins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data.arrays import Floats, Ints
from model.metrics.bootstrap import (
    BASIC,
    PERCENTILE,
    Statistic,
    basic_intervals,
    estimates,
    percentile_intervals,
)
from model.metrics.metric import Metric, wilson

N_BINS = 15
ANSWER_CASES = 40


@dataclass(frozen=True)
class Bin:
    """Cases whose highest probability lies in (low, high]; how many of their answers were right.

    `confidence` is the mean of these probabilities; all are fractions in [0, 1]. The interval of
    the share that was right is Wilson's, 95%.
    """

    low: float
    high: float
    confidence: float
    n: int
    right: int

    @property
    def share(self) -> float:
        """The share of right answers."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of `share`."""
        return wilson(self.right, self.n)


def probability_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """Brier score over all classes and of each, and the expected calibration error.

    `probabilities` (n, k), `truth` (n,) int in [0, k); nan without cases.
    Reference: Brier 1950 (sum over the classes, 0 to 2; of one class against the rest, 0 to 1).
    """
    n = len(truth)
    squares = (probabilities - np.eye(len(codes))[truth]) ** 2
    columns = np.column_stack([squares.sum(axis=1), squares])

    def scores(weights: Floats) -> Floats:
        found: Floats = weights @ columns / weights.sum(axis=1, keepdims=True)
        return found

    means, limits = _with_limits(scores, n, m=len(codes) + 1, way=percentile_intervals)
    brier = [
        Metric("probability", "brier score", code, mean, low, high, n, PERCENTILE)
        for code, mean, (low, high) in zip(
            ["", *codes], means.tolist(), limits.tolist(), strict=True
        )
    ]
    return [brier[0], _calibration_error(probabilities, truth), *brier[1:]]


def _with_limits(
    statistic: Statistic, n: int, *, m: int, way: Callable[[Statistic, int], Floats]
) -> tuple[Floats, Floats]:
    if not n:
        return np.full(m, np.nan), np.full((m, 2), np.nan)
    return estimates(statistic, n), way(statistic, n)


def _calibration_error(probabilities: Floats, truth: Ints) -> Metric:
    """Mean distance of share and confidence over 15 bins of equal width (Guo et al. 2017)."""
    confidence, right = top_answers(probabilities, truth)
    place = np.clip(np.ceil(confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    away = (right - confidence)[:, None] * (place[:, None] == np.arange(N_BINS))

    def error(weights: Floats) -> Floats:
        found: Floats = np.abs(weights @ away).sum(axis=1) / weights.sum(axis=1)
        return found[:, None]

    n = len(truth)
    (found,), ((low, high),) = _with_limits(error, n, m=1, way=basic_intervals)
    return Metric("probability", "ece", "", float(found), float(low), float(high), n, BASIC)


def top_answers(probabilities: Floats, truth: Ints) -> tuple[Floats, Floats]:
    """The highest probability of each case (n,) and 1.0 where that answer was right, else 0.0."""
    if not len(truth):
        return np.empty(0), np.empty(0)
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(np.float64)


def reliability_bins(probabilities: Floats, truth: Ints) -> tuple[Bin, ...]:
    """The 15 bins of equal width that the calibration error uses; empty ones are left out."""
    return _bins(*top_answers(probabilities, truth), edges=np.linspace(0, 1, N_BINS + 1))


def answer_bins(probabilities: Floats, truth: Ints) -> tuple[Bin, ...]:
    """At most 5 bins of about equally many cases, at least ANSWER_CASES each; none with fewer.

    They cover (0, 1]: for every answer there is a share of such answers that were right.
    """
    confidence, right = top_answers(probabilities, truth)
    n_bins = min(5, len(truth) // ANSWER_CASES)
    if not n_bins:
        return ()
    inner = np.quantile(confidence, np.arange(1, n_bins) / n_bins)
    return _bins(confidence, right, edges=np.unique([0.0, *inner, 1.0]))


def _bins(confidence: Floats, right: Floats, *, edges: Floats) -> tuple[Bin, ...]:
    found = []
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        n = int(inside.sum())
        if n:
            mean = float(confidence[inside].mean())
            found.append(Bin(float(low), float(high), mean, n, int(right[inside].sum())))
    return tuple(found)
