"""Several cases of one patient do not count as several independent ones."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from data.measures.auc import delong_influence, placements
from readerstudy.stats import Analysis, StatsError, analyse
from readerstudy.stats.methods.clusters import area_by_cluster, by_cluster, clustered_mcnemar
from readerstudy.stats.methods.moments import moments, proportion_influence
from readerstudy.stats.methods.obuchowski_rockette import FEW_CLUSTERS, or_inference
from tests.support.stats_helpers import simulate
from tests.unit.test_stats_properties import assert_same, numbers


def with_patients(readings: pd.DataFrame, patients: dict[str, str]) -> pd.DataFrame:
    return readings.assign(patient=readings["case_id"].map(patients))


def twice(readings: pd.DataFrame, models: dict) -> tuple[pd.DataFrame, dict]:
    """Every case photographed twice, with the same answers and probabilities."""

    def doubled(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([frame.assign(case_id=frame["case_id"] + side) for side in "xy"])

    readings = readings.assign(patient=readings["case_id"])
    return doubled(readings), {name: doubled(frame) for name, frame in models.items()}


def test_a_patient_of_one_case_each_changes_no_interval_of_a_mean_or_an_area() -> None:
    readings, models = simulate(3)
    alone = {case: f"p{case}" for case in readings["case_id"]}
    without = numbers(analyse(readings, models))
    clustered = numbers(analyse(with_patients(readings, alone), models, cluster="patient"))
    kept = {"or-rrrc", "or-rrrc-capped", "or-rrfc", "or-frrc", "delong", "delong-logit"}
    same = [key for key in without if key[3].name in kept and key[3].covariance != "unbiased"]
    assert len(same) > 100
    assert_same({k: without[k] for k in same}, {k: clustered[k] for k in same})


def test_the_names_of_patients_do_not_matter() -> None:
    readings, models = simulate(4)
    first = {c: f"p{int(c[1:]) // 2}" for c in readings["case_id"]}
    second = {c: f"q{99 - int(c[1:]) // 2}" for c in readings["case_id"]}
    found = [numbers(analyse(with_patients(readings, p), models, cluster="patient"))
             for p in (first, second)]  # fmt: skip
    assert_same(*found)


@pytest.fixture(scope="module")
def photographed() -> tuple[Analysis, Analysis, Analysis]:
    """A study; every case of it twice, taken as independent; and taken as the same patient's."""
    readings, models = simulate(2, per_class=14, readers=6)
    double, both = twice(readings, models)
    return (
        analyse(readings, models),
        analyse(double, both),
        analyse(double, both, cluster="patient"),
    )


@pytest.mark.parametrize(
    ("quantity", "subject", "method"),
    [
        ("sensitivity", "model:a - mean_reader", "or-rrrc"),
        ("sensitivity", "model:a", "wilson"),
        ("auc", "model:a", "delong"),
        ("auc", "model:a - model:b", "delong"),
    ],
)
def test_photographing_every_case_twice_adds_no_knowledge(
    photographed, quantity, subject, method
) -> None:
    once, naive, clustered = (a.get(quantity, "mel", subject, method) for a in photographed)
    width = [r.ci_high - r.ci_low for r in (once, naive, clustered)]
    assert clustered.estimate == pytest.approx(once.estimate)
    assert width[1] < 0.9 * width[0]
    assert width[2] == pytest.approx(width[0], rel=0.03)


def test_the_clustered_area_is_obuchowskis() -> None:
    """Obuchowski 1997, eq. 3-5, written out as loops over patients."""
    rng = np.random.default_rng(8)
    patient = rng.integers(0, 12, 50)
    is_class = rng.random(50) < 0.4
    scores = rng.normal(is_class, 1.0) + rng.normal(0, 1, 12)[patient]
    found = placements(scores[None, is_class], scores[None, ~is_class])
    labels = np.concatenate([patient[is_class], patient[~is_class]])
    mine = area_by_cluster(delong_influence(found), labels, n_positive=int(is_class.sum()))
    m, n = int(is_class.sum()), int((~is_class).sum())
    x, y = found.positive[0] - found.auc[0], found.negative[0] - found.auc[0]
    i10 = sum((patient[is_class] == p).any() for p in range(12))
    i01 = sum((patient[~is_class] == p).any() for p in range(12))
    s10 = s01 = s11 = 0.0
    for p in range(12):
        xs, ys = x[patient[is_class] == p].sum(), y[patient[~is_class] == p].sum()
        s10 += i10 / ((i10 - 1) * m) * xs**2
        s01 += i01 / ((i01 - 1) * n) * ys**2
        s11 += np.sqrt(i10 / (i10 - 1) * i01 / (i01 - 1)) * xs * ys
    expected = s10 / m + s01 / n + 2 * s11 / (m * n)
    assert float((mine**2).sum()) == pytest.approx(expected, rel=1e-12)


def test_clustered_mcnemar_is_mcnemar_where_each_case_stands_alone() -> None:
    difference = np.array([[1.0] * 9 + [-1.0] * 3 + [0.0] * 20])
    assert clustered_mcnemar(difference, np.arange(32))[0] == pytest.approx((9 - 3) ** 2 / (9 + 3))


def test_one_patient_leaves_nothing_to_say() -> None:
    readings, models = simulate(6)
    one = with_patients(readings, dict.fromkeys(readings["case_id"], "p1"))
    found = analyse(one, models, cluster="patient")
    record = found.get("sensitivity", "mel", "model:a - mean_reader", "or-rrrc-capped")
    assert np.isfinite(record.estimate)
    assert np.isnan([record.se, record.ci_low, record.ci_high]).all()


def test_few_patients_are_warned_of_however_many_cases() -> None:
    readings, models = simulate(7, per_class=40)
    few = {c: f"p{int(c[1:]) % 10}" for c in readings["case_id"]}
    found = analyse(with_patients(readings, few), models, cluster="patient")
    record = found.get("sensitivity", "mel", "model:a - mean_reader", "or-rrrc-capped")
    assert FEW_CLUSTERS in record.note
    assert record.df <= 9


def test_methods_that_need_independent_cases_are_left_out() -> None:
    readings, models = simulate(9)
    pairs = {c: f"p{int(c[1:]) // 2}" for c in readings["case_id"]}
    found = analyse(with_patients(readings, pairs), models, cluster="patient")
    methods = {record.method.name for record in found.records}
    assert not methods & {"ustat", "unbiased", "mcnemar-exact"}
    assert "mcnemar-clustered" in methods


def test_repeated_patients_are_noted_when_nobody_asked() -> None:
    readings, models = simulate(10)
    readings["patient_id"] = [f"p{int(c[1:]) // 2}" for c in readings["case_id"]]
    (note,) = [n for n in analyse(readings, models).meta["notes"] if "patient_id" in n]
    assert "24 cases have 12 different patient_id" in note
    assert "--cluster patient_id" in note
    assert analyse(readings, models, cluster="patient_id").meta["n_clusters"] == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="patient"), "patient"),
        (lambda f: f.rename(columns={"patient": "patients"}), "patients"),
        (lambda f: f.assign(patient=["", *f["patient"][1:]]), "a patient in every row"),
        (lambda f: f.assign(patient=["zz", *f["patient"][1:]]), "one patient per case"),
    ],
)
def test_a_column_that_names_no_cluster_is_refused(change, said: str) -> None:
    readings, models = simulate(2)
    pairs = {c: f"p{int(c[1:]) // 2}" for c in readings["case_id"]}
    with pytest.raises(StatsError, match=said):
        analyse(change(with_patients(readings, pairs)), models, cluster="patient")


def test_the_sum_over_patients_of_independent_cases_is_unchanged() -> None:
    rows = np.random.default_rng(0).normal(size=(3, 9))
    np.testing.assert_allclose(by_cluster(rows, np.arange(9)[::-1])[:, ::-1], rows)


def covered(rng: np.random.Generator, *, clustered: bool) -> bool:
    """One study of 10 readers, 40 patients and 3 images each, whose true difference is 0."""
    readers, patients, images, sd = 10, 40, 3, 1.2
    patient = np.repeat(np.arange(patients), images)
    ability = rng.normal(0, 0.4, (readers, 1))
    reader_only = rng.normal(0, sd, (1, patients))[:, patient]
    model_only = rng.normal(0, sd, patients)[patient]
    shape = (readers, patients * images)
    right = norm.ppf(0.75) * np.sqrt(1 + 0.4**2 + sd**2) + ability + reader_only + rng.normal(
        0, 1, shape) > 0  # fmt: skip
    model = norm.ppf(0.75) * np.sqrt(1 + sd**2) + model_only + rng.normal(0, 1, shape[1]) > 0
    gap = model.astype(float) - right
    theta, influence = proportion_influence(gap, np.ones(shape, bool))
    if clustered:
        influence = by_cluster(influence, patient)
    found = moments(theta, influence, n_cases=shape[1], n_clusters=patients if clustered else None)
    result = or_inference(found, design="or-rrrc-capped")
    return bool(result.ci_low <= 0 <= result.ci_high)


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """docs/statistics.md quotes both shares."""
    shares = {kind: np.mean([covered(np.random.default_rng(s), clustered=kind)
                             for s in range(2000)]) for kind in (True, False)}  # fmt: skip
    assert 0.93 <= shares[True] <= 0.97
    assert shares[False] < 0.88
