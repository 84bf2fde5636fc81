"""Drawings for paper and page say what the description says."""

import dataclasses

import pytest

from readerstudy.report.figure_style import curve_label
from readerstudy.report.figures import render
from readerstudy.stats import analyse, build_study
from readerstudy.stats.figures.roc import RocFigure, study_roc_figure
from readerstudy.stats.figures.study_figures import describe
from readerstudy.stats.subjects_and_methods import Subject
from readerstudy.ui.admin.plots import plot_of
from readerstudy.ui.admin.roc_plot import roc_plot
from tests.support.stats_helpers import simulate


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
    first = render(figure)
    assert first == render(figure)
    assert first.startswith(b"<?xml")


def test_svg_carries_its_glyphs_and_no_date(figure) -> None:
    text = render(figure).decode()
    assert "<text" not in text
    assert "dc:date" not in text


def test_a_name_is_no_formula(figure) -> None:
    curve = dataclasses.replace(figure.curves[0], subject=Subject.model(r"$\frac{$"))
    assert render(dataclasses.replace(figure, curves=(curve,))).startswith(b"<?xml")


def test_pdf_embeds_truetype(figure) -> None:
    pdf = render(figure, "pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_the_label_names_auc_and_interval(figure) -> None:
    label = curve_label(figure.curves[0])
    assert label.startswith("a, AUC 0.")
    assert " to " in label


@pytest.fixture(scope="module")
def everything(analysis):
    return describe(*simulate(2), analysis)


def test_every_picture_is_drawn_for_paper_and_page(everything) -> None:
    kinds = {name.split("_")[0] for name in everything}
    assert kinds == {"roc", "forest", "confusion", "agreement", "readers"}
    for picture in everything.values():
        assert render(picture, "svg").startswith(b"<?xml")
        assert render(picture, "pdf").startswith(b"%PDF")
        assert plot_of(picture).data


def test_the_page_shows_the_numbers_of_the_description(everything) -> None:
    forest, table = everything["forest_a"], everything["confusion_readers"]
    drawn = plot_of(forest).data[0]
    assert list(drawn.x) == [row.estimate for row in forest.rows]
    assert set(drawn.marker.symbol) == {"circle-open", "square"}
    assert drawn.error_x.array[0] == forest.rows[0].high - forest.rows[0].estimate
    assert [list(row) for row in plot_of(table).data[0].text] == [list(r) for r in table.counts]
    cells = plot_of(everything["readers_by_cases"]).data[0].z
    assert [list(row) for row in cells] == [list(r) for r in everything["readers_by_cases"].cells]


def test_every_picture_of_simulated_readers_says_so() -> None:
    readings, models = simulate(2)
    readings["reader_kind"] = "simulated"
    found = describe(readings, models, analyse(readings, models))
    of_models = ("confusion_a", "confusion_b")
    for name, picture in found.items():
        if name not in of_models and not isinstance(picture, RocFigure):
            assert "simulated" in picture.title


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


def test_a_stamp_is_below_the_picture_and_in_its_metadata(study, analysis, figure) -> None:
    stamp = "demo; seal abc"
    described = describe(*simulate(2), analysis).values()
    for picture in (figure, *described):
        stamped = render(picture, "svg", stamp=stamp).decode()
        assert "<dc:description>demo; seal abc" in stamped
        assert "demo; seal abc" in stamped.split("</metadata>")[1]
    assert "demo; seal abc" not in render(figure).decode()
    assert b"demo; seal abc" in render(figure, "pdf", stamp=stamp)
