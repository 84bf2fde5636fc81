"""Every picture of the results for the page, drawn with plotly from the descriptions in stats."""

import math
from functools import singledispatch

import plotly.graph_objects as go

from readerstudy.report.figure_style import MEAN_COLOUR, MODEL_COLOURS
from readerstudy.report.figures import (
    COEFFICIENTS,
    LEARNING_AXIS,
    NOTHING_COLOUR,
    RIGHT_COLOUR,
    WRONG_COLOUR,
)
from readerstudy.stats.figures.roc import RocFigure
from readerstudy.stats.figures.study_figures import (
    FEW_CASES_MARK,
    FOREST_AXIS,
    AgreementFigure,
    Confusion,
    Forest,
    HeatMap,
    LearningCurve,
    Picture,
)
from readerstudy.ui.admin.roc_plot import roc_plot

_LEFT = 210


def plot_of(picture: Picture) -> go.Figure:
    """The interactive drawing of any picture."""
    drawn: go.Figure = _plot(picture)
    return drawn


@singledispatch
def _plot(picture: object) -> go.Figure:
    raise TypeError(f"no plot of a {type(picture).__name__}")


@_plot.register
def _roc(figure: RocFigure) -> go.Figure:
    return roc_plot(figure)


@_plot.register
def _forest(forest: Forest) -> go.Figure:
    names = [f"{row.quantity.replace('_', ' ')}, {row.class_}" for row in forest.rows]
    plot = go.Figure()
    plot.add_scatter(
        x=[row.estimate for row in forest.rows],
        y=names,
        mode="markers",
        marker={
            "color": MODEL_COLOURS[0],
            "symbol": ["circle-open" if row.few else "square" for row in forest.rows],
            "size": 8,
        },
        error_x=_limits([(r.estimate, r.low, r.high) for r in forest.rows]),
        text=[f"n {row.n_cases} cases" for row in forest.rows],
        hovertemplate="%{y}<br>%{x:.3f}, %{text}<extra></extra>",
    )
    plot.add_vline(x=0, line={"color": "#888888", "width": 1})
    if forest.margin is not None:
        plot.add_vline(
            x=-forest.margin,
            line={"color": WRONG_COLOUR, "dash": "dash"},
            annotation_text="margin",
        )
    _lay_out(plot, forest.title, height=150 + 26 * len(names), left=_LEFT)
    few = f"<br>{FEW_CASES_MARK}" if any(row.few for row in forest.rows) else ""
    plot.update_xaxes(title=FOREST_AXIS + few)
    plot.update_yaxes(autorange="reversed")
    return plot


@_plot.register
def _confusion(confusion: Confusion) -> go.Figure:
    totals = [max(sum(row), 1) for row in confusion.counts]
    shares = [[n / total for n in row] for row, total in zip(confusion.counts, totals, strict=True)]
    plot = go.Figure()
    plot.add_heatmap(
        z=shares,
        x=list(confusion.classes),
        y=list(confusion.classes),
        text=[list(row) for row in confusion.counts],
        texttemplate="%{text}",
        hovertemplate="truth %{y}, answer %{x}: %{text} (%{z:.1%} of the row)<extra></extra>",
        colorscale="Blues",
        zmin=0,
        zmax=1,
        showscale=False,
    )
    beside = f" ({confusion.beside} outside or unanswered)" if confusion.beside else ""
    _lay_out(plot, confusion.title + beside, height=180 + 42 * len(confusion.classes), left=80)
    plot.update_xaxes(title="Answer")
    plot.update_yaxes(title="Reference standard", autorange="reversed")
    return plot


@_plot.register
def _agreement(figure: AgreementFigure) -> go.Figure:
    plot = go.Figure()
    plot.add_scatter(
        x=[its.estimate for its in figure.among],
        y=[COEFFICIENTS[its.name] for its in figure.among],
        mode="markers",
        marker={"color": MEAN_COLOUR, "size": 9},
        error_x=_limits([(c.estimate, c.low, c.high) for c in figure.among]),
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    for i, (model, kappas) in enumerate(figure.with_models):
        plot.add_scatter(
            x=list(kappas),
            y=[f"Cohen's kappa, {model}"] * len(kappas),
            mode="markers",
            marker={
                "color": MODEL_COLOURS[i % len(MODEL_COLOURS)],
                "symbol": "line-ns-open",
                "size": 12,
                "opacity": 0.5,
            },
            hovertemplate="one reader: %{x:.3f}<extra></extra>",
        )
    rows = len(figure.among) + len(figure.with_models)
    _lay_out(plot, figure.title, height=170 + 40 * rows, left=_LEFT)
    n = f"{figure.n_readers} readers, {figure.n_cases} cases"
    plot.update_xaxes(title=f"Agreement, 95% interval over cases ({n})")
    plot.update_yaxes(autorange="reversed")
    return plot


@_plot.register
def _learning(curve: LearningCurve) -> go.Figure:
    plot = go.Figure()
    plot.add_scatter(
        x=[its.trials for its in curve.points],
        y=[its.estimate for its in curve.points],
        mode="lines+markers",
        marker={"color": MEAN_COLOUR, "size": 8},
        error_y=_limits([(p.estimate, p.low, p.high) for p in curve.points]),
        text=[f"{its.n_readers} readers" for its in curve.points],
        hovertemplate="trials %{x}: %{y:.1%}, %{text}<extra></extra>",
    )
    _lay_out(plot, curve.title, height=420, left=70)
    plot.update_xaxes(title=LEARNING_AXIS, type="category")
    plot.update_yaxes(title="Accuracy", range=[0, 1.02])
    return plot


@_plot.register
def _heat(heat: HeatMap) -> go.Figure:
    plot = go.Figure()
    plot.add_heatmap(
        z=[list(row) for row in heat.cells],
        colorscale=[
            [0, NOTHING_COLOUR], [0.33, NOTHING_COLOUR], [0.33, WRONG_COLOUR],
            [0.67, WRONG_COLOUR], [0.67, RIGHT_COLOUR], [1, RIGHT_COLOUR],
        ],
        zmin=-1,
        zmax=1,
        showscale=False,
        hoverinfo="skip",
    )  # fmt: skip
    n_readers, n_cases = len(heat.cells), len(heat.cells[0])
    for start in heat.breaks[1:]:
        plot.add_vline(x=start - 0.5, line={"color": "black", "width": 1})
    ends = [*heat.breaks[1:], n_cases]
    middles = [(a + b - 1) / 2 for a, b in zip(heat.breaks, ends, strict=True)]
    title = f"{heat.title}: right (blue), wrong (orange), none (grey)"
    _lay_out(plot, title, height=max(300, min(700, 160 + 3 * n_readers)), left=60)
    plot.update_xaxes(
        title="Cases by class, hardest first", tickvals=middles, ticktext=list(heat.classes)
    )
    plot.update_yaxes(
        title=f"{n_readers} readers, best first", autorange="reversed", showticklabels=False
    )
    return plot


def _limits(rows: list[tuple[float, float, float]]) -> dict[str, object]:
    """Unequal bars; none where a limit is undefined."""
    known = [(v, low, high) if math.isfinite(low) else (v, v, v) for v, low, high in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - v for v, _, high in known],
        "arrayminus": [v - low for v, low, _ in known],
        "color": MEAN_COLOUR,
        "thickness": 1.2,
    }


def _lay_out(plot: go.Figure, title: str, *, height: int, left: int) -> None:
    plot.update_layout(
        title={"text": title},
        template="plotly_white",
        height=height,
        margin={"l": left, "r": 20, "t": 60, "b": 60},
        showlegend=False,
    )
