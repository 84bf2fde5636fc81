"""Forest plot, confusion matrices and reader-by-case map, drawn with matplotlib."""

import math

from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from readerstudy.export.figures import MEAN_COLOUR, MODEL_COLOURS, new_figure, save
from readerstudy.stats.pictures import Confusion, Forest, HeatMap

_WRONG, _RIGHT, _NOTHING = "#D55E00", "#cfe8f5", "#eeeeee"


def forest_svg(forest: Forest) -> bytes:
    """Differences with intervals, zero and the margin marked."""
    drawn, axes = new_figure(5.6, 1.2 + 0.22 * max(len(forest.rows), 1))
    for place, row in enumerate(forest.rows):
        if math.isfinite(row.low):
            axes.plot([row.low, row.high], [place, place], color=MEAN_COLOUR, linewidth=0.9)
        axes.plot([row.estimate], [place], "s", color=MODEL_COLOURS[0], markersize=4)
    axes.axvline(0, color="#888888", linewidth=0.7)
    if forest.margin is not None:
        axes.axvline(-forest.margin, color=_WRONG, linewidth=0.9, linestyle="--")
        axes.annotate(
            "margin", (-forest.margin, -0.7), color=_WRONG, fontsize=6, ha="center",
            annotation_clip=False,
        )  # fmt: skip
    labels = [
        f"{row.quantity.replace('_', ' ')}, {row.class_} (n {row.n_cases})" for row in forest.rows
    ]
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_ylim(len(labels) - 0.5, -0.9)
    axes.set_xlabel("Difference, 95% interval (right: the model is better)")
    axes.set_title(forest.title, fontsize=9, loc="left")
    return save(drawn, "svg")


def confusion_svg(confusion: Confusion) -> bytes:
    """Row shares as shade, counts as text."""
    side = 1.6 + 0.42 * len(confusion.classes)
    drawn, axes = new_figure(side, side)
    totals = [max(sum(row), 1) for row in confusion.counts]
    shares = [[n / total for n in row] for row, total in zip(confusion.counts, totals, strict=True)]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(confusion.counts):
        for j, count in enumerate(row):
            dark = shares[i][j] > 0.5
            axes.text(
                j, i, str(count), ha="center", va="center", fontsize=6,
                color="white" if dark else "black",
            )  # fmt: skip
    places = range(len(confusion.classes))
    axes.set_xticks(places, confusion.classes, fontsize=7, rotation=45, ha="right")
    axes.set_yticks(places, confusion.classes, fontsize=7)
    axes.set(xlabel="Answer", ylabel="Reference standard")
    beside = f" ({confusion.beside} outside or unanswered)" if confusion.beside else ""
    axes.set_title(confusion.title + beside, fontsize=9, loc="left")
    return save(drawn, "svg")


def heat_svg(heat: HeatMap) -> bytes:
    """Right, wrong and unanswered cells."""
    n_readers, n_cases = len(heat.cells), len(heat.cells[0])
    drawn, axes = new_figure(
        min(7.5, max(3.5, 1.5 + n_cases / 25)), min(7.0, max(2.2, 1.4 + n_readers / 50))
    )
    colours = ListedColormap([_NOTHING, _WRONG, _RIGHT])
    axes.imshow(heat.cells, cmap=colours, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    _mark_classes(axes, heat, n_cases)
    axes.set_ylabel(f"{n_readers} readers, best first")
    axes.set_title("Answers: right (blue), wrong (orange), none (grey)", fontsize=9, loc="left")
    return save(drawn, "svg")


def _mark_classes(axes: Axes, heat: HeatMap, n_cases: int) -> None:
    ends = [*heat.breaks[1:], n_cases]
    for start in heat.breaks[1:]:
        axes.axvline(start - 0.5, color="black", linewidth=0.6)
    middles = [(a + b - 1) / 2 for a, b in zip(heat.breaks, ends, strict=True)]
    axes.set_xticks(middles, heat.classes, fontsize=7, rotation=45, ha="right")
    axes.set_xlabel("Cases by class, hardest first")
