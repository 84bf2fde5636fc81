"""Power over cases, one line for each number of readers, one panel for each claim."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from readerstudy.report.figure_style import CROWD_COLOUR, MODEL_COLOURS, READER_COLOUR, new_panels
from readerstudy.stats.power.pilot import Endpoint
from readerstudy.stats.power.planning import Plan, PlanRow, curve
from readerstudy.stats.power.power import Claim

# Marker and dash tell the lines apart without any colour.
_COLOURS = (*MODEL_COLOURS, CROWD_COLOUR, READER_COLOUR)
_MARKERS, _DASHES = "osD^vP", ("-", "--", "-.", ":")
_POINTS = 60


def power_curves(
    plan: Plan, endpoint: Endpoint, *, heading: str, titles: dict[Claim, str]
) -> Figure:
    """The picture of one endpoint; points are the plan's numbers of cases."""
    claims = plan.options.claims
    drawn, panels = new_panels(1.2 + 2.9 * len(claims), 3.3, count=len(claims))
    for axes, claim in zip(panels, claims, strict=True):
        _draw_panel(axes, plan, endpoint, claim)
        axes.set_title(titles[claim], fontsize=8, loc="left")
    panels[0].set_ylabel("Power")
    drawn.suptitle(heading, fontsize=9, x=0.01, ha="left")
    panels[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)
    return drawn


def _draw_panel(axes: Axes, plan: Plan, endpoint: Endpoint, claim: Claim) -> None:
    few, many = min(plan.options.cases), max(plan.options.cases)
    cases = np.linspace(few / 2, many * 1.25, _POINTS)
    cases = cases[cases * endpoint.share >= 2]
    for level in (0.8, 0.9):
        axes.axhline(level, color="#999999", linewidth=0.6, linestyle=":")
    for place, rows in enumerate(plan.grid(endpoint, claim)):
        readers = rows[0].readers
        line = curve(endpoint, claim, readers=readers, cases=cases, options=plan.options)
        _draw_line(axes, place, cases.tolist(), line.tolist(), rows)
    axes.set(xlabel="Cases in the study", ylim=(0, 1.02), xlim=(0, many * 1.28))
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 0.9, 1])


def _draw_line(
    axes: Axes, place: int, cases: list[float], line: list[float], rows: tuple[PlanRow, ...]
) -> None:
    colour, marker = _COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)]
    dash = _DASHES[place % len(_DASHES)]
    axes.plot(cases, line, color=colour, linewidth=1.1, linestyle=dash)
    axes.plot(
        [row.cases for row in rows],
        [row.power for row in rows],
        color=colour,
        marker=marker,
        markersize=3.5,
        linewidth=1.1,
        linestyle="",
    )
    # One legend entry for line and points together.
    axes.plot(
        [], [], color=colour, marker=marker, markersize=3.5, linewidth=1.1, linestyle=dash,
        label=f"{rows[0].readers} readers",
    )  # fmt: skip
