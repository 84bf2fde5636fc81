"""Settings fitted on the tuning split: the temperature and the threshold of each class."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, special

from model.metrics import Bools, Floats, Ints

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


def youden_threshold(scores: Floats, positive: Bools) -> float:
    """The threshold with the largest sensitivity + specificity - 1.

    `scores` (n,) in [0, 1], `positive` (n,) bool; a case is called positive when its score reaches
    the threshold. It lies halfway between two scores, so that rounding the weights does not move a
    case across it. Without positives or negatives it is 0.5. Reference: Youden 1950.
    """
    n_pos, n_neg = int(positive.sum()), int((~positive).sum())
    if n_pos == 0 or n_neg == 0:
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    gain = np.cumsum(hits) / n_pos - np.cumsum(~hits) / n_neg
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    best = int(np.argmax(np.where(last_of_tie, gain, -np.inf)))
    below = float(ranked[best + 1]) if best + 1 < len(ranked) else 0.0
    return (float(ranked[best]) + below) / 2


def youden_thresholds(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> dict[str, float]:
    """`youden_threshold` of every class against the rest, by code."""
    return {
        code: youden_threshold(probabilities[:, index], truth == index)
        for index, code in enumerate(codes)
    }
