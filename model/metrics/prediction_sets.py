"""Prediction sets: classes among which the right one is, with a chance that was promised.

Split conformal prediction: tuning cases set the limit, and further cases of the same kind keep the
promise, whatever the network is worth. References: Sadinle et al. 2019 (the smallest sets, also by
class); Angelopoulos & Bates 2021, section 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats, Ints
from model.metrics.bootstrap import PERCENTILE, mean_interval
from model.metrics.metric import Metric, proportion
from model.metrics.out_of_distribution import limit_at

MISSES = 0.1
COVERAGE = "coverage"
SIZE = "classes in a set"


@dataclass(frozen=True)
class SetRule:
    """A class is in an image's set when its probability reaches the class's limit.

    Chosen on `n` tuning cases so that at most the share `misses` of further images of their kind
    has the right class left out: of all images together, or of each class's own where `by_class`.
    """

    misses: float
    by_class: bool
    limits: dict[str, float]
    n: int

    def holds(self, probabilities: Floats) -> Bools:
        """(n, k) probabilities, in the order of `limits`, to (n, k): which classes are in the sets.

        The likeliest class always is: an empty set helps nobody, and one more class breaks no
        promise.
        """
        inside = probabilities >= np.array(list(self.limits.values()))
        inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
        return np.asarray(inside)


def choose_sets(
    probabilities: Floats,
    truth: Ints,
    codes: Sequence[str],
    *,
    misses: float = MISSES,
    by_class: bool = False,
) -> SetRule:
    """The rule from the tuning part: `probabilities` (n, k), `truth` (n,) in [0, k).

    With too few cases to promise anything (9 for 10%, of each class where `by_class`) the limit is
    0: the class is in every set.
    """
    own = probabilities[np.arange(len(truth)), truth]
    groups = [truth == c if by_class else np.ones(len(truth), bool) for c in range(len(codes))]
    limits = [_limit(own[group], misses) for group in groups]
    return SetRule(misses, by_class, dict(zip(codes, limits, strict=True)), len(truth))


def _limit(own: Floats, misses: float) -> float:
    found = -limit_at(-own, false_alarms=misses)
    return found if math.isfinite(found) else 0.0


def set_metrics(
    rule: SetRule | None, probabilities: Floats, truth: Ints, codes: Sequence[str]
) -> tuple[Metric, ...]:
    """How often the sets held the right class, over all cases and of each class; their mean size.

    Nothing without a rule.
    """
    if rule is None:
        return ()
    inside = rule.holds(probabilities)
    held = inside[np.arange(len(truth)), truth]
    size = mean_interval(inside.sum(axis=1).astype(np.float64))
    return (
        proportion("sets", COVERAGE, "", held),
        Metric("sets", SIZE, "", *size, len(truth), PERCENTILE),
        *(proportion("sets", COVERAGE, code, held[truth == c]) for c, code in enumerate(codes)),
    )
