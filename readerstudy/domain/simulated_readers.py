"""Invented readers, for trying a study out: a documented model of skill, difficulty and mix-ups.

Reader j has a skill s_j ~ N(1.6, 0.6), case i a difficulty d_i ~ N(0, 0.9), both in logits. The
reader is right with probability 1 / (1 + exp(-(s_j - d_i))), otherwise takes another class: one of
the same family of diseases three times, a known look-alike six times as likely as any other.
Confidence is the same logit with noise, one logit lower when wrong, as a percentage: so it carries
information, and too little when wrong. Time per case is log-normal around 12 s.

The numbers are plausible and nothing more; they describe no real group of readers.

`habits_of` keeps all of this but sets mean skill and mix-ups so that the readers have, on average,
given sensitivities and specificities.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from data.arrays import Floats
from data.taxonomy import Taxonomy
from readerstudy.domain.errors import StudyError

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


_HARDEST = 40.0  # logits: right always, or never, as far as a float can tell
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)  # of a mean over N(0, 1)
_ROUNDS = 2000
_ROUNDING = 0.005  # published rates are rounded, so that they never fit each other exactly


@dataclass(frozen=True)
class SimulatedReading:
    """One reader's reading of all cases: a class code, 0 to 100, and seconds for each case."""

    answers: tuple[str, ...]
    confidences: tuple[int, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Rates:
    """What readers reach on average in one class, against all others."""

    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Habits:
    """A group of readers: mean skill in logits by class; (k, k) chances of each wrong class.

    Rows of `mix_ups` are true classes and sum to 1; the diagonal is 0.
    """

    codes: tuple[str, ...]
    skill: Floats
    mix_ups: Floats


def usual_habits(taxonomy: Taxonomy) -> Habits:
    """Those of the description above."""
    skill = np.full(len(taxonomy), SKILL_MEAN)
    return Habits(taxonomy.codes, skill, _shares(_weights(taxonomy)))


def habits_of(
    rates: Mapping[str, Rates], truth: Sequence[str], difficulty: Floats, *, taxonomy: Taxonomy
) -> Habits:
    """Habits with which readers of these cases have these rates in expectation.

    Mix-ups start from the usual ones and are fitted to the specificities by scaling rows and
    columns in turn (Deming & Stephan 1940). Raises StudyError where no answers have such rates.
    """
    _check_rates(rates, truth, taxonomy)
    own = np.array([[t == code for t in truth] for code in taxonomy.codes])
    n = own.sum(axis=1)
    missed = n * [1 - rates[code].sensitivity for code in taxonomy.codes]
    taken = (len(truth) - n) * [1 - rates[code].specificity for code in taxonomy.codes]
    fitted = _fitted(_weights(taxonomy), missed, taken)
    _check_fit(fitted, taken, len(truth) - n, taxonomy.codes)
    skill = [
        _skill(rates[code].sensitivity, difficulty[mine])
        for code, mine in zip(taxonomy.codes, own, strict=True)
    ]
    return Habits(taxonomy.codes, np.array(skill), _shares(fitted))


def draw_reading(
    truth: Sequence[str], difficulty: Floats, *, habits: Habits, rng: np.random.Generator
) -> SimulatedReading:
    """`difficulty`: (n_cases,) in logits, from `draw_difficulty`."""
    n = len(truth)
    rows = [habits.codes.index(code) for code in truth]
    logit = habits.skill[rows] + rng.normal(0, SKILL_SD) - difficulty
    is_right = rng.random(n) < _sigmoid(logit)
    mistaken = _mistakes(rows, habits, rng)
    answers = [t if right else m for t, m, right in zip(truth, mistaken, is_right, strict=True)]
    felt = logit + rng.normal(0, CONFIDENCE_NOISE_SD, n) - WRONG_PENALTY * ~is_right
    seconds = MEDIAN_SECONDS * np.exp(rng.normal(0, SECONDS_LOG_SD, n))
    return SimulatedReading(
        answers=tuple(answers),
        confidences=tuple(int(c) for c in np.rint(100 * _sigmoid(felt))),
        seconds=tuple(float(s) for s in seconds),
    )


def draw_difficulty(case_ids: Sequence[str]) -> Floats:
    """(n_cases,) logits from the names of the cases: the same for every seed of readers."""
    seeds = [int.from_bytes(hashlib.sha256(c.encode()).digest()[:8]) for c in case_ids]
    return np.array([np.random.default_rng(s).normal(0, DIFFICULTY_SD) for s in seeds])


def _mistakes(rows: Sequence[int], habits: Habits, rng: np.random.Generator) -> list[str]:
    """For each case the class that the reader takes when wrong."""
    cumulated = np.cumsum(habits.mix_ups, axis=1)[rows]
    drawn = (cumulated < rng.random(len(rows))[:, None]).sum(axis=1)
    return [habits.codes[min(k, len(habits.codes) - 1)] for k in drawn]


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _weights(taxonomy: Taxonomy) -> Floats:
    """(k, k) how likely each wrong class is taken for the true one."""
    return np.array([[_weight(taxonomy, a, b) for b in taxonomy.codes] for a in taxonomy.codes])


def _weight(taxonomy: Taxonomy, true: str, taken: str) -> float:
    if true == taken:
        return 0.0
    if any({true, taken} <= group for group in LOOK_ALIKES):
        return LOOK_ALIKE_WEIGHT
    is_family = taxonomy[true].family == taxonomy[taken].family
    return FAMILY_WEIGHT if is_family else 1.0


def _skill(sensitivity: float, difficulty: Floats) -> float:
    """Mean skill with which readers are right on this share of these cases."""

    def too_good(skill: float) -> float:
        logit = skill + SKILL_SD * _NODES[:, None] - difficulty
        return float(_WEIGHTS @ _sigmoid(logit).mean(axis=1) / _WEIGHTS.sum()) - sensitivity

    return float(brentq(too_good, -_HARDEST, _HARDEST))


def _fitted(weights: Floats, missed: Floats, taken: Floats) -> Floats:
    """(k, k) expected wrong answers with `missed` as row sums and nearly `taken` as column sums."""
    goal = taken * missed.sum() / taken.sum()
    table = weights
    for _ in range(_ROUNDS):
        table = table * (goal / table.sum(axis=0))
        table = table * (missed / table.sum(axis=1))[:, None]
    return table


def _check_rates(rates: Mapping[str, Rates], truth: Sequence[str], taxonomy: Taxonomy) -> None:
    if set(rates) != set(taxonomy.codes):
        raise StudyError(
            f"Expected rates of {', '.join(taxonomy.codes)}, but got those of "
            f"{', '.join(rates) or 'no class'}; give each class its two rates."
        )
    for code, its in rates.items():
        if not (0 < its.sensitivity < 1 and 0 < its.specificity < 1):
            raise StudyError(
                f"Expected the rates of {code} to lie between 0 and 1, but got {its.sensitivity} "
                f"and {its.specificity}; readers who are never wrong cannot be simulated."
            )
        if code not in truth:
            raise StudyError(
                f"Expected cases of {code}, since a sensitivity was given, but the study has none; "
                "add such cases."
            )


def _check_fit(table: Floats, taken: Floats, n_others: Floats, codes: Sequence[str]) -> None:
    got, asked = 1 - table.sum(axis=0) / n_others, 1 - taken / n_others
    far = [
        f"the specificity of {code} would be {a:.3f} in place of {b:.3f}"
        for code, a, b in zip(codes, got, asked, strict=True)
        if abs(a - b) > _ROUNDING
    ]
    if far:
        raise StudyError(
            "Expected sensitivities and specificities that the same answers can have, but with "
            f"these {'; '.join(far)}. Correct them, or the number of cases of each class."
        )


def _sigmoid(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logit)))
