"""The invented readers behave as their description says."""

import numpy as np
import pytest

from data.taxonomy import DEMO8, ISIC2019, Taxonomy
from readerstudy.domain.errors import StudyError
from readerstudy.domain.simulated_readers import (
    Rates,
    draw_difficulty,
    draw_reading,
    habits_of,
    usual_habits,
)

N_CASES = 400
N_READERS = 60


def draw(taxonomy: Taxonomy, seed: int) -> tuple[list[str], list[tuple[str, ...]], np.ndarray]:
    truth = [taxonomy.codes[i % len(taxonomy)] for i in range(N_CASES)]
    difficulty = draw_difficulty([f"case-{i}" for i in range(N_CASES)])
    habits = usual_habits(taxonomy)
    readings = [
        draw_reading(truth, difficulty, habits=habits, rng=np.random.default_rng([seed, j]))
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


WANG = {
    "BCC": Rates(0.770, 0.962),
    "MN": Rates(0.807, 0.897),
    "SK": Rates(0.624, 0.976),
    "DF": Rates(0.939, 0.875),
}


def of_wang() -> tuple[Taxonomy, list[str], np.ndarray]:
    counts = {"BCC": 10, "MN": 20, "SK": 20, "DF": 20}
    truth = [code for code, n in counts.items() for _ in range(n)]
    taxonomy = DEMO8.subset(tuple(counts), name="four")
    return taxonomy, truth, draw_difficulty([f"wang-{i}" for i in range(len(truth))])


def test_readers_reach_the_rates_that_were_asked_for() -> None:
    taxonomy, truth, difficulty = of_wang()
    habits = habits_of(WANG, truth, difficulty, taxonomy=taxonomy)
    readings = [
        draw_reading(truth, difficulty, habits=habits, rng=np.random.default_rng([7, j]))
        for j in range(1500)
    ]
    answers, true = np.array([r.answers for r in readings]), np.array(truth)
    for code, rates in WANG.items():
        called = answers == code
        sensitivity, specificity = called[:, true == code], ~called[:, true != code]
        error = 4 * sensitivity.mean(axis=1).std() / np.sqrt(len(readings))
        assert sensitivity.mean() == pytest.approx(rates.sensitivity, abs=error)
        # The readers' errors, 14.90 a reading, are 0.02 more than the published false alarms.
        error = 4 * specificity.mean(axis=1).std() / np.sqrt(len(readings)) + 0.001
        assert specificity.mean() == pytest.approx(rates.specificity, abs=error)
        assert sensitivity.mean(axis=1).std() > 0.05


def test_mix_ups_among_two_classes_leave_no_choice() -> None:
    taxonomy = DEMO8.subset(("Pso", "EAD"), name="two")
    truth = ["Pso"] * 4 + ["EAD"] * 8
    rates = {"Pso": Rates(0.9, 0.7), "EAD": Rates(0.7, 0.9)}
    habits = habits_of(rates, truth, np.zeros(12), taxonomy=taxonomy)
    assert habits.mix_ups.tolist() == [[0, 1], [1, 0]]
    assert habits.skill[0] > habits.skill[1]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"DF": Rates(0.939, 0.80)}, "the specificity of DF would be"),
        ({"MN": Rates(1.0, 0.897)}, "rates of MN to lie between 0 and 1"),
        ({"VW": Rates(0.9, 0.9)}, "rates of BCC, MN, SK, DF, but got those of BCC, MN, SK, DF, VW"),
    ],
    ids=["that exclude each other", "of readers without mistakes", "of another class"],
)
def test_rates_are_refused(changed: dict[str, Rates], words: str) -> None:
    taxonomy, truth, difficulty = of_wang()
    with pytest.raises(StudyError, match=words):
        habits_of({**WANG, **changed}, truth, difficulty, taxonomy=taxonomy)


def test_rates_of_a_class_without_cases_are_refused() -> None:
    taxonomy, _, _ = of_wang()
    with pytest.raises(StudyError, match="cases of SK"):
        habits_of(WANG, ["BCC", "MN", "DF"], np.zeros(3), taxonomy=taxonomy)
