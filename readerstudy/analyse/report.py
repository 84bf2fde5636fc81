"""report.html: one self-contained page of tables, pictures and words."""

import math
from pathlib import Path

from jinja2 import Environment, PackageLoader

from readerstudy.export.figures import roc_svg
from readerstudy.stats.figures import RocFigure
from readerstudy.stats.records import MEAN_READER, Analysis, Record, notes_of

_RATES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy")


def write_report(analysis: Analysis, figures: dict[str, RocFigure], path: Path) -> Path:
    """Write the page and return its path."""
    path.write_text(render_report(analysis, figures), encoding="utf-8")
    return path


def render_report(analysis: Analysis, figures: dict[str, RocFigure]) -> str:
    """The page as text."""
    pictures = {name: _inline(roc_svg(figure)) for name, figure in figures.items()}
    return (
        _environment()
        .get_template("report.html")
        .render(
            meta=analysis.meta,
            primary=_primary(analysis),
            alone=_alone(analysis),
            areas=_areas(analysis),
            pictures=pictures,
            warnings=notes_of(analysis.records),
        )
    )


def number(value: float | None, digits: int = 3) -> str:
    """A fraction for people; undefined is a dash."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.{digits}f}"


def p_value(value: float) -> str:
    """A p as journals print it."""
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def limits(record: Record) -> str:
    """The interval in words."""
    if math.isnan(record.ci_low):
        return "–"
    return f"{record.ci_low:.3f} to {record.ci_high:.3f}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("readerstudy.analyse", "templates"), autoescape=True
    )
    environment.filters.update(number=number, p_value=p_value, limits=limits)
    return environment


def _inline(svg: bytes) -> str:
    text = svg.decode("utf-8")
    return text[text.index("<svg") :]


def _primary(analysis: Analysis) -> list[Record]:
    wanted = {f"model:{m} - {MEAN_READER}" for m in analysis.meta["models"]}
    found = analysis.find(method="or-rrrc-capped")
    return [r for r in found if r.subject in wanted and r.quantity in _RATES]


def _alone(analysis: Analysis) -> list[Record]:
    subjects = {MEAN_READER, *(f"model:{m}" for m in analysis.meta["models"])}
    methods = {"wilson", "or-rrrc-capped", "mean-recall"}
    return [
        r
        for r in analysis.records
        if r.subject in subjects and r.quantity in _RATES and r.method in methods
    ]


def _areas(analysis: Analysis) -> list[Record]:
    return [
        r
        for r in analysis.find(quantity="auc", method="delong")
        if r.subject.startswith("model:") and "reader:" not in r.subject
    ]
