"""One figure of the checks, as SVG."""

import math
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.saliency.checks import checks
from model.saliency.checks.findings import Finding, find

# Okabe and Ito 2008: told apart by colour-blind people too; the markers differ as well.
_STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"))


def draw(findings: Sequence[Finding]) -> Figure:
    """Three panels: weight on the structures, gain by deletion, similarity under random weights."""
    with mpl.rc_context({"svg.hashsalt": "skinreader", "font.size": 9}):
        figure = Figure(figsize=(12, 3.6), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        _shares(left, findings)
        _gains(middle, findings)
        _groups(right, findings)
    return figure


def _shares(axes: Axes, findings: Sequence[Finding]) -> None:
    found = [f for f in findings if f.quantity == checks.SHARE and not f.against]
    _rows(axes, [(f.map, f) for f in found])
    area = find(findings, "", checks.AREA)
    if area:
        axes.axvline(area.estimate, color="0.4", linestyle=":", label="their area")
        axes.legend(frameon=False)
    axes.set_title("Share of the map on the true structures")


def _gains(axes: Axes, findings: Sequence[Finding]) -> None:
    found = [f for f in findings if f.quantity == checks.DELETION and f.against]
    _rows(axes, [(f"{f.map} − {f.against}", f) for f in found])
    axes.axvline(0, color="0.4", linestyle=":")
    axes.set_title("Deletion AUC minus a baseline's (left is better)")


def _rows(axes: Axes, rows: Sequence[tuple[str, Finding]]) -> None:
    if not rows:
        axes.text(0.5, 0.5, "not measured", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    for place, (_, found) in enumerate(rows):
        if not math.isnan(found.ci_low):
            axes.plot([found.ci_low, found.ci_high], [place, place], color="0.3")
        axes.plot(found.estimate, place, "o", color=_STYLES[0][0])
    axes.set_yticks(range(len(rows)), [f"{name} (n = {f.n})" for name, f in rows])
    axes.invert_yaxis()


def _groups(axes: Axes, findings: Sequence[Finding]) -> None:
    found = [f for f in findings if f.quantity == checks.RANKS and f.group.startswith("cascading")]
    methods = list(dict.fromkeys(f.map for f in found))
    for method, (colour, marker) in zip(methods, _STYLES, strict=False):
        mine = [f for f in found if f.map == method]
        places = range(len(mine))
        axes.plot(places, [f.estimate for f in mine], color=colour, marker=marker, label=method)
        axes.fill_between(
            places, [f.ci_low for f in mine], [f.ci_high for f in mine], color=colour, alpha=0.15
        )
    names = [f.group.removeprefix("cascading: ") for f in found if f.map == methods[0]]
    axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
    axes.axhline(0, color="0.4", linestyle=":")
    axes.set_title("Rank correlation, random from the classifier down")
    if methods:
        axes.legend(frameon=False)
