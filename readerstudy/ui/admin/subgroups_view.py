"""Results by group as tables; a small group is flagged, not hidden."""

from collections.abc import Sequence
from html import escape

from readerstudy.services.results.subgroups import FEWEST_CASES, FEWEST_READERS, Group
from readerstudy.stats.records import ALL, Analysis
from readerstudy.stats.subjects_and_methods import MEAN_READER, PRIMARY, Method, Subject
from readerstudy.ui.admin import view

_METHODS = (PRIMARY, Method("wilson"), Method("mean-recall"))
_OVERALL = {"balanced_accuracy": "Balanced accuracy", "accuracy": "Accuracy"}


def subgroups(title: str, groups: Sequence[Group]) -> str:
    if not groups:
        return '<p class="sr-soft">Nobody has read a case yet.</p>'
    rows = [row for group in groups for row in _rows(group)]
    head = ("Group", "Subject", *_OVERALL.values())
    return (
        f"<h3>{escape(title)}</h3>{_whose(groups)}{view.table(head, rows)}"
        f"{''.join(_classes(group) for group in groups)}{_NOTE}"
    )


_NOTE = (
    '<p class="sr-small">95% intervals: Obuchowski-Rockette, random readers and cases '
    "(or-rrrc-capped), of readers and differences, with few cases or-rrrc-mover; Wilson score of a "
    "model's accuracy and sensitivity, and of its balanced accuracy as the mean of such "
    "proportions (mean-recall), over the classes that have cases. "
    "“–” is undefined. Groups are looked at without correction for their number. "
    f"Small: fewer than {FEWEST_READERS} readers or {FEWEST_CASES} cases.</p>"
)


def _whose(groups: Sequence[Group]) -> str:
    if not any(group.analysis.meta["n_simulated"] for group in groups):
        return ""
    return '<p class="sr-simulated">With simulated readers: no evidence about people.</p>'


def _rows(group: Group) -> list[list[str]]:
    found = group.analysis
    subjects = _subjects(found)
    subjects += [subject - MEAN_READER for subject in subjects[:-1]]
    return [
        [
            _name(group) if subject == subjects[0] else "",
            escape(subject.words),
            *(_number(found, quantity, ALL, subject) for quantity in _OVERALL),
        ]
        for subject in subjects
    ]


def _classes(group: Group) -> str:
    """Sensitivity per class that has cases, folded away."""
    found = group.analysis
    subjects = _subjects(found)
    rows = [
        [f"<b>{escape(class_)}</b> {n} cases"]
        + [_number(found, "sensitivity", class_, subject) for subject in subjects]
        for class_, n in found.meta["cases_per_class"].items()
        if n
    ]
    head = ("Class", *(escape(subject.words) for subject in subjects))
    return (
        f"<details><summary>Sensitivity per class: {escape(group.name)}</summary>"
        f"{view.table(head, rows)}</details>"
    )


def _subjects(found: Analysis) -> list[Subject]:
    return [*(Subject.model(name) for name in found.meta["models"]), MEAN_READER]


def _name(group: Group) -> str:
    meta = group.analysis.meta
    small = ' <span class="sr-badge">small</span>' if group.is_small else ""
    return (
        f'<div class="sr-number"><b>{escape(group.name)}</b>{small}<small>{meta["n_readers"]} '
        f"readers, {meta['n_cases']} cases</small></div>"
    )


def _number(found: Analysis, quantity: str, class_: str, subject: Subject) -> str:
    record = found.best(quantity, class_, subject, _METHODS)
    note = f' title="{escape(record.note)}"' if record and record.note else ""
    better = found.advised(record) if record else None
    few = f"<small>Few cases, report: {view.interval(better)}</small>" if better else ""
    return f'<div class="sr-number"{note}>{view.estimate(record)}{few}</div>'
