"""The invented readers behave as their description says."""

import numpy as np
import pytest

from data.taxonomy import DEMO8, ISIC2019, Taxonomy
from readerstudy.simulate import draw_difficulty, draw_reading

N_CASES = 400
N_READERS = 60


def draw(taxonomy: Taxonomy, seed: int) -> tuple[list[str], list[tuple[str, ...]], np.ndarray]:
    truth = [taxonomy.codes[i % len(taxonomy)] for i in range(N_CASES)]
    difficulty = draw_difficulty([f"case-{i}" for i in range(N_CASES)])
    readings = [
        draw_reading(truth, difficulty, taxonomy=taxonomy, rng=np.random.default_rng([seed, j]))
        for j in range(N_READERS)
    ]
    confidence = np.array([r.confidences for r in readings])
    return truth, [r.answers for r in readings], confidence


@pytest.mark.parametrize("taxonomy", [DEMO8, ISIC2019], ids=lambda t: t.name)
def test_readers_are_good_but_neither_perfect_nor_alike(taxonomy: Taxonomy) -> None:
    truth, answers, _ = draw(taxonomy, seed=1)
    accuracy = [np.mean([a == t for a, t in zip(row, truth, strict=True)]) for row in answers]
    assert 0.7 < np.mean(accuracy) < 0.85
    assert 0.03 < np.std(accuracy) < 0.2
    assert {code for row in answers for code in row} == set(taxonomy.codes)


def test_look_alikes_are_mixed_up_most() -> None:
    truth, answers, _ = draw(DEMO8, seed=1)
    taken = [a for row in answers for a, t in zip(row, truth, strict=True) if t == "EAD" and a != t]
    assert max(set(taken), key=taken.count) == "Pso"


def test_some_cases_are_hard_for_everybody() -> None:
    truth, answers, _ = draw(DEMO8, seed=1)
    right = np.array([[a == t for a, t in zip(row, truth, strict=True)] for row in answers])
    by_chance = np.sqrt(right.mean() * (1 - right.mean()) / N_READERS)
    assert right.mean(axis=0).std() > 2 * by_chance


def test_confidence_carries_information() -> None:
    truth, answers, confidence = draw(DEMO8, seed=1)
    right = np.array([[a == t for a, t in zip(row, truth, strict=True)] for row in answers])
    assert confidence.min() >= 0
    assert confidence.max() <= 100
    assert confidence[right].mean() > confidence[~right].mean() + 10


def test_the_same_seed_draws_the_same_reader() -> None:
    assert draw(DEMO8, seed=1)[1] == draw(DEMO8, seed=1)[1]
    assert draw(DEMO8, seed=1)[1] != draw(DEMO8, seed=2)[1]


def test_difficulty_belongs_to_the_case() -> None:
    here, there = draw_difficulty(["a", "b"]), draw_difficulty(["b", "c"])
    assert here[1] == there[0]
    assert draw_difficulty([]).shape == (0,)
