"""The admin page's tables as HTML: records in, escaped markup out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import quote

from readerstudy.domain import ReaderKind, ReaderProgress, StudySummary
from readerstudy.domain.errors import StudyError
from readerstudy.stats.figures.roc import RocFigure
from readerstudy.stats.figures.study_figures import Picture
from readerstudy.stats.records import ALL, Analysis, Record
from readerstudy.stats.subjects_and_methods import (
    AREA_METHODS,
    MEAN_READER,
    PRIMARY,
    Method,
    Subject,
)

# The first with an interval is shown; the footnote names it.
_METHODS = (PRIMARY, Method("wilson"), *AREA_METHODS)
_METHOD_WORDS = {
    "or-rrrc-capped": "Obuchowski-Rockette, random readers and cases (or-rrrc-capped)",
    "or-rrrc-mover": "exact limits joined, for few cases or mistakes (or-rrrc-mover)",
    "wilson": "Wilson score interval",
    "delong": "DeLong",
    "clopper-pearson-pairs": "exact (Clopper-Pearson on disjoint pairs)",
}
KINDS = [
    ("People", ReaderKind.HUMAN.value),
    ("Simulated", ReaderKind.SIMULATED.value),
    ("Both", f"{ReaderKind.HUMAN} {ReaderKind.SIMULATED}"),
]
_QUANTITIES = {"sensitivity": "Sensitivity", "specificity": "Specificity", "auc": "AUC"}


def overview(study: StudySummary) -> str:
    simulated = (
        f'<p class="sr-simulated">{study.n_simulated} of the readers are simulated '
        f"({study.n_simulated_answers} answers): simulated reading, not clinical data.</p>"
        if study.n_simulated
        else ""
    )
    synthetic = " <small>synthetic images</small>" if study.synthetic else ""
    feedback = (
        '<p class="sr-simulated">Teaching study: readers are told the reference standard after '
        "each case, so later answers rest on it.</p>"
        if study.gives_feedback
        else ""
    )
    waiting = (
        f'<p class="sr-simulated">{study.n_waiting} ask to take part and wait: see Requests.</p>'
        if study.n_waiting
        else ""
    )
    tiles = {
        "State": study.state,
        "Cases": study.n_cases,
        "Readers": study.n_readers,
        "Answers": study.n_answers,
        "Simulated readers": study.n_simulated,
        "Models": ", ".join(study.models) or "none",
    }
    items = "".join(f"<div><dt>{k}</dt><dd>{escape(str(v))}</dd></div>" for k, v in tiles.items())
    seal = f'<p class="sr-small">Sealed: {escape(study.seal_hash)}</p>' if study.seal_hash else ""
    return (
        f'<h2>{escape(study.title)}{synthetic}</h2><dl class="sr-tiles">{items}</dl>'
        f"{simulated}{feedback}{waiting}{seal}"
    )


def progress(readers: Sequence[ReaderProgress]) -> str:
    """Readers alone under their codes; a simulated one says so."""
    rows = [
        [
            _code(r.code, is_simulated=r.kind is ReaderKind.SIMULATED),
            escape(r.stage),
            f'<progress max="{max(r.total, 1)}" value="{r.answered}"></progress>'
            f" {r.answered} of {r.total}",
            r.last_answer_at.strftime("<time>%Y-%m-%d %H:%M</time>") if r.last_answer_at else "–",
        ]
        for r in readers
    ]
    if not rows:
        return _nothing("No reader yet. Make invitation links and send them.")
    return table(["Reader", "Stage", "Answered", "Last answer (UTC)"], rows, css="sr-tall")


def results(analysis: Analysis) -> str:
    """Per class: model, mean reader, difference; each number with interval, n and method."""
    models = [Subject.model(name) for name in analysis.meta["models"]]
    subjects = [*models, MEAN_READER, *(model - MEAN_READER for model in models)]
    used: dict[Method, None] = {}
    rows = []
    for class_ in analysis.meta["classes"]:
        for subject in subjects:
            cells = [_cell(analysis, q, class_, subject, used) for q in _QUANTITIES]
            rows.append([f"<b>{escape(class_)}</b>", escape(subject.words), *cells])
    overall = [
        ["<b>all</b>", escape(s.words), _cell(analysis, "accuracy", ALL, s, used)] for s in subjects
    ]
    return (
        _alone(analysis)
        + "".join(f'<p class="sr-soft">{escape(note)}</p>' for note in analysis.meta["notes"])
        + "<h3>All classes</h3>"
        + table(["Class", "Subject", "Accuracy"], overall)
        + "<h3>Each class against all others</h3>"
        + table(["Class", "Subject", *_QUANTITIES.values()], rows)
        + _methods(used)
    )


def readers(analysis: Analysis, figure: Picture) -> str:
    """Every reader's operating point for one class; nothing beside other figures."""
    if not isinstance(figure, RocFigure):
        return ""
    used: dict[Method, None] = {}
    rows = [
        [
            _code(point.subject.name, is_simulated=point.simulated),
            *(
                _cell(analysis, q, figure.class_, point.subject, used)
                for q in ("sensitivity", "specificity")
            ),
        ]
        for point in figure.points
        if point.kind == "reader"
    ]
    if not rows:
        return _nothing("No reader has answered enough cases of this class yet.")
    listed = table(["Reader", "Sensitivity", "Specificity"], rows, css="sr-tall")
    return f"<h3>Readers, {escape(figure.class_)}</h3>{listed}{_methods(used)}"


def kinds_of(words: str | None) -> tuple[ReaderKind, ...] | None:
    """From the page's choice; None leaves it to the service."""
    known = {kind.value: kind for kind in ReaderKind}
    if not words:
        return None
    if unknown := [word for word in words.split() if word not in known]:
        raise StudyError(f"Expected kinds of readers ({', '.join(known)}), but got {unknown[0]!r}.")
    return tuple(known[word] for word in words.split())


def exports(study: StudySummary) -> str:
    """Links to our own route, which checks the sign-in again: one for each choice of readers."""
    has = (study.n_answers, study.n_simulated_answers, study.n_answers * study.n_simulated_answers)
    choices = [choice for choice, n in zip(KINDS, has, strict=True) if n] or [("", "")]
    links = "".join(
        f'<p><a class="sr-download" href="/admin-api/{escape(study.slug)}/export.zip'
        f'?kinds={quote(kinds)}" download>Export everything (zip){_of(words)}</a> '
        f'<a class="sr-download" href="/admin-api/{escape(study.slug)}/report.html'
        f'?kinds={quote(kinds)}" download>Report (HTML){_of(words)}</a></p>'
        for words, kinds in choices
    )
    return (
        f'<div id="sr-export">{links}</div><p class="sr-soft">Readings, predictions, results, '
        "codebook and figures, with checksums. The report prints well.</p>"
    )


def _of(words: str) -> str:
    return f": {escape(words.lower())}" if words else ""


def figure_files(slug: str, figures: Sequence[tuple[str, str]], *, kinds: str) -> str:
    """Links as above. `figures`: words and name."""
    base, query = f"/admin-api/{escape(slug)}", f"?kinds={quote(kinds)}"
    items = "".join(
        f"<li><span>{escape(words)}</span>"
        f'<a href="{base}/figure/{escape(name)}.svg{query}" download>SVG</a>'
        f'<a href="{base}/figure/{escape(name)}.pdf{query}" download>PDF</a></li>'
        for words, name in figures
    )
    return f'<h3>Figures for a paper</h3><ul class="sr-figures">{items}</ul>'


def problem(message: str) -> str:
    return f'<p class="sr-problem" role="status">{escape(message)}</p>'


def estimate(record: Record | None) -> str:
    """Fractions as percentages, areas as they are, undefined as a dash."""
    if record is None or math.isnan(record.estimate):
        return "–"
    value = f"<b>{format(record.estimate, _sign(record) + _form(record))}</b>"
    if math.isnan(record.ci_low) or math.isnan(record.ci_high):
        return value
    return f"{value} <span>{interval(record)}</span>"


def interval(record: Record) -> str:
    """Its two limits in the same form; dashes where they are undefined."""
    form = _sign(record) + _form(record)
    limits = (record.ci_low, record.ci_high)
    return " to ".join("–" if math.isnan(limit) else format(limit, form) for limit in limits)


def _form(record: Record) -> str:
    return ".3f" if record.quantity == "auc" else ".1%"


def _sign(record: Record) -> str:
    return "+" if record.subject.minus else ""


def _cell(
    analysis: Analysis, quantity: str, class_: str, subject: Subject, used: dict[Method, None]
) -> str:
    record = analysis.best(quantity, class_, subject, _METHODS)
    if record is None:
        return "–"
    used.setdefault(record.method)
    note = f' title="{escape(record.note)}"' if record.note else ""
    small = f"<small>{_counts(record)}</small>{_advised(analysis, record, used)}"
    return f'<div class="sr-number"{note}>{estimate(record)}{small}</div>'


def _advised(analysis: Analysis, record: Record, used: dict[Method, None]) -> str:
    """The interval to report where few cases or mistakes stand behind a rate."""
    better = analysis.advised(record)
    if better is None:
        return ""
    used.setdefault(better.method)
    return f'<small class="sr-advised">Few cases, report: {interval(better)}</small>'


def _counts(record: Record) -> str:
    cases = f"{record.n_cases} cases" if record.n_cases is not None else ""
    people = f"{record.n_readers} readers" if record.n_readers is not None else ""
    return ", ".join(text for text in (cases, people) if text)


def _methods(used: Iterable[Method]) -> str:
    names = "; ".join(_METHOD_WORDS.get(method.name, str(method)) for method in used)
    return f'<p class="sr-small">95% intervals. Methods: {escape(names)}. “–” is undefined.</p>'


def _alone(analysis: Analysis) -> str:
    if analysis.meta["models"]:
        return ""
    return problem("No checkpoint predicts these classes: the readers are shown alone.")


def _code(code: str, *, is_simulated: bool) -> str:
    tag = ' <span class="sr-badge">simulated</span>' if is_simulated else ""
    return f"<code>{escape(code)}</code>{tag}"


def _nothing(message: str) -> str:
    return f'<p class="sr-soft">{escape(message)}</p>'


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, css: str = "", name: str = ""
) -> str:
    """Cells are markup already; headings are our own words. `name` is the element's id."""
    own = f' id="{name}"' if name else ""
    columns = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    return (
        f'<div class="sr-scroll {css}"><table class="sr-table"{own}>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


_NAMES = {
    "forest": "Model minus mean reader: {}",
    "confusion": "Confusion matrix: {}",
    "agreement": "Agreement",
    "learning": "Accuracy by trial",
    "readers": "Readers by cases",
}


def picture_choices(study: StudySummary, pictures: Mapping[str, Picture]) -> list[tuple[str, str]]:
    """Figures in words, and the names they have in files."""
    names = {option.code: option.name_en for option in study.classes}

    def words(name: str, picture: Picture) -> str:
        if isinstance(picture, RocFigure):
            return f"ROC: {picture.class_}, {names.get(picture.class_, picture.class_)}"
        kind, _, subject = name.partition("_")
        return _NAMES[kind].format(subject)

    return [(words(name, picture), name) for name, picture in pictures.items()]
