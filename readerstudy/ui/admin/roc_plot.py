"""Figures for the page: the descriptions in stats drawn with plotly."""

import plotly.graph_objects as go

from readerstudy.report.figure_style import (
    CROWD_COLOUR,
    MEAN_COLOUR,
    MODEL_COLOURS,
    READER_COLOUR,
    curve_label,
)
from readerstudy.stats.figures.roc import RocCurve, RocFigure, RocPoint
from readerstudy.stats.subjects_and_methods import MAJORITY, Subject

_SQUARE_PX, _LINE_PX = 420, 20


def roc_plot(figure: RocFigure) -> go.Figure:
    """The interactive ROC picture of one class."""
    colours = _colours(figure)
    plot = go.Figure()
    for curve in figure.curves:
        _add_curve(plot, curve, colours[curve.subject])
    for simulated in (False, True):
        _add_readers(
            plot, [p for p in figure.points if p.kind == "reader" and p.simulated == simulated]
        )
    for point in figure.points:
        if point.kind != "reader":
            _add_point(plot, point, colours.get(point.subject, MEAN_COLOUR))
    _lay_out(plot, figure)
    return plot


def _colours(figure: RocFigure) -> dict[Subject, str]:
    models = [c.subject for c in figure.curves if c.subject != MAJORITY]
    colours = {m: MODEL_COLOURS[i % len(MODEL_COLOURS)] for i, m in enumerate(models)}
    return {**colours, MAJORITY: CROWD_COLOUR}


def _add_curve(plot: go.Figure, curve: RocCurve, colour: str) -> None:
    crowd = curve.subject == MAJORITY
    if not crowd:
        plot.add_scatter(
            x=[*curve.fpr, *reversed(curve.fpr)],
            y=[*curve.tpr_high, *reversed(curve.tpr_low)],
            fill="toself",
            fillcolor=colour,
            opacity=0.12,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    plot.add_scatter(
        x=curve.fpr,
        y=curve.tpr,
        mode="lines",
        line={"color": colour, "width": 2, "dash": "dash" if crowd else "solid"},
        name=curve_label(curve),
        hovertemplate="1 − specificity %{x:.3f}<br>sensitivity %{y:.3f}<extra></extra>",
    )


def _add_readers(plot: go.Figure, readers: list[RocPoint]) -> None:
    if not readers:
        return
    simulated = readers[0].simulated
    plot.add_scatter(
        x=[p.fpr for p in readers],
        y=[p.tpr for p in readers],
        mode="markers",
        marker={
            "color": READER_COLOUR,
            "opacity": 0.55,
            "symbol": "x-thin-open" if simulated else "circle",
            "size": [6 + 3 * (p.stacked - 1) ** 0.5 for p in readers],
        },
        text=[_words(p) for p in readers],
        hovertemplate="%{text}<extra></extra>",
        name=f"{len(readers)} {'simulated ' if simulated else ''}readers",
    )


def _words(point: RocPoint) -> str:
    flag = " (simulated)" if point.simulated else ""
    here = f"<br>{point.stacked} readers at this point" if point.stacked > 1 else ""
    return (
        f"{point.subject.name}{flag}<br>sensitivity {point.tpr:.3f}, "
        f"specificity {1 - point.fpr:.3f}, {point.n} answers{here}"
    )


def _add_point(plot: go.Figure, point: RocPoint, colour: str) -> None:
    mean = point.kind == "mean_reader"
    name = "mean reader" if mean else f"{point.subject.name} decides"
    plot.add_scatter(
        x=[point.fpr],
        y=[point.tpr],
        mode="markers",
        marker={
            "color": colour,
            "size": 12 if mean else 10,
            "symbol": "diamond" if mean else "square",
            "line": {"color": "white", "width": 1},
        },
        error_x=_bars(point.fpr, point.fpr_interval, colour),
        error_y=_bars(point.tpr, point.tpr_interval, colour),
        name=f"{name}, 95% interval",
        hovertemplate="1 − specificity %{x:.3f}<br>sensitivity %{y:.3f}<extra></extra>",
    )


def _bars(value: float, limits: tuple[float, float] | None, colour: str) -> dict[str, object]:
    if limits is None:
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(limits[1] - value, 0.0)],
        "arrayminus": [max(value - limits[0], 0.0)],
        "color": colour,
        "thickness": 1.2,
    }


def _lay_out(plot: go.Figure, figure: RocFigure) -> None:
    plot.add_shape(
        type="line", x0=0, y0=0, x1=1, y1=1, line={"color": "#bbbbbb", "width": 1, "dash": "dot"}
    )
    # Notes one a line and the legend below: a phone has no room beside each other.
    above = 66 + _LINE_PX * len(figure.notes)
    below = 66 + _LINE_PX * sum(trace.showlegend is not False for trace in plot.data)
    plot.update_layout(
        title={"text": figure.title, "subtitle": {"text": "<br>".join(figure.notes)}},
        template="plotly_white",
        height=above + _SQUARE_PX + below,
        margin={"l": 60, "r": 20, "t": above, "b": below},
        legend={"x": 0.5, "xanchor": "center", "y": 0, "yref": "container", "yanchor": "bottom"},
        hovermode="closest",
    )
    plot.update_xaxes(
        title=f"1 − specificity ({figure.n_negative} other cases)",
        range=[-0.02, 1.02],
        constrain="domain",
    )
    plot.update_yaxes(
        title=f"Sensitivity ({figure.n_positive} cases)",
        range=[-0.02, 1.02],
        scaleanchor="x",
        constrain="domain",
    )
