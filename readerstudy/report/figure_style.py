"""How figures for paper look, and the ROC picture, drawn with matplotlib."""

import math
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from readerstudy.stats.figures.roc import RocCurve, RocFigure, RocPoint
from readerstudy.stats.subjects_and_methods import MAJORITY, Subject

# Okabe and Ito's palette: told apart with any colour vision.
MODEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
READER_COLOUR = "#777777"
MEAN_COLOUR = "#000000"
CROWD_COLOUR = "#E69F00"
_INCHES = (4.6, 4.9)
_STAMP_INCHES = 0.14

Format = Literal["svg", "pdf"]
# Outlined glyphs in SVG and embedded TrueType in PDF look the same on every machine; the salt
# keeps the bytes the same from run to run.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "skinreader",
    "pdf.fonttype": 42,
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def save(drawn: Figure, format: Format, *, stamp: str = "") -> bytes:
    """The bytes of a drawn figure, without a date."""
    date, words = ("Date", "Description") if format == "svg" else ("CreationDate", "Subject")
    metadata = {date: None, words: stamp} if stamp else {date: None}
    buffer = BytesIO()
    for text in drawn.findobj(Text):
        text.set_parse_math(False)  # a name may hold dollar signs
    with mpl.rc_context(_SETTINGS):
        if stamp:
            _write_below(drawn, stamp)
        drawn.savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


def _write_below(drawn: Figure, words: str) -> None:
    strip = _STAMP_INCHES / drawn.get_figheight()
    engine = drawn.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, strip, 1, 1 - strip))
    drawn.text(0.01, strip / 4, words, fontsize=4, color="#666666")


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """One pair of axes of a size in inches, without pyplot's global state."""
    drawn, (axes,) = new_panels(width, height, count=1)
    return drawn, axes


def new_panels(width: float, height: float, *, count: int) -> tuple[Figure, list[Axes]]:
    """Several axes side by side that share their height."""
    with mpl.rc_context(_SETTINGS):
        drawn = Figure(figsize=(width, height), layout="constrained")
        return drawn, list(drawn.subplots(1, count, sharey=True, squeeze=False)[0])


def draw_roc(figure: RocFigure) -> Figure:
    """One ROC picture."""
    drawn, axes = new_figure(*_INCHES)
    colours = _colours(figure)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.6, linestyle=":")
    for curve in figure.curves:
        _draw_curve(axes, curve, colours[curve.subject])
    _draw_readers(axes, [p for p in figure.points if p.kind == "reader"])
    for point in figure.points:
        if point.kind != "reader":
            _draw_point(axes, point, colours.get(point.subject, MEAN_COLOUR))
    axes.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
        xlabel=f"1 − specificity ({figure.n_negative} other cases)",
        ylabel=f"Sensitivity ({figure.n_positive} cases)",
    )
    axes.set_title(figure.title, fontsize=9, loc="left")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize=6.5, frameon=False)
    for line, note in enumerate(figure.notes):
        place = (0, -0.14 - 0.045 * line)
        axes.annotate(note, place, xycoords="axes fraction", fontsize=6, annotation_clip=False)
    return drawn


def curve_label(curve: RocCurve) -> str:
    """The legend's words for a curve: name, AUC and its interval."""
    name = "crowd (vote share)" if curve.subject == MAJORITY else curve.subject.name
    if curve.auc is None:
        return name
    low, high = curve.auc.ci_low, curve.auc.ci_high
    limits = "" if math.isnan(low) else f" ({low:.3f} to {high:.3f})"
    return f"{name}, AUC {curve.auc.estimate:.3f}{limits}"


def _colours(figure: RocFigure) -> dict[Subject, str]:
    models = [c.subject for c in figure.curves if c.subject != MAJORITY]
    colours = {m: MODEL_COLOURS[i % len(MODEL_COLOURS)] for i, m in enumerate(models)}
    return {**colours, MAJORITY: CROWD_COLOUR}


def _draw_curve(axes: Axes, curve: RocCurve, colour: str) -> None:
    crowd = curve.subject == MAJORITY
    style = "--" if crowd else "-"
    axes.plot(curve.fpr, curve.tpr, style, color=colour, linewidth=1.2, label=curve_label(curve))
    if not crowd:
        axes.fill_between(
            curve.fpr, curve.tpr_low, curve.tpr_high, color=colour, alpha=0.12, linewidth=0
        )


def _draw_readers(axes: Axes, readers: list[RocPoint]) -> None:
    for simulated in (False, True):
        some = [p for p in readers if p.simulated == simulated]
        if not some:
            continue
        axes.scatter(
            [p.fpr for p in some],
            [p.tpr for p in some],
            s=[8 + 6 * (p.stacked - 1) ** 0.7 for p in some],
            marker="x" if simulated else "o",
            color=READER_COLOUR,
            alpha=0.5,
            linewidths=0.7,
            label=f"{len(some)} {'simulated ' if simulated else ''}readers",
        )


def _draw_point(axes: Axes, point: RocPoint, colour: str) -> None:
    mean = point.kind == "mean_reader"
    x_bars, y_bars = _bars(point.fpr, point.fpr_interval), _bars(point.tpr, point.tpr_interval)
    name = "mean reader, 95% interval" if mean else f"{point.subject.name} decides"
    axes.errorbar(
        [point.fpr],
        [point.tpr],
        xerr=x_bars,
        yerr=y_bars,
        fmt="D" if mean else "s",
        markersize=5 if mean else 4,
        color=colour,
        markeredgecolor="white",
        elinewidth=0.9,
        capsize=2,
        label=name,
        zorder=5,
    )


def _bars(value: float, limits: tuple[float, float] | None) -> list[list[float]] | None:
    if limits is None:
        return None
    return [[max(value - limits[0], 0.0)], [max(limits[1] - value, 0.0)]]
