"""The curves of an evaluation as SVG: ROC, precision and recall, reliability, confusion."""

import math
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from data.arrays import Floats, Ints
from model.metrics.metric import Metric
from model.metrics.reliability import Bin

# Okabe and Ito's palette: told apart with any colour vision.
_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#9a9a9a"
_PANEL_INCHES = 2.3
_COLUMNS = 4
# Outlined glyphs look the same on every machine; the salt keeps the bytes the same between runs.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "skinreader",
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def roc_figure(
    probabilities: Floats, truth: Ints, codes: Sequence[str], metrics: Sequence[Metric]
) -> bytes:
    """One-vs-rest ROC curve of each class, with the points of both families of decisions."""

    def draw(axes: Axes, index: int) -> None:
        code, positive = codes[index], truth == index
        fpr, tpr, _ = roc_curve(positive, probabilities[:, index])
        axes.plot([0, 1], [0, 1], ":", color=_GREY, linewidth=0.6)
        axes.plot(fpr, tpr, color=_BLUE, linewidth=1.2)
        for family, mark, colour in (("argmax", "s", _ORANGE), ("threshold", "o", _GREEN)):
            sens, spec = (_find(metrics, q, code, family) for q in ("sensitivity", "specificity"))
            axes.plot(1 - spec.estimate, sens.estimate, mark, color=colour, ms=4, label=family)
        title = _title("AUC", _find(metrics, "auc", code), int(positive.sum()))
        axes.set(title=title, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
        if index == 0:
            axes.legend(loc="lower right", frameon=False, fontsize=6)

    return _panels(draw, truth, len(codes))


def precision_recall_figure(
    probabilities: Floats, truth: Ints, codes: Sequence[str], metrics: Sequence[Metric]
) -> bytes:
    """PPV over sensitivity of each class; the dotted line is a ranking by chance."""

    def draw(axes: Axes, index: int) -> None:
        code, positive = codes[index], truth == index
        ppv, sensitivity, _ = precision_recall_curve(positive, probabilities[:, index])
        axes.axhline(positive.mean(), linestyle=":", color=_GREY, linewidth=0.6)
        axes.step(sensitivity, ppv, where="post", color=_BLUE, linewidth=1.2)
        found = _find(metrics, "average precision", code)
        title = _title("AP", found, int(positive.sum()))
        axes.set(title=title, xlabel="sensitivity (recall)", ylabel="PPV (precision)")

    return _panels(draw, truth, len(codes))


def reliability_figure(bins: Sequence[Bin], ece: Metric) -> bytes:
    """Share of right answers over the probability given, with Wilson's intervals and the n."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(4.2, 4.4), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], ":", color=_GREY, linewidth=0.8)
        for found in bins:
            low, high = found.interval
            axes.plot([found.confidence] * 2, [low, high], color=_BLUE, linewidth=1)
            axes.plot(found.confidence, found.share, "o", color=_BLUE, markersize=4)
            axes.annotate(
                str(found.n), (found.confidence, high), (0, 3), textcoords="offset points",
                ha="center", fontsize=5.5, color="#555555",
            )  # fmt: skip
        axes.set(
            xlim=(0, 1.02),
            ylim=(0, 1.06),
            title=f"ECE {_interval(ece)}, n = {ece.n}\n15 bins; bars: Wilson 95%, figures: n",
            xlabel="probability of the answer (mean of the bin)",
            ylabel="share of right answers",
        )
        return _svg(figure)


def confusion_figure(counts: Ints, codes: Sequence[str]) -> bytes:
    """Argmax answers (columns) to each class (rows): counts, shaded by the share of the row."""
    k = len(codes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with mpl.rc_context({**_SETTINGS, "axes.spines.left": False, "axes.spines.bottom": False}):
        side = 1.4 + 0.38 * k
        figure = Figure(figsize=(side, side), layout="constrained")
        axes = figure.subplots()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(k, k):
            if counts[row, column]:
                colour = "white" if shares[row, column] > 0.55 else "#222222"
                axes.text(
                    column, row, str(counts[row, column]), ha="center", va="center",
                    color=colour, fontsize=6.5,
                )  # fmt: skip
        rows = [f"{code} ({n})" for code, n in zip(codes, counts.sum(axis=1), strict=True)]
        axes.set_xticks(range(k), codes, rotation=45, ha="right")
        axes.set_yticks(range(k), rows)
        axes.tick_params(length=0)
        axes.set(xlabel="answer (argmax)", ylabel="reference standard (n)")
        return _svg(figure)


def _panels(draw: Callable[[Axes, int], None], truth: Ints, k: int) -> bytes:
    """One panel for each class that has cases and others against it."""
    shown = [c for c in range(k) if 0 < (truth == c).sum() < len(truth)]
    rows = max(1, math.ceil(len(shown) / _COLUMNS))
    with mpl.rc_context(_SETTINGS):
        size = (_PANEL_INCHES * _COLUMNS, (_PANEL_INCHES + 0.3) * rows)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes, index in zip(grid, shown, strict=False):
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
            draw(axes, index)
        for axes in grid[len(shown) :]:
            axes.set_axis_off()
        return _svg(figure)


def _title(name: str, metric: Metric, n_positive: int) -> str:
    return f"{metric.class_}, n = {n_positive}\n{name} {_interval(metric)}"


def _interval(metric: Metric) -> str:
    if math.isnan(metric.ci_low):
        return f"{metric.estimate:.3f}"
    return f"{metric.estimate:.3f} ({metric.ci_low:.3f} to {metric.ci_high:.3f})"


def _find(metrics: Sequence[Metric], quantity: str, code: str, family: str = "") -> Metric:
    return next(
        m
        for m in metrics
        if m.quantity == quantity and m.class_ == code and family in ("", m.family)
    )


def _svg(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
