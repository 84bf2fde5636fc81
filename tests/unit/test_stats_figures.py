"""What the pictures show, before anybody draws them."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from readerstudy.stats import analyse, build_study
from readerstudy.stats.figures.roc import RocFigure, roc_figure, roc_points
from readerstudy.stats.figures.study_figures import agreement, confusions, forest, heat_map
from readerstudy.stats.subjects_and_methods import MAJORITY, Subject
from tests.support.stats_helpers import simulate


def described(**options) -> RocFigure:
    readings, models = simulate(2, **options)
    return roc_figure(readings, models, analyse(readings, models), class_="mel")


def test_the_curve_equals_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    scores, is_class = rng.integers(0, 8, 60) / 8, rng.random(60) < 0.4
    fpr, tpr = roc_points(scores, is_class)
    peer = roc_curve(is_class, scores, drop_intermediate=False)
    np.testing.assert_allclose(fpr, peer[0])
    np.testing.assert_allclose(tpr, peer[1])


def test_one_point_per_reader_and_one_mean() -> None:
    figure = described(readers=5)
    kinds = [p.kind for p in figure.points]
    assert (kinds.count("reader"), kinds.count("mean_reader"), kinds.count("model")) == (5, 1, 2)


def test_the_mean_point_is_the_mean_of_the_readers() -> None:
    figure = described(readers=5)
    readers = [p for p in figure.points if p.kind == "reader"]
    mean = next(p for p in figure.points if p.kind == "mean_reader")
    assert mean.tpr == pytest.approx(np.mean([p.tpr for p in readers]))
    assert mean.fpr == pytest.approx(np.mean([p.fpr for p in readers]))
    assert mean.tpr_interval[0] <= mean.tpr <= mean.tpr_interval[1]
    assert mean.fpr_interval[0] <= mean.fpr <= mean.fpr_interval[1]


def test_the_models_point_lies_on_its_curve() -> None:
    readings, models = simulate(2, classes=("no", "yes"))
    analysis = analyse(readings, models, positive="yes")
    figure = roc_figure(readings, models, analysis, class_="yes")
    point = next(p for p in figure.points if p.subject == Subject.model("a"))
    curve = next(c for c in figure.curves if c.subject == Subject.model("a"))
    assert (pytest.approx(point.fpr), pytest.approx(point.tpr)) in zip(
        curve.fpr, curve.tpr, strict=True
    )
    assert str(curve.auc.method) == "delong"


def test_readers_at_one_place_are_counted() -> None:
    readings, models = simulate(2, readers=1)
    twin = readings.assign(reader_id="twin")

    both = pd.concat([readings, twin])
    figure = roc_figure(both, models, analyse(both, models), class_="mel")
    assert [p.stacked for p in figure.points if p.kind == "reader"] == [2, 2]


def test_simulated_readers_stay_flagged() -> None:
    readings, models = simulate(2)
    readings["reader_kind"] = "simulated"
    figure = roc_figure(readings, models, analyse(readings, models), class_="mel")
    assert all(p.simulated for p in figure.points if p.kind != "model")
    assert any("simulated" in note for note in figure.notes)


def test_without_a_model_there_is_the_crowd_and_a_note() -> None:
    readings, _ = simulate(2)
    figure = roc_figure(readings, {}, analyse(readings, {}), class_="mel")
    assert [c.subject for c in figure.curves] == [MAJORITY]
    assert any("readers alone" in note for note in figure.notes)


def test_a_class_without_cases_is_an_empty_picture() -> None:
    readings, models = simulate(2)
    rest = readings[readings["truth"] != "mel"]
    analysis = analyse(rest, models, classes=["bcc", "mel", "nv"])
    figure = roc_figure(rest, models, analysis, class_="mel")
    assert figure.points == ()
    assert math.isnan(figure.curves[0].tpr[1])


@pytest.mark.parametrize(
    ("per_class", "quantity", "class_", "method"),
    [
        (8, "sensitivity", "mel", "or-rrrc-mover"),
        (8, "balanced_accuracy", "all", "or-rrrc-capped"),
        (40, "sensitivity", "mel", "or-rrrc-capped"),
    ],
)
def test_the_forest_holds_the_records_to_report(per_class, quantity, class_, method) -> None:
    readings, models = simulate(2, per_class=per_class)
    analysis = analyse(readings, models, margin=0.1)
    found = forest(analysis, model="b")
    record = analysis.get(quantity, class_, "model:b - mean_reader", method)
    row = next(r for r in found.rows if (r.quantity, r.class_) == (quantity, class_))
    assert (row.low, row.high) == (record.ci_low, record.ci_high)
    assert row.few == (method == "or-rrrc-mover")
    assert found.margin == 0.1


def test_confusions_count_every_answer() -> None:
    readings, models = simulate(2, missing=0.2)
    study = build_study(readings, models)
    readers, *machines = confusions(study).values()
    total = sum(map(sum, readers.counts))
    assert total + readers.beside == study.n_readers * study.n_cases
    assert [m.title for m in machines] == ["a", "b"]


def test_the_map_is_sorted_and_complete() -> None:
    study = build_study(*simulate(2, readers=6))
    found = heat_map(study)
    cells = np.array(found.cells)
    assert (np.diff((cells == 1).mean(axis=1)) <= 1e-12).all()
    assert (cells == 1).sum() == (study.answers == study.truth).sum()
    assert found.breaks == (0, 8, 16)


def test_agreement_shows_the_records_and_every_reader_with_every_model() -> None:
    readings, models = simulate(2, readers=5)
    analysis = analyse(readings, models)
    figure = agreement(analysis)
    assert figure is not None
    assert [(c.name, c.estimate, c.low) for c in figure.among] == [
        (r.quantity, r.estimate, r.ci_low)
        for r in analysis.find(subject="readers", method="available-cases")
    ]
    assert [(m, len(kappas)) for m, kappas in figure.with_models] == [("a", 5), ("b", 5)]


def test_one_reader_agrees_with_nobody() -> None:
    readings, models = simulate(2, readers=1)
    assert agreement(analyse(readings, models)) is None


def test_a_perfect_curve_has_an_exact_interval() -> None:
    readings, models = simulate(4, classes=("no", "yes"), per_class=10)
    truth = readings.drop_duplicates("case_id").set_index("case_id")["truth"]
    p = (models["a"]["case_id"].map(truth) == "yes").astype(float)
    models = {"perfect": models["a"].assign(p_yes=p, p_no=1 - p)}
    analysis = analyse(readings, models, positive="yes")
    curve = roc_figure(readings, models, analysis, class_="yes").curves[0]
    assert curve.auc is not None
    assert curve.auc.estimate == 1
    # Ten pairs of which all were won: 0.025 ** (1 / 10).
    assert (curve.auc.ci_low, curve.auc.ci_high) == (pytest.approx(0.025**0.1), 1)
