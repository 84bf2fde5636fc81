import json

import pandas as pd
import pytest

from data.images import encode
from data.manifest import ManifestError
from model.evaluate import evaluate
from tests.unit.model_world import THREE, noise, tiny_predictor


def folder_of_cases(folder, *, n_per_class=3):
    for row, code in enumerate(THREE.codes):
        (folder / code).mkdir(parents=True)
        for number in range(n_per_class):
            image = encode(noise(seed=10 * row + number))
            (folder / code / f"{number}.png").write_bytes(image)
    return folder


def test_results_agree_with_the_predictions_they_rest_on(tmp_path):
    data, out = folder_of_cases(tmp_path / "data"), tmp_path / "out"
    metrics, predicted = evaluate(tiny_predictor(tmp_path), data=str(data), out=out)
    table = pd.read_csv(out / "predictions.csv")
    answers = table.set_index("case_id").idxmax(axis=1).str.removeprefix("p_")
    right = answers.index.str.split("/").str[0] == answers
    (top1,) = [m for m in metrics if m.quantity == "top-1 accuracy"]
    assert top1.estimate == pytest.approx(right.mean())
    assert top1.n == len(predicted.case_ids) == 9
    confusion = pd.read_csv(out / "confusion.csv", index_col=0)
    assert list(confusion.index) == list(confusion.columns) == list(THREE.codes)
    assert confusion.to_numpy().trace() == right.sum()
    assert confusion.to_numpy().sum() == 9


def test_every_written_metric_has_family_interval_n_and_method(tmp_path):
    data, out = folder_of_cases(tmp_path / "data"), tmp_path / "out"
    metrics, _ = evaluate(tiny_predictor(tmp_path), data=str(data), out=out)
    content = json.loads((out / "metrics.json").read_text("utf-8"))
    assert len(content["metrics"]) == len(pd.read_csv(out / "metrics.csv")) == len(metrics)
    keys = {"family", "quantity", "class_", "estimate", "ci_low", "ci_high", "n", "method"}
    assert all(set(row) == keys for row in content["metrics"])
    assert content["checkpoint"] == "tiny"
    assert len(content["data_hash"]) == 64


def test_unreadable_cases_are_left_out_and_listed(tmp_path):
    data, out = folder_of_cases(tmp_path / "data"), tmp_path / "out"
    (data / "MN" / "1.png").write_bytes(b"no")
    metrics, predicted = evaluate(tiny_predictor(tmp_path), data=str(data), out=out)
    assert len(predicted.case_ids) == 8
    assert pd.read_csv(out / "errors.csv")["case_id"].tolist() == ["MN/1.png"]
    assert max(m.n for m in metrics) == 8


def test_labels_that_the_checkpoint_does_not_know_are_refused(tmp_path):
    data = folder_of_cases(tmp_path / "data")
    (data / "SK").rename(data / "MEL")
    with pytest.raises(ManifestError, match="MEL"):
        evaluate(tiny_predictor(tmp_path), data=str(data), out=tmp_path / "out")
