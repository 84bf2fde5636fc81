import dataclasses
import json
import math

import pytest

from model.card import ModelCard, Preprocessing, read_card, write_card
from model.errors import CheckpointError
from model.rates import Metric
from tests.unit.model_world import tiny_card


def test_a_card_is_read_back_as_it_was_written(tmp_path):
    metric = Metric("argmax", "top-1 accuracy", "", 0.8, 0.7, 0.9, 50, "Wilson 95%")
    card = dataclasses.replace(tiny_card(), metrics=(metric,), provenance={"seed": 1})
    write_card(card, tmp_path / "card.json")
    assert read_card(tmp_path / "card.json") == card


def test_undefined_figures_are_null_in_the_file(tmp_path):
    metric = Metric("argmax", "ppv", "BCC", math.nan, math.nan, math.nan, 0, "Wilson 95%")
    write_card(dataclasses.replace(tiny_card(), metrics=(metric,)), tmp_path / "card.json")
    assert json.loads((tmp_path / "card.json").read_text())["metrics"][0]["estimate"] is None
    assert math.isnan(read_card(tmp_path / "card.json").metrics[0].estimate)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, "format 1"),
        ({"temperature": 0}, "positive temperature"),
        ({"thresholds": {"BCC": 0.5}}, "lack MN, SK"),
        ({"taxonomy": {"name": "x"}}, "taxonomy"),
        ({"preprocessing": {"size_px": 4, "mean": [0, 0, 0], "std": [1, 1, 1]}}, "at least 8 px"),
        ({"preprocessing": None}, "model card"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_with_the_reason(change, words):
    with pytest.raises(CheckpointError, match=words):
        ModelCard.from_dict({**tiny_card().to_dict(), **change})


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_card_file_is_a_sentence(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=r"card\.json"):
        read_card(path)


def test_a_missing_card_is_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="copy both files"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize("wrong", [{"fit": "squash"}, {"std": (0, 1, 1)}, {"mean": (1, 1)}])
def test_preprocessing_that_cannot_work_is_refused(wrong):
    with pytest.raises(CheckpointError, match="usable preprocessing"):
        Preprocessing(**wrong)
