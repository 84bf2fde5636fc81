"""Every picture for paper, as SVG or PDF, from the descriptions in stats."""

import math
from functools import singledispatch

from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from readerstudy.report.figure_style import (
    MEAN_COLOUR,
    MODEL_COLOURS,
    Format,
    draw_roc,
    new_figure,
    save,
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

LEARNING_AXIS = "Trials of a reader's own order; mean of readers, 95% t interval over readers"
WRONG_COLOUR, RIGHT_COLOUR, NOTHING_COLOUR = "#D55E00", "#cfe8f5", "#eeeeee"


def render(picture: Picture, format: Format = "svg", *, stamp: str = "") -> bytes:
    """The bytes of a picture for a paper; `stamp` stands small below it and in its metadata."""
    return save(_draw(picture), format, stamp=stamp)


@singledispatch
def _draw(picture: object) -> Figure:
    raise TypeError(f"no drawing of a {type(picture).__name__}")


@_draw.register
def _roc(figure: RocFigure) -> Figure:
    return draw_roc(figure)


@_draw.register
def _forest(forest: Forest) -> Figure:
    """Differences with intervals, zero and the margin marked."""
    drawn, axes = new_figure(5.6, 1.2 + 0.22 * max(len(forest.rows), 1))
    for place, row in enumerate(forest.rows):
        if math.isfinite(row.low):
            axes.plot([row.low, row.high], [place, place], color=MEAN_COLOUR, linewidth=0.9)
        inside = MODEL_COLOURS[0] if math.isfinite(row.low) and not row.few else "white"
        mark, colour = "o" if row.few else "s", MODEL_COLOURS[0]
        axes.plot([row.estimate], [place], mark, color=colour, mfc=inside, markersize=4)
    axes.axvline(0, color="#888888", linewidth=0.7)
    if forest.margin is not None:
        axes.axvline(-forest.margin, color=WRONG_COLOUR, linewidth=0.9, linestyle="--")
        axes.annotate(
            "margin ", (-forest.margin, -0.55), color=WRONG_COLOUR, fontsize=6, ha="right",
            annotation_clip=False,
        )  # fmt: skip
    labels = [
        f"{row.quantity.replace('_', ' ')}, {row.class_} (n {row.n_cases})"
        + ("" if math.isfinite(row.low) else ", no interval")
        for row in forest.rows
    ]
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_ylim(len(labels) - 0.5, -0.9)
    few = f"\n{FEW_CASES_MARK}" if any(row.few for row in forest.rows) else ""
    axes.set_xlabel(FOREST_AXIS + few)
    axes.set_title(forest.title, fontsize=9, loc="left")
    return drawn


@_draw.register
def _confusion(confusion: Confusion) -> Figure:
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
    return drawn


COEFFICIENTS = {
    "kappa_fleiss": "Fleiss' kappa",
    "ac1_gwet": "Gwet's AC1",
    "alpha_krippendorff": "Krippendorff's alpha",
    "kappa_brennan_prediger": "Brennan and Prediger's kappa",
    "agreement_observed": "Observed agreement",
    "kappa_conger": "Conger's kappa",
}


@_draw.register
def _agreement(figure: AgreementFigure) -> Figure:
    """Coefficients with intervals, and below them one tick per reader with each model."""
    rows = len(figure.among) + len(figure.with_models)
    drawn, axes = new_figure(5.6, 1.2 + 0.3 * rows)
    for place, its in enumerate(figure.among):
        if math.isfinite(its.low):
            axes.plot([its.low, its.high], [place, place], color=MEAN_COLOUR, linewidth=0.9)
        axes.plot([its.estimate], [place], "o", color=MEAN_COLOUR, markersize=4)
    for place, (_, kappas) in enumerate(figure.with_models, start=len(figure.among)):
        colour = MODEL_COLOURS[(place - len(figure.among)) % len(MODEL_COLOURS)]
        # Ticks see through, so that readers with the same kappa add up to a darker one.
        axes.plot(
            kappas, [place] * len(kappas), "|", color=colour, alpha=_tick_alpha(len(kappas)),
            markersize=9,
        )  # fmt: skip
    names = [COEFFICIENTS[its.name] for its in figure.among]
    names += [f"Cohen's kappa, {model} with each reader" for model, _ in figure.with_models]
    axes.axvline(0, color="#888888", linewidth=0.7)
    axes.set_yticks(range(rows), names, fontsize=7)
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_xlim(right=1.02)
    axes.set_xlabel(
        f"Agreement, 95% interval over cases ({figure.n_readers} readers, {figure.n_cases} cases)"
    )
    axes.set_title(figure.title, fontsize=9, loc="left")
    return drawn


def _tick_alpha(n: int) -> float:
    return max(0.15, min(1.0, 10 / max(n, 1)))


@_draw.register
def _learning(curve: LearningCurve) -> Figure:
    """A point for each group of trials, with its interval."""
    drawn, axes = new_figure(5.6, 3.4)
    for place, its in enumerate(curve.points):
        if math.isfinite(its.low):
            axes.plot([place, place], [its.low, its.high], color=MEAN_COLOUR, linewidth=0.9)
    estimates = [its.estimate for its in curve.points]
    axes.plot(range(len(estimates)), estimates, "o-", color=MEAN_COLOUR, markersize=4)
    labels = [its.trials for its in curve.points]
    axes.set_xticks(range(len(labels)), labels, fontsize=7, rotation=45, ha="right")
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("Accuracy")
    axes.set_xlabel(LEARNING_AXIS)
    axes.set_title(curve.title, fontsize=9, loc="left")
    return drawn


@_draw.register
def _heat(heat: HeatMap) -> Figure:
    """Right, wrong and unanswered cells."""
    n_readers, n_cases = len(heat.cells), len(heat.cells[0])
    width, height = min(7.5, 4.0 + n_cases / 50), min(7.0, 2.2 + n_readers / 50)
    drawn, axes = new_figure(width, height)
    colours = ListedColormap([NOTHING_COLOUR, WRONG_COLOUR, RIGHT_COLOUR])
    axes.imshow(heat.cells, cmap=colours, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    _mark_classes(axes, heat, n_cases)
    axes.set_yticks([])
    axes.set_ylabel(f"{n_readers} readers, best first")
    axes.set_title(
        f"{heat.title}: right (blue), wrong (orange), none (grey)", fontsize=9, loc="left"
    )
    return drawn


def _mark_classes(axes: Axes, heat: HeatMap, n_cases: int) -> None:
    ends = [*heat.breaks[1:], n_cases]
    for start in heat.breaks[1:]:
        axes.axvline(start - 0.5, color="black", linewidth=0.6)
    middles = [(a + b - 1) / 2 for a, b in zip(heat.breaks, ends, strict=True)]
    axes.set_xticks(middles, heat.classes, fontsize=7, rotation=45, ha="right")
    axes.set_xlabel("Cases by class, hardest first")
