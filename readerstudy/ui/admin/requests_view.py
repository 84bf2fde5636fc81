"""Who asked to take part, as HTML."""

from collections.abc import Sequence
from html import escape

from readerstudy.domain import RequestState
from readerstudy.services.people.requests import ListedRequest
from readerstudy.ui.admin.view import table


def where(url: str, *, is_allowed: bool) -> str:
    """What the public page says now."""
    if not is_allowed:
        return '<p class="sr-soft">Nobody can ask now: the page for it does not show.</p>'
    link = f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(url)}</a>'
    return f"<p>Anybody who knows this address can ask to take part: {link}</p>"


def requests(found: Sequence[ListedRequest]) -> str:
    if not found:
        return '<p class="sr-soft">Nobody has asked yet.</p>'
    head = ("No.", "State", "Asked", "Name", "E-mail", "Message", "Invitation")
    return table(head, map(_cells, found), css="sr-tall", name="sr-requests-table")


def choices(found: Sequence[ListedRequest]) -> list[tuple[str, str]]:
    """Those that wait."""
    return [
        (f"{its.number} {its.contact.name}", str(its.number))
        for its in found
        if its.state is RequestState.PENDING
    ]


def _cells(its: ListedRequest) -> list[str]:
    contact = its.contact
    texts = [str(its.number), its.state, f"{its.requested_at:%Y-%m-%d}"]
    texts += [text or "–" for text in (contact.name, contact.email, contact.note)]
    texts.append(str(its.invitation or "–"))
    return [escape(text) for text in texts]
