"""Whose number a record is: the text of files, and names that look like a part of it."""

import pytest

from readerstudy.files.study_analysis import Settings, analyse_study
from readerstudy.stats import analyse
from readerstudy.stats.figures.roc import roc_figure
from readerstudy.stats.subjects_and_methods import (
    AIDED_READER,
    MAJORITY,
    MEAN_READER,
    READERS,
    Method,
    Subject,
)
from readerstudy.ui.admin import view
from tests.support.stats_helpers import CLASSES, simulate

NET = Subject.model("net_a")
READER = Subject.reader("r1")


@pytest.mark.parametrize(
    ("subject", "text", "words"),
    [
        (NET, "model:net_a", "net_a"),
        (READER, "reader:r1", "reader r1"),
        (MEAN_READER, "mean_reader", "mean reader"),
        (AIDED_READER - MEAN_READER, "mean_reader:aided - mean_reader",
         "mean aided reader minus mean reader"),
        (Subject.reader("r1", is_aided=True) - READER, "reader:r1:aided - reader:r1",
         "aided reader r1 minus reader r1"),
        (NET - MAJORITY, "model:net_a - majority_vote", "net_a minus majority vote"),
        (READERS, "readers", "readers"),
        (Subject("trials", "1 to 4"), "trials 1 to 4", "trials 1 to 4"),
    ],
)  # fmt: skip
def test_subjects_have_a_text_for_files_and_words_for_people(subject, text, words) -> None:
    assert (str(subject), subject.words) == (text, words)


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (Method("wilson"), "wilson"),
        (Method("or-rrrc-capped", covariance="delong"), "or-rrrc-capped:delong"),
        (Method("or-rrrc", quantity="auc", covariance="delong"), "or-rrrc:auc:delong"),
        (Method("or", "ms_tr", "sensitivity"), "or:ms_tr:sensitivity"),
    ],
)
def test_methods_say_after_a_colon_what_the_quantity_does_not(method, text) -> None:
    assert str(method) == text


def test_a_model_whose_name_looks_like_a_difference_is_a_model() -> None:
    readings, models = simulate(5)
    odd = "a - mean_reader:b"
    found = analyse(readings, {odd: models["a"], "model:c": models["b"]})
    page = view.results(found)
    assert f"<td>{odd}</td>" in page
    assert f"<td>{odd} minus mean reader</td>" in page
    assert "<td>model:c</td>" in page
    figure = roc_figure(readings, models | {odd: models["a"]}, found, class_="mel")
    assert [c.subject.name for c in figure.curves if c.subject.kind == "model"][-1:] == [odd]


def test_before_anybody_has_read_the_models_remain_whatever_their_names() -> None:
    readings, models = simulate(5, readers=1)
    odd = "a - b"
    settings = Settings(
        study="s", seal=None, synthetic=True, classes=CLASSES, models=(odd,), rule="renormalise",
        missing="omit", margin=None, reader_kinds=(), has_readings=False, answers_left_out={},
        excluded={}, replicates=0,
    )  # fmt: skip
    found = analyse_study(readings.assign(answer=""), {odd: models["a"]}, settings)
    assert {record.subject for record in found.records} == {Subject.model(odd)}
