"""The hardest cases as a table; it names the reference standard."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from readerstudy.domain import CaseAnswers, ReaderKind, StudySummary
from readerstudy.ui.admin.view import table

_MOST = 100
_HEAD = ("Image", "Case", "Reference", "Wrong", "Answers of readers", "Models")


def hardest(study: StudySummary, kinds: Sequence[ReaderKind], found: Sequence[CaseAnswers]) -> str:
    if not found:
        return '<p class="sr-soft">The study has no test cases yet.</p>'
    rows = (_row(study, case) for case in found[:_MOST])
    return (
        f"<h3>Hardest cases</h3>{_whose(kinds)}{table(_HEAD, rows)}"
        f'<p class="sr-small">{_note(len(found))}</p>'
    )


def _whose(kinds: Sequence[ReaderKind]) -> str:
    if ReaderKind.SIMULATED not in kinds:
        return ""
    return '<p class="sr-simulated">Answers of simulated readers: no evidence about people.</p>'


def _note(n_cases: int) -> str:
    first = f"The first {_MOST} of {n_cases}. " if n_cases > _MOST else ""
    return (
        f"{first}Unaided answers; the share of wrong ones with its 95% Wilson score interval. "
        "Readers excluded by the protocol are left out. “–” is undefined. "
        "While the study is open, keep this page from readers."
    )


def _row(study: StudySummary, case: CaseAnswers) -> tuple[str, ...]:
    source = f"/admin-api/{quote(study.slug)}/thumbnail?case={quote(case.case_id, safe='')}"
    names = {option.code: option.name_en for option in study.classes}
    return (
        f'<img class="sr-thumb" loading="lazy" alt="" width="64" height="64" src="{source}">',
        f"<code>{escape(case.case_id)}</code>",
        f'<span title="{escape(names.get(case.truth, ""))}">{escape(case.truth)}</span>',
        _wrong(case),
        _answers(case),
        _models(case),
    )


def _wrong(case: CaseAnswers) -> str:
    if not case.n:
        return "–"
    return (
        f'<div class="sr-number"><b>{case.n_wrong / case.n:.0%}</b> '
        f"<span>{case.low:.0%} to {case.high:.0%}</span>"
        f"<small>{case.n_wrong} of {case.n}</small></div>"
    )


def _answers(case: CaseAnswers) -> str:
    counts = (
        _said(code or "none", f"{n}", is_right=code == case.truth)
        for code, n in case.answers.items()
    )
    return f'<div class="sr-split">{"".join(counts) or "–"}</div>'


def _models(case: CaseAnswers) -> str:
    calls = (
        f"{_said(code, f'{probability:.0%}', is_right=code == case.truth)}"
        f" <small>{escape(name)}</small>"
        for name, (code, probability) in case.models.items()
    )
    return f'<div class="sr-split">{"".join(calls) or "–"}</div>'


def _said(code: str, number: str, *, is_right: bool) -> str:
    """The right one is marked by a sign too, not by colour alone."""
    if is_right:
        return f'<span class="sr-right">{escape(code)} {number} ✓</span>'
    return f"<span>{escape(code)} {number}</span>"
