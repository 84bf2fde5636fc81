import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from data.images import encode
from data.manifest import ManifestError, write_manifest
from model.card import page as card_page
from model.card.tuning import Tuning, load_tuning, save_tuning, thresholds_by
from model.card.weights import save_checkpoint
from model.commands.main import main
from model.errors import CheckpointError
from model.evaluation.evaluate import caveats, evaluate, write_evaluation
from model.evaluation.figures import confusion_figure
from model.evaluation.worst_errors import worst_mistakes
from model.metrics.classification import confusion
from model.metrics.metric import SubgroupMetric
from model.metrics.out_of_distribution import Known, fit_scope
from model.metrics.subgroups import QUANTITIES
from model.metrics.temperature import ThresholdRule
from model.training.data_module import read_cases
from tests.support.model_world import THREE, noise, tiny_card, tiny_network, tiny_predictor

YOUDEN = ThresholdRule()
SCOPE = fit_scope(np.random.default_rng(1).normal(size=(40, 6)), np.arange(40) % 3)


def folder_of_cases(folder, *, n_per_class=3):
    for row, code in enumerate(THREE.codes):
        (folder / code).mkdir(parents=True)
        for number in range(n_per_class):
            image = encode(noise(seed=10 * row + number))
            (folder / code / f"{number}.png").write_bytes(image)
    return folder


def judged(tmp_path, data):
    """The evaluation of the cases at `data`."""
    predictor = tiny_predictor(tmp_path)
    cases = read_cases(str(data), taxonomy=THREE)
    return evaluate(predictor, cases=cases, thresholds=predictor.card.thresholds, rule=YOUDEN)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An evaluation, and the folder with all that is written of it."""
    folder = tmp_path_factory.mktemp("whole")
    done = judged(folder, folder_of_cases(folder / "data"))
    write_evaluation(done, folder / "out")
    return done, folder / "out"


def test_results_agree_with_the_predictions_they_rest_on(whole):
    done, out = whole
    table = pd.read_csv(out / "predictions.csv")
    answers = table.set_index("case_id").idxmax(axis=1).str.removeprefix("p_")
    right = answers.index.str.split("/").str[0] == answers
    (top1,) = [m for m in done.metrics if m.quantity == "top-1 accuracy"]
    assert top1.estimate == pytest.approx(right.mean())
    assert top1.n == len(done.predicted.case_ids) == 9
    confusion = pd.read_csv(out / "confusion.csv", index_col=0)
    assert list(confusion.index) == list(confusion.columns) == list(THREE.codes)
    assert confusion.to_numpy().trace() == right.sum()
    assert confusion.to_numpy().sum() == 9
    bins = pd.read_csv(out / "reliability.csv")
    assert (bins["n"].sum(), bins["right"].sum()) == (9, right.sum())


def test_every_written_metric_has_family_interval_n_and_method(whole):
    done, out = whole
    content = json.loads((out / "metrics.json").read_text("utf-8"))
    assert len(content["metrics"]) == len(pd.read_csv(out / "metrics.csv")) == len(done.metrics)
    keys = {"family", "quantity", "class_", "estimate", "ci_low", "ci_high", "n", "method"}
    assert all(set(row) == keys for row in content["metrics"])
    assert content["checkpoint"] == "tiny"
    assert len(content["data_hash"]) == 64
    assert (content["n_cases"], content["n_groups"]) == (9, 9)
    assert content["threshold_rule"] == "youden"


def test_the_pictures_are_drawn(whole):
    for name in ("roc", "precision-recall", "reliability", "confusion"):
        assert (whole[1] / f"{name}.svg").read_bytes().startswith(b"<?xml")


def test_a_picture_is_the_same_each_time(whole):
    done, out = whole
    again = confusion_figure(confusion(done.predicted.probabilities, done.truth), THREE.codes)
    assert again == (out / "confusion.svg").read_bytes()


def test_the_gallery_shows_the_worst_errors_and_needs_no_other_file(whole):
    done, out = whole
    page = (out / "errors.html").read_text("utf-8")
    n_wrong = int((done.predicted.probabilities.argmax(axis=1) != done.truth).sum())
    assert page.count('<img src="data:image/jpeg;base64,') == min(40, n_wrong) > 0
    assert "http" not in page


def test_errors_are_worst_first():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [0.2, 0.7, 0.1]])
    found = worst_mistakes("abc", probabilities, np.array([1, 2, 1]), THREE.codes, limit=5)
    assert [(m.case_id, m.truth, m.answer) for m in found] == [
        ("b", "SK", "BCC"),
        ("a", "MN", "BCC"),
    ]


def test_subgroups_are_those_of_the_manifests_columns(tmp_path):
    data = folder_of_cases(tmp_path / "data")
    cases = read_cases(str(data), taxonomy=THREE)
    rows = [
        {**row, "site": "arm" if i % 3 else "", "patient_id": str(i // 3)}
        for i, row in enumerate(cases.to_dict("records"))
    ]
    write_manifest(rows, tmp_path / "cases.csv")
    done = judged(tmp_path, tmp_path / "cases.csv")
    table = pd.DataFrame([found.to_dict() for found in done.subgroups])
    assert set(table["column"]) == {"site"}  # the other columns are empty
    assert list(table.groupby("value")["n"].first()) == [6, 3]
    assert set(table["quantity"]) == set(QUANTITIES)
    assert done.n_groups == 3
    again = [SubgroupMetric.from_dict(found.to_dict()) for found in done.subgroups]
    assert str(again) == str(list(done.subgroups))


def test_unreadable_cases_are_left_out_and_listed(tmp_path):
    data = folder_of_cases(tmp_path / "data")
    (data / "MN" / "1.png").write_bytes(b"no")
    done = judged(tmp_path, data)
    assert len(done.predicted.case_ids) == 8
    assert [case_id for case_id, _ in done.predicted.errors] == ["MN/1.png"]
    assert max(m.n for m in done.metrics) == 8


def test_labels_that_the_checkpoint_does_not_know_are_refused(tmp_path):
    data = folder_of_cases(tmp_path / "data")
    (data / "SK").rename(data / "MEL")
    with pytest.raises(ManifestError, match="MEL"):
        read_cases(str(data), taxonomy=THREE)


@pytest.fixture
def tuned(tmp_path):
    """A checkpoint with the logits of its tuning part beside it, and these logits."""
    rng = np.random.default_rng(0)
    tuning = Tuning(rng.normal(size=(60, 3)).round(3), rng.integers(0, 3, 60), Known(SCOPE))
    card = save_tuning(tuning, tiny_card(), tmp_path)
    return tuning, save_checkpoint(tiny_network(), card, tmp_path)


def test_thresholds_of_another_rule_come_from_the_tuning_part(tmp_path, tuned):
    tuning, card = tuned
    again = load_tuning(card, tmp_path)
    np.testing.assert_allclose(again.logits, tuning.logits, atol=1e-6)
    features = np.random.default_rng(2).normal(size=(5, 6))
    np.testing.assert_array_equal(again.known.features.distance(features), SCOPE.distance(features))
    assert thresholds_by(YOUDEN, card, tmp_path) == card.thresholds
    limits = thresholds_by(ThresholdRule("sensitivity", 0.9), card, tmp_path)
    odds = np.exp(tuning.logits / card.temperature)
    said = odds / odds.sum(axis=1, keepdims=True) >= list(limits.values())
    for c in range(3):
        assert 0.9 <= said[tuning.truth == c, c].mean() < 1


def test_the_rule_of_the_command_reaches_the_figures(tmp_path, tuned):
    data, out = folder_of_cases(tmp_path / "data"), tmp_path / "out"
    given = ["--data", str(data), "--out", str(out), "--checkpoint", "tiny", "--folder"]
    assert main(["evaluate", *given, str(tmp_path), "--threshold-rule", "specificity=0.8"]) == 0
    content = json.loads((out / "metrics.json").read_text("utf-8"))
    assert content["threshold_rule"] == "specificity=0.8"
    expected = thresholds_by(ThresholdRule("specificity", 0.8), tuned[1], tmp_path)
    assert content["thresholds"] == pytest.approx(expected)


def test_without_the_tuning_parts_logits_another_rule_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="python -m model calibrate tiny"):
        thresholds_by(ThresholdRule("sensitivity", 0.9), tiny_card(), tmp_path)


def test_logits_of_other_classes_are_refused(tmp_path, tuned):
    other = Tuning(np.zeros((4, 2)), np.zeros(4, int), Known(SCOPE))
    card = save_tuning(other, tuned[1], tmp_path)
    with pytest.raises(CheckpointError, match="for the classes of the card"):
        load_tuning(card, tmp_path)


def test_figures_that_flatter_say_so(tmp_path):
    folder = folder_of_cases(tmp_path / "data")
    done = judged(tmp_path, folder)
    assert caveats(done) == []
    trained_on = dataclasses.replace(done.card, data_hash=done.data_hash)
    [said] = caveats(dataclasses.replace(done, card=trained_on))
    assert "--part test judges the held-out ones" in said
    one_patient = done.cases.assign(patient_id="p")
    [said] = caveats(dataclasses.replace(done, cases=one_patient))
    assert "The 9 cases are of 1 patients" in said


def test_a_negative_number_of_errors_is_refused(tmp_path, tuned, capsys):
    data = folder_of_cases(tmp_path / "data")
    given = ["--data", str(data), "--out", str(tmp_path / "o"), "--folder", str(tmp_path)]
    assert main(["evaluate", *given, "--checkpoint", "tiny", "--worst", "-1"]) == 2
    assert "Expected --worst from 0" in capsys.readouterr().err


@pytest.mark.parametrize("damage", [lambda b: b[:-4], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_changed_logits_of_the_tuning_part_are_refused(tmp_path, tuned, damage):
    path = tmp_path / "tiny.tuning.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match="cut short or changed"):
        load_tuning(tuned[1], tmp_path)


def test_a_file_that_holds_something_else_is_refused(tmp_path, tuned):
    other = save_tuning(
        Tuning(np.zeros((1, 3)), np.zeros(1, int), Known(SCOPE)), tiny_card(name="b"), tmp_path
    )
    weights = (tmp_path / "tiny.safetensors").read_bytes()
    (tmp_path / "b.tuning.safetensors").write_bytes(weights)
    card = dataclasses.replace(other, tuning_sha256=tuned[1].sha256)
    with pytest.raises(CheckpointError, match="logits, truth and scope"):
        load_tuning(card, tmp_path)


def test_the_card_of_an_evaluation_tells_its_figures_and_what_was_judged(whole):
    done, out = whole
    page = (out / "card.md").read_text("utf-8")
    (top1,) = [m for m in done.metrics if m.quantity == "top-1 accuracy"]
    assert card_page.number(top1) in page
    assert done.data_hash in page
    assert (out / "card.html").is_file()


def test_only_held_out_images_are_published(tmp_path, tuned, capsys):
    data = folder_of_cases(tmp_path / "data")
    given = ["--data", str(data), "--out", str(tmp_path / "out"), "--folder", str(tmp_path)]
    assert main(["evaluate", *given, "--checkpoint", "tiny", "--publish"]) == 2
    assert "add --part test" in capsys.readouterr().err
