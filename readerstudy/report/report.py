"""report.html: one self-contained page of tables, pictures and words."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader

from readerstudy.report.about import About
from readerstudy.report.checklists import CLAIM, STARD_AI, Row, answered
from readerstudy.report.methods import cited, methods_paragraph
from readerstudy.report.stamp import NOT_CLINICAL
from readerstudy.stats.methods import learning
from readerstudy.stats.records import Analysis, Record, notes_of
from readerstudy.stats.subjects_and_methods import (
    AIDED_READER,
    AREA_METHODS,
    MAJORITY,
    MEAN_READER,
    MOVER,
    PRIMARY,
    PRIMARY_OF_AREAS,
    READERS,
    Method,
    Subject,
)

_RATES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy")
_MATCHED = ("specificity_at_reader_sensitivity", "sensitivity_at_reader_specificity")
_GAIN = AIDED_READER - MEAN_READER
_CHANGES = (
    "changed",
    "changed_to_right",
    "changed_to_wrong",
    "took_right_advice",
    "took_wrong_advice",
    "overrode_wrong_advice",
)
_ALONE = {Method("wilson"), PRIMARY, Method("mean-recall")}
_CLAIMS = ("noninferiority", "equivalence")


def write_report(analysis: Analysis, pictures: Mapping[str, bytes], path: Path) -> Path:
    """Write the page and return its path."""
    path.write_text(render_report(analysis, pictures), encoding="utf-8")
    return path


def render_report(
    analysis: Analysis, pictures: Mapping[str, bytes], about: About | None = None
) -> str:
    """The page as text; `pictures` are SVG by name; `about` the study that the numbers are of."""
    sentences = methods_paragraph(analysis)
    template = _environment().get_template("report.html")
    return template.render(
        meta=analysis.meta,
        sections=[s for s in _sections(analysis) if s[2]],
        pictures={name: inline_svg(svg) for name, svg in pictures.items()},
        warnings=warnings_of(analysis),
        sentences=[sentence for sentence, _ in sentences],
        references=cited(sentences),
        about=about,
        checklists=_checklists(about) if about else {},
        not_clinical=NOT_CLINICAL,
    )


def _checklists(about: About) -> dict[str, list[Row]]:
    lists = {"STARD-AI": STARD_AI, "CLAIM (2024)": CLAIM}
    return {name: answered(items, about.facts) for name, items in lists.items()}


def number(value: float | None, digits: int = 3) -> str:
    """A fraction for people; undefined is a dash."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.{digits}f}"


def words(quantity: str) -> str:
    """Without the marks of a file."""
    return quantity.replace("_", " ")


def what(record: Record) -> str:
    """The quantity; of a claim at a margin also what it is about."""
    is_claim = record.quantity in _CLAIMS
    about = f"{words(record.method.quantity)}, " if is_claim else ""
    return about + words(record.quantity)


def how(record: Record) -> str:
    """The method, without what `what` says."""
    return record.method.name if record.quantity in _CLAIMS else str(record.method)


def count(number_of: int | None) -> str:
    """A number of cases or readers; a dash where it does not apply."""
    return "–" if number_of is None else str(number_of)


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


def warnings_of(analysis: Analysis) -> list[str]:
    """Notes of the tables' records, each once with how many numbers it concerns."""
    shown = dict.fromkeys(r for _, _, records in _sections(analysis) for r in records)
    said = notes_of(r for r in shown if r.quantity not in _CLAIMS)
    return [f"{note} ({count} numbers)" for note, count in said.most_common()]


def _environment() -> Environment:
    loader = PackageLoader("readerstudy.report", "templates")
    environment = Environment(loader=loader, autoescape=True)
    filters = (number, words, p_value, limits, what, how, count)
    environment.filters.update({filter_.__name__: filter_ for filter_ in filters})
    return environment


def inline_svg(svg: bytes) -> str:
    """The element without its XML declaration, to stand in a page."""
    text = svg.decode("utf-8")
    return text[text.index("<svg") :]


def _sections(analysis: Analysis) -> list[tuple[str, str, list[Record]]]:
    """Heading, explanation and records of every table."""
    models = [Subject.model(name) for name in analysis.meta["models"]]
    gaps = {model - MEAN_READER for model in models}
    alone = {MEAN_READER, AIDED_READER, MAJORITY, *models}
    margin = analysis.meta["margin"]
    advised = [analysis.advised(r) for r in analysis.find(method=PRIMARY)]
    rely = {(r.quantity, r.class_, r.subject) for r in advised if r}
    tables: tuple[tuple[str, str, Callable[[Record], bool]], ...] = (
        (
            "Model minus mean reader",
            "Readers and cases both random (or-rrrc-capped, the primary method).",
            lambda r: r.subject in gaps and r.method == PRIMARY and r.quantity in _RATES,
        ),
        (
            "With few cases",
            "Of rates behind which few cases or mistakes stand, report these (or-rrrc-mover).",
            lambda r: r in advised,
        ),
        (
            "Non-inferiority and equivalence",
            f"At a margin of {margin}; p is one-sided, the interval two-sided. By or-rrrc-mover "
            "where few cases or mistakes stand behind a rate.",
            lambda r: _is_at_margin(r, rely),
        ),
        (
            "Each alone",
            "The mean reader's interval allows for other readers and other cases.",
            lambda r: r.subject in alone and r.quantity in _RATES and r.method in _ALONE,
        ),
        ("Areas under the ROC curve", "DeLong; models paired on the same cases.", _is_area),
        (
            "Readers' areas from confidence",
            "Rating: confidence if the answer is the class, else 100 minus it.",
            lambda r: r.quantity == "auc" and r.method == PRIMARY_OF_AREAS,
        ),
        (
            "Matched operating points",
            "The model's rate where its other rate equals the mean reader's.",
            lambda r: r.quantity in _MATCHED,
        ),
        (
            "Aided minus unaided reading",
            "The mean reader's second answers, given with advice, against the first.",
            lambda r: r.subject == _GAIN and r.method == PRIMARY,
        ),
        (
            "What readers did with advice",
            "Shares of answers given twice; of those with right or wrong advice where so named.",
            lambda r: r.subject == AIDED_READER and r.quantity in _CHANGES and r.method == PRIMARY,
        ),
        (
            "Agreement among readers",
            "From every answer there is.",
            lambda r: r.subject == READERS and r.method == Method("available-cases"),
        ),
        (
            "Learning and fatigue",
            "By place in the readers' own order; means of readers, t intervals over readers. The "
            "last row is the change per ten trials.",
            lambda r: r.method == learning.METHOD,
        ),
    )
    return [(h, words, [r for r in analysis.records if wanted(r)]) for h, words, wanted in tables]


def _is_at_margin(record: Record, rely: set[tuple[str, str, Subject]]) -> bool:
    quantity = record.method.quantity
    reported = MOVER if (quantity, record.class_, record.subject) in rely else PRIMARY
    is_claim = record.quantity in _CLAIMS and quantity in _RATES
    return is_claim and record.method.name == reported.name


def _is_area(record: Record) -> bool:
    of_readers = "reader" in record.subject.kinds
    wanted = record.method in AREA_METHODS
    return record.quantity in ("auc", "auc_macro") and wanted and not of_readers
