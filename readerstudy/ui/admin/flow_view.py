"""The flow of people as a diagram of boxes, read from top to bottom."""

from collections.abc import Mapping
from html import escape

from readerstudy.domain import Flow, Withdrawal
from readerstudy.domain.protocol import Analysis

_WITHDRAWN = {
    Withdrawal.DELETE: "answers deleted",
    Withdrawal.ANONYMISE: "answers kept without a person",
}


def flow(found: Flow) -> str:
    """A list, so that it is read aloud in order; what leaves the way stands beside it."""
    withdrawn = {_WITHDRAWN[rule]: n for rule, n in found.withdrawn.items()}
    steps = [
        _step("Invited", found.invited, _side("Revoked", found.revoked)),
        _step("Link opened", found.accepted, _side("Withdrawn", withdrawn)),
        _step("Consented", found.consented),
        _step("Started reading", found.started, _side("Excluded by the protocol", found.excluded)),
        _step("Analysed", found.analysed, _note(found.completed)),
    ]
    if found.requests:
        steps.insert(0, _step("Asked to take part", found.requests))
    return (
        '<h3>Flow of readers</h3><ol class="sr-flow" aria-label="Flow of readers">'
        f"{''.join(steps)}</ol>{_simulated(found.simulated)}"
    )


def left_out(rules: Analysis, found: Mapping[str, str]) -> str:
    """The sealed rules in words, and whom they leave out; nobody is left out by hand."""
    if not rules.excludes:
        return ""
    words = []
    if rules.min_answered:
        words.append(f"fewer than {rules.min_answered:.0%} of the own test cases answered")
    if rules.max_attention_errors is not None:
        words.append(f"more than {rules.max_attention_errors} attention checks wrong")
    items = "".join(
        f"<li><code>{escape(code)}</code> {escape(why)}</li>" for code, why in found.items()
    )
    return (
        f"<h3>Excluded by the protocol</h3><p>The sealed rules leave out whoever has "
        f"{' or '.join(words)}. {len(found)} readers so far, simulated ones and those who have not "
        f'started included.</p><ul class="sr-scroll sr-tall">{items}</ul>'
    )


def _step(words: str, n: int, beside: str = "") -> str:
    return f'<li><div class="sr-flow-box"><b>{n}</b> {words}</div>{beside}</li>'


def _side(words: str, found: int | Mapping[str, int]) -> str:
    """`found`: a number, or numbers by reason; nothing where nobody left."""
    by_reason = found if isinstance(found, Mapping) else {}
    n = sum(by_reason.values()) if isinstance(found, Mapping) else found
    if not n:
        return ""
    reasons = "".join(f"<small>{its} {escape(why)}</small>" for why, its in by_reason.items())
    return f'<div class="sr-flow-side"><span><b>{n}</b> {words.lower()}</span>{reasons}</div>'


def _note(completed: int) -> str:
    return f'<div class="sr-flow-note">{completed} of the started have completed all cases</div>'


def _simulated(n: int) -> str:
    if not n:
        return ""
    return (
        f'<p class="sr-soft">{n} simulated readers <span class="sr-badge">simulated</span> '
        "are not people and are not in this diagram.</p>"
    )
