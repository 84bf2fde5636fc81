import json
import os

import numpy as np
import pandas as pd
import pytest

from data.images import encode
from model.commands.main import main
from model.errors import ModelError
from model.inference.predict_files import (
    Case,
    check_targets,
    collect,
    predict_cases,
    write_errors,
    write_predictions,
)
from tests.support.model_world import noise, tiny_checkpoint, tiny_predictor


def images(folder, *names):
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(noise(seed=number)))
    return folder


def test_a_case_is_named_by_its_path_inside_its_argument(tmp_path):
    images(tmp_path / "in", "b.png", "sub/a.png", ".hidden/c.png")
    images(tmp_path, "alone.png")
    cases = collect([tmp_path / "in", tmp_path / "alone.png"])
    assert [case.case_id for case in cases] == ["b.png", "sub/a.png", "alone.png"]


def test_two_images_with_one_name_are_refused(tmp_path):
    images(tmp_path, "x/a.png", "y/a.png")
    with pytest.raises(ModelError, match=r"both be 'a\.png'"):
        collect([tmp_path / "x", tmp_path / "y" / "a.png"])


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_path_without_images_is_a_sentence(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="check the path"):
        collect([tmp_path / name])


def test_unreadable_images_become_errors_and_the_others_go_on(tmp_path):
    folder = images(tmp_path / "in", *(f"{number:02}.png" for number in range(20)))
    (folder / "07.png").write_bytes(b"")
    (folder / "11.png").write_bytes(b"<svg/>")
    predictor = tiny_predictor(tmp_path)
    predicted = predict_cases(predictor, collect([folder]))
    assert [case_id for case_id, _ in predicted.errors] == ["07.png", "11.png"]
    assert "empty" in predicted.errors[0][1]
    assert "SVG" in predicted.errors[1][1]
    assert len(predicted.case_ids) == len(predicted.probabilities) == 18
    alone = predictor.predict([noise(seed=19)]).probabilities[0]
    np.testing.assert_allclose(predicted.probabilities[-1], alone, atol=1e-6)


def test_nothing_readable_gives_an_empty_table(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    predicted = predict_cases(tiny_predictor(tmp_path), [Case("bad.png", tmp_path / "bad.png")])
    assert predicted.probabilities.shape == (0, 3)


def test_the_table_and_its_sidecar_say_what_a_study_needs(tmp_path):
    predictor = tiny_predictor(tmp_path)
    predicted = predict_cases(predictor, collect([images(tmp_path / "in", "a.png", "b,ü.png")]))
    write_predictions(predicted, predictor.card, tmp_path / "out" / "predictions.csv")
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert list(table.columns) == ["case_id", "p_BCC", "p_MN", "p_SK"]
    assert list(table["case_id"]) == ["a.png", "b,ü.png"]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1, atol=1e-12)
    beside = json.loads((tmp_path / "out" / "predictions.json").read_text("utf-8"))
    assert beside["checkpoint_sha256"] == predictor.card.sha256
    assert beside["taxonomy"] == predictor.card.taxonomy.to_dict()
    assert beside["thresholds"] == predictor.card.thresholds
    assert set(beside) == {
        *("name", "checkpoint_sha256", "taxonomy", "thresholds"),
        *("made_at", "code_version", "domain"),
    }


def test_errors_are_a_table_of_case_and_reason(tmp_path):
    write_errors([("a.png", "Expected, but got")], tmp_path / "errors.csv")
    table = pd.read_csv(tmp_path / "errors.csv")
    assert table.to_dict("records") == [{"case_id": "a.png", "reason": "Expected, but got"}]


@pytest.mark.parametrize(("out", "errors"), [("p.json", None), ("", None), ("p.csv", "p.csv")])
def test_tables_that_would_overwrite_each_other_are_refused_before_any_work(tmp_path, out, errors):
    with pytest.raises(ModelError, match=r"\.csv file"):
        check_targets(tmp_path / out, tmp_path / errors if errors else None)


def test_a_name_that_is_not_utf8_and_foreign_pictures_become_errors(tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encode(noise(), format="JPEG"))
    (folder / os.fsdecode(b"dr\xf4le.png")).write_bytes(b"nothing")
    (folder / "moving.gif").write_bytes(b"GIF89a")
    tiny_checkpoint(tmp_path)
    out = tmp_path / "p.csv"
    options = ["--out", str(out), "--checkpoint", "tiny", "--folder", str(tmp_path)]
    assert main(["predict", str(folder), *options]) == 3
    assert pd.read_csv(out)["case_id"].tolist() == ["caf\\xe9.jpg"]
    errors = pd.read_csv(tmp_path / "p.errors.csv").set_index("case_id")["reason"]
    assert list(errors.index) == ["dr\\xf4le.png", "moving.gif"]
    assert "a GIF" in errors["moving.gif"]
    # All is well the next time: what the first run left must not stay.
    (folder / "moving.gif").unlink()
    (folder / os.fsdecode(b"dr\xf4le.png")).unlink()
    assert main(["predict", str(folder), *options]) == 0
    assert not (tmp_path / "p.errors.csv").exists()
