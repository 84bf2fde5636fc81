"""Drawings for paper and page say what the description says."""

import pytest

from readerstudy.export.figures import curve_label, roc_pdf, roc_svg
from readerstudy.export.pictures import confusion_svg, forest_svg, heat_svg
from readerstudy.stats import analyse, build_study
from readerstudy.stats.figures import RocFigure, study_roc_figure
from readerstudy.stats.pictures import confusions, forest, heat_map
from readerstudy.ui.plots import roc_plot
from tests.unit.stats_helpers import simulate


@pytest.fixture(scope="module")
def study():
    return build_study(*simulate(2))


@pytest.fixture(scope="module")
def analysis():
    return analyse(*simulate(2), margin=0.05)


@pytest.fixture(scope="module")
def figure(study, analysis) -> RocFigure:
    return study_roc_figure(study, analysis, class_="mel")


def test_svg_is_the_same_every_time(figure) -> None:
    first = roc_svg(figure)
    assert first == roc_svg(figure)
    assert first.startswith(b"<?xml")


def test_svg_carries_its_glyphs_and_no_date(figure) -> None:
    text = roc_svg(figure).decode()
    assert "<text" not in text
    assert "dc:date" not in text


def test_pdf_embeds_truetype(figure) -> None:
    pdf = roc_pdf(figure)
    assert pdf.startswith(b"%PDF")
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_the_label_names_auc_and_interval(figure) -> None:
    label = curve_label(figure.curves[0])
    assert label.startswith("a, AUC 0.")
    assert " to " in label


def test_the_other_pictures_are_svg(study, analysis) -> None:
    drawn = [forest_svg(forest(analysis, model="a")), heat_svg(heat_map(study))]
    drawn += [confusion_svg(table) for table in confusions(study)]
    assert all(svg.startswith(b"<?xml") for svg in drawn)


def test_plotly_draws_every_point_and_both_error_bars(figure) -> None:
    plot = roc_plot(figure)
    readers = next(t for t in plot.data if t.name == "4 readers")
    assert len(readers.x) == 4
    mean = next(t for t in plot.data if (t.name or "").startswith("mean reader"))
    assert mean.error_x.arrayminus[0] > 0
    assert mean.error_y.array[0] > 0


def test_plotly_says_who_is_simulated() -> None:
    readings, models = simulate(2)
    readings["reader_kind"] = "simulated"
    study, analysis = build_study(readings, models), analyse(readings, models)
    plot = roc_plot(study_roc_figure(study, analysis, class_="mel"))
    assert any(t.name == "4 simulated readers" for t in plot.data)
    assert "simulated" in plot.layout.title.subtitle.text
