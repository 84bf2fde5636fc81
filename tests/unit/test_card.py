import dataclasses
import json
import math

import numpy as np
import pytest

from model.card.card import ModelCard, Preprocessing, ScopeLimit, read_card, write_card
from model.card.page import number, to_markdown, to_page, write_page
from model.errors import CheckpointError, ModelError
from model.metrics.classification import all_metrics
from model.metrics.metric import Metric, SubgroupMetric
from model.metrics.prediction_sets import SetRule
from model.metrics.reliability import Bin
from tests.support.model_world import tiny_card


def test_a_card_is_read_back_as_it_was_written(tmp_path):
    metric = Metric("argmax", "top-1 accuracy", "", 0.8, 0.7, 0.9, 50, "Wilson 95%")
    card = dataclasses.replace(
        tiny_card(),
        metrics=(metric,),
        subgroups=(SubgroupMetric("site", "arm", metric),),
        answers=(Bin(0.0, 1.0, 0.7, 54, 27),),
        scope=ScopeLimit("distance", 3.5, 0.05, 54),
        sets=SetRule(0.1, by_class=False, limits=dict.fromkeys(("BCC", "MN", "SK"), 0.25), n=54),
        provenance={"seed": 1},
    )
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
        ({"sets": {"misses": 0.1, "by_class": False, "limits": {"MN": 0.2}, "n": 9}}, "limit of"),
        (
            {"preprocessing": {"size_px": 4, "mean": [0, 0, 0], "std": [1, 1, 1]}},
            "from 8 to 4096 px",
        ),
        ({"preprocessing": None}, "model card"),
        ({"temperature": 10**400}, "model card"),
        ({"domain": "\ud800"}, "text in domain"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_with_the_reason(change, words):
    with pytest.raises(CheckpointError, match=words):
        ModelCard.from_dict({**tiny_card().to_dict(), **change})


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
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


def told(**changes):
    """A card with figures, as an evaluation leaves it."""
    rng = np.random.default_rng(0)
    truth = np.r_[np.repeat([0, 1], 25), [2] * 4]
    probabilities = rng.dirichlet(np.ones(3), 54)
    card = tiny_card()
    metrics = all_metrics(probabilities, truth, card.taxonomy.codes, thresholds=card.thresholds)
    return dataclasses.replace(card, metrics=metrics, **changes)


def test_the_page_of_a_card_holds_every_figure_with_interval_n_and_method():
    card = told()
    page = to_markdown(card)
    for metric in card.metrics:
        if not metric.class_:
            row = f"| {number(metric)} | {metric.n} | {metric.method} |"
            assert row in page, metric
    assert "Not a medical device" in page
    assert card.domain in page
    assert "SK (4): hints, not results" in page
    assert "BCC (" not in page.split("## Limits")[1].split("##")[0]


def test_the_page_tells_subgroups_answers_sets_and_foreign_images():
    found = Metric("argmax", "top-1 accuracy", "", 0.8, 0.7, 0.9, 50, "Wilson 95%")
    card = told(
        subgroups=(SubgroupMetric("skin_tone", "V", found),),
        outside=(SubgroupMetric("scope", "documents", found),),
        answers=(Bin(0.0, 1.0, 0.7, 54, 27),),
        scope=ScopeLimit("distance", 3.5, 0.05, 54),
        sets=SetRule(0.1, by_class=False, limits={"BCC": 0.25, "MN": 0.25, "SK": 0.25}, n=54),
    )
    page = to_markdown(card)
    row = "V | top-1 accuracy | 0.800 (0.700 to 0.900) | 50 | Wilson 95% |"
    assert f"| skin_tone | {row}" in page
    assert "| documents | top-1 accuracy |" in page
    assert "| 0% to 100% | 54 | 70.0% | 50.0% (37.1 to 62.9) |" in page
    assert "For 90 of 100 images like the tuning ones the right class is to be in the set" in page
    assert "| every class | 0.250 |" in page
    own = SetRule(0.2, by_class=True, limits={"BCC": 0.25, "MN": 0.5, "SK": 0.0}, n=54)
    assert "| MN | 0.500 |" in to_markdown(dataclasses.replace(card, sets=own))
    assert "exceeds 3.500: chosen on 54 tuning cases for 5% false alarms" in page


def test_what_was_not_measured_is_said_to_be_so():
    page = to_markdown(tiny_card())
    assert "Whether an image is foreign was not measured" in page
    assert "How often answers were right, held-out images\n\nNot measured." in page
    assert "Not measured: the held-out images name neither" in page
    assert "Results by class" not in page


def test_names_in_a_card_cannot_break_the_page():
    evil = "<script>alert(1)</script> | x"
    card = dataclasses.replace(tiny_card(), domain=evil)
    assert "<script>" not in to_page(card)
    assert to_page(card).count("<table>") == to_markdown(card).count("\n|---")


def test_the_page_is_written_by_its_ending(tmp_path):
    write_page(tiny_card(), tmp_path / "new" / "card.html")
    assert (tmp_path / "new" / "card.html").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(ModelError, match=r"\.html or \.md"):
        write_page(tiny_card(), tmp_path / "card.txt")


def test_the_card_names_files_but_not_where_they_lay():
    settings = {"data": "/home/me/clinic/cases.csv", "weights": "none", "licence": "doi 10.1/x"}
    page = to_page(dataclasses.replace(tiny_card(), provenance={"settings": settings}))
    assert "cases.csv" in page
    assert "clinic" not in page
    assert "doi 10.1/x" in page
