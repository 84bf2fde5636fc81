"""A reader's own point beside the models' ROC curves, as an SVG that the page's style colours.

Drawn here and not by matplotlib, so that words are in the reader's language and font.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from data.measures.proportions import interval
from readerstudy.services.results.own_result import Line, Share
from readerstudy.stats.figures.roc import RocCurve, RocFigure

_SIDE, _LEFT, _TOP = 250, 46, 10
_COLOURS = 4  # as many as plain.css has


@dataclass(frozen=True)
class OwnRoc:
    """`legend`: the style of the mark, and what it says."""

    svg: Markup
    legend: tuple[tuple[str, str], ...]


def own_roc(
    figure: RocFigure, sensitivity: Line, specificity: Line, t: Mapping[str, str]
) -> OwnRoc | None:
    """None where the reader saw no case of the class, or no other: there is no point to show."""
    if not (sensitivity.own.n and specificity.own.n):
        return None
    parts = [_frame(t)]
    legend = [("own", _own_words(sensitivity.own, specificity.own, t))]
    for place, curve in enumerate(c for c in figure.curves if c.subject.kind == "model"):
        style = f"m{place % _COLOURS}"
        parts.append(_curve(curve, style))
        legend.append((style, _curve_words(curve, t)))
    if sensitivity.others and specificity.others:
        parts.append(_others(specificity.others.middle, sensitivity.others.middle))
        legend.append(("others", t["result.roc.others"].format(n=sensitivity.others.n)))
    parts.append(_own(sensitivity.own, specificity.own))
    alt = escape(t["result.roc.alt"])
    width, height = _LEFT + _SIDE + 12, _TOP + _SIDE + 46
    drawn = "".join(parts)
    svg = f'<svg class="roc" viewBox="0 0 {width} {height}" role="img" aria-label="{alt}">'
    return OwnRoc(Markup(f"{svg}{drawn}</svg>"), tuple(legend))  # noqa: S704 -- escaped above


def _x(fpr: float) -> str:
    return f"{_LEFT + _SIDE * fpr:.1f}"


def _y(tpr: float) -> str:
    return f"{_TOP + _SIDE * (1 - tpr):.1f}"


def _frame(t: Mapping[str, str]) -> str:
    x, y = escape(t["result.roc.x"]), escape(t["result.sensitivity"])
    middle, below = _LEFT + _SIDE / 2, _TOP + _SIDE
    ticks = "".join(
        f'<text x="{_x(at)}" y="{below + 16}" text-anchor="middle">{at:g}</text>'
        f'<text x="{_LEFT - 6}" y="{_y(at)}" text-anchor="end" dy="4">{at:g}</text>'
        for at in (0, 0.5, 1)
    )
    return (
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" class="frame"/>'
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" class="chance"/>{ticks}'
        f'<text x="{middle}" y="{below + 36}" text-anchor="middle">{x}</text>'
        f'<text transform="translate(14 {_TOP + _SIDE / 2}) rotate(-90)" '
        f'text-anchor="middle">{y}</text>'
    )


def _curve(curve: RocCurve, style: str) -> str:
    points = " ".join(f"{_x(a)},{_y(b)}" for a, b in zip(curve.fpr, curve.tpr, strict=True))
    return f'<polyline points="{points}" class="curve {style}"/>'


def _own(sensitivity: Share, specificity: Share) -> str:
    """The point with its intervals in both directions."""
    x, y = 1 - specificity.hits / specificity.n, sensitivity.hits / sensitivity.n
    low, high = _limits(sensitivity)
    right, left = (1 - limit for limit in _limits(specificity))
    return (
        f'<path d="M{_x(x)} {_y(low)}V{_y(high)}M{_x(left)} {_y(y)}H{_x(right)}" class="bars"/>'
        f'<circle cx="{_x(x)}" cy="{_y(y)}" r="6" class="own"/>'
    )


def _others(specificity: float, sensitivity: float) -> str:
    return f'<circle cx="{_x(1 - specificity)}" cy="{_y(sensitivity)}" r="5" class="others"/>'


def _limits(share: Share) -> tuple[float, float]:
    low, high = interval(share.hits, share.n)
    return float(low), float(high)


def _own_words(sensitivity: Share, specificity: Share, t: Mapping[str, str]) -> str:
    return t["result.roc.own"].format(
        sensitivity=share_words(sensitivity), specificity=share_words(specificity)
    )


def _curve_words(curve: RocCurve, t: Mapping[str, str]) -> str:
    name = curve.subject.name
    if curve.auc is None:
        return name
    limits = _with_limits(curve.auc.estimate, (curve.auc.ci_low, curve.auc.ci_high), ".2f")
    return t["result.roc.model"].format(model=name, auc=limits, n=curve.auc.n_cases)


def share_words(its: Share) -> str:
    if not its.n:
        return "–"
    return f"{_with_limits(its.hits / its.n, _limits(its), '.0%')}, {its.hits}/{its.n}"


def _with_limits(value: float, limits: Iterable[float], form: str) -> str:
    low, high = limits
    if math.isnan(low):
        return f"{value:{form}} (–)"
    return f"{value:{form}} ({low:{form}}–{high:{form}})"
