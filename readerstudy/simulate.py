"""Invented readers, for trying a study out: a documented model of skill, difficulty and mix-ups.

Reader j has a skill s_j ~ N(1.6, 0.6), case i a difficulty d_i ~ N(0, 0.9), both in logits. The
reader is right with probability 1 / (1 + exp(-(s_j - d_i))), otherwise takes another class: one of
the same family of diseases three times, a known look-alike six times as likely as any other.
Confidence is the same logit with noise, one logit lower when wrong, as a percentage: so it carries
information, and too little when wrong. Time per case is log-normal around 12 s.

The numbers are plausible and nothing more; they describe no real group of readers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.taxonomy import Taxonomy

SKILL_MEAN, SKILL_SD = 1.6, 0.6
DIFFICULTY_SD = 0.9
FAMILY_WEIGHT, LOOK_ALIKE_WEIGHT = 3.0, 6.0
CONFIDENCE_NOISE_SD, WRONG_PENALTY = 0.8, 1.0
MEDIAN_SECONDS, SECONDS_LOG_SD = 12.0, 0.5
# Of a repeated case, how often it is judged afresh; of advice, how often it is taken unseen.
FORGETS, TAKES_ADVICE = 0.3, 0.4
LOOK_ALIKES = (
    frozenset({"EAD", "SD", "Pso"}),
    frozenset({"MN", "SK", "BCC"}),
    frozenset({"Hem", "PWS"}),
    frozenset({"MEL", "NV"}),
    frozenset({"AK", "BKL", "SCC"}),
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedReading:
    """One reader's reading of all cases: a class code, 0 to 100, and seconds for each case."""

    answers: tuple[str, ...]
    confidences: tuple[int, ...]
    seconds: tuple[float, ...]


def draw_reading(
    truth: Sequence[str],
    difficulty: FloatArray,
    *,
    taxonomy: Taxonomy,
    rng: np.random.Generator,
) -> SimulatedReading:
    """`difficulty`: (n_cases,) in logits, from `draw_difficulty`."""
    n = len(truth)
    logit = rng.normal(SKILL_MEAN, SKILL_SD) - difficulty
    is_right = rng.random(n) < _sigmoid(logit)
    mistaken = _mistakes(truth, taxonomy, rng)
    answers = [t if right else m for t, m, right in zip(truth, mistaken, is_right, strict=True)]
    felt = logit + rng.normal(0, CONFIDENCE_NOISE_SD, n) - WRONG_PENALTY * ~is_right
    seconds = MEDIAN_SECONDS * np.exp(rng.normal(0, SECONDS_LOG_SD, n))
    return SimulatedReading(
        answers=tuple(answers),
        confidences=tuple(int(c) for c in np.rint(100 * _sigmoid(felt))),
        seconds=tuple(float(s) for s in seconds),
    )


def draw_difficulty(case_ids: Sequence[str]) -> FloatArray:
    """(n_cases,) logits from the names of the cases: the same for every seed of readers."""
    seeds = [int.from_bytes(hashlib.sha256(c.encode()).digest()[:8]) for c in case_ids]
    return np.array([np.random.default_rng(s).normal(0, DIFFICULTY_SD) for s in seeds])


def _mistakes(truth: Sequence[str], taxonomy: Taxonomy, rng: np.random.Generator) -> list[str]:
    """For each case the class that the reader takes when wrong."""
    codes = list(taxonomy.codes)
    cumulated = np.cumsum(_mix_ups(taxonomy), axis=1)
    rows = cumulated[[taxonomy.index(code) for code in truth]]
    drawn = (rows < rng.random(len(truth))[:, None]).sum(axis=1)
    return [codes[min(k, len(codes) - 1)] for k in drawn]


def _mix_ups(taxonomy: Taxonomy) -> FloatArray:
    """(k, k) probabilities of each wrong class given the true one; the diagonal is 0."""
    weights = [[_weight(taxonomy, a, b) for b in taxonomy.codes] for a in taxonomy.codes]
    table = np.array(weights)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _weight(taxonomy: Taxonomy, true: str, taken: str) -> float:
    if true == taken:
        return 0.0
    if any({true, taken} <= group for group in LOOK_ALIKES):
        return LOOK_ALIKE_WEIGHT
    is_family = taxonomy[true].family == taxonomy[taken].family
    return FAMILY_WEIGHT if is_family else 1.0


def _sigmoid(logit: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-logit)))
