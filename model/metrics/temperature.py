"""Settings fitted on the tuning split: the temperature and the threshold of each class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from data.arrays import Bools, Floats, Ints
from model.errors import ModelError

_LOG_LIMITS = (math.log(0.05), math.log(20.0))


def softmax(logits: Floats, *, temperature: float = 1.0) -> Floats:
    """(n, k) logits to (n, k) float64 probabilities whose rows sum to 1."""
    result: Floats = special.softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
    return result


def fit_temperature(logits: Floats, truth: Ints) -> float:
    """The temperature in [0.05, 20] with the least negative log-likelihood; 1 without cases.

    `logits` (n, k), `truth` (n,). Reference: Guo et al. 2017, section 4.2.
    """
    if len(truth) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = logits / math.exp(log_temperature)
        own = scaled[np.arange(len(truth)), truth]
        return float((special.logsumexp(scaled, axis=1) - own).mean())

    found = optimize.minimize_scalar(loss, bounds=_LOG_LIMITS, method="bounded")
    return math.exp(float(found.x))


@dataclass(frozen=True)
class ThresholdRule:
    """How a class's threshold is chosen on the tuning split.

    "youden" has the largest sensitivity + specificity - 1 (Youden 1950); "sensitivity" is the
    highest threshold that reaches `target`, "specificity" the lowest one; a fraction in (0, 1].
    """

    kind: str = "youden"
    target: float = 0.0

    def __str__(self) -> str:
        return self.kind if self.kind == "youden" else f"{self.kind}={self.target:g}"


def parse_rule(text: str) -> ThresholdRule:
    """Read `youden`, `sensitivity=0.9` or `specificity=0.9`; ModelError for anything else."""
    kind, _, number = text.partition("=")
    if text == "youden":
        return ThresholdRule()
    try:
        target = float(number)
    except ValueError:
        target = math.nan
    if kind not in ("sensitivity", "specificity") or not 0 < target <= 1:
        raise ModelError(
            "Expected a threshold rule like youden, sensitivity=0.9 or specificity=0.9 (above 0, "
            f"at most 1), but got {text!r}; change --threshold-rule."
        )
    return ThresholdRule(kind, target)


def choose_threshold(scores: Floats, positive: Bools, rule: ThresholdRule) -> float:
    """The threshold of one class against the rest that `rule` asks for.

    `scores` (n,) in [0, 1], `positive` (n,) bool; a case is called positive when its score reaches
    the threshold. It lies halfway between two scores, so that rounding the weights does not move a
    case across it; just above all scores where even the highest is too low. Without positives or
    negatives it is 0.5.
    """
    n_pos, n_neg = int(positive.sum()), int((~positive).sum())
    if n_pos == 0 or n_neg == 0:
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    sensitivity, specificity = np.cumsum(hits) / n_pos, 1 - np.cumsum(~hits) / n_neg
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    best = _best(sensitivity, specificity, last_of_tie, rule)
    if best < 0:
        return float(np.nextafter(ranked[0], math.inf))
    below = float(ranked[best + 1]) if best + 1 < len(ranked) else 0.0
    return (float(ranked[best]) + below) / 2


def _best(sensitivity: Floats, specificity: Floats, allowed: Bools, rule: ThresholdRule) -> int:
    """Index of the last case that is called positive; -1 when none may be."""
    if rule.kind == "youden":
        return int(np.argmax(np.where(allowed, sensitivity + specificity, -np.inf)))
    if rule.kind == "sensitivity":
        # Sums of n-ths: 9 of 10 must reach 0.9.
        return int(np.argmax(allowed & (sensitivity >= rule.target - 1e-12)))
    fit = np.flatnonzero(allowed & (specificity >= rule.target - 1e-12))
    return int(fit[-1]) if len(fit) else -1


def choose_thresholds(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, rule: ThresholdRule
) -> dict[str, float]:
    """`choose_threshold` of every class against the rest, by code; `probabilities` is (n, k)."""
    return {
        code: choose_threshold(probabilities[:, index], truth == index, rule)
        for index, code in enumerate(codes)
    }
