"""The list of invitations as HTML."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from readerstudy.domain import ListedInvitation
from readerstudy.ui.admin.view import table

ONLY_OWNERS = '<p class="sr-soft">Only owners see who was invited.</p>'


def invitations(found: Sequence[ListedInvitation]) -> str:
    if not found:
        return '<p class="sr-soft">Nobody has been invited yet.</p>'
    head = ("No.", "State", "Made", "Valid until", "Name", "E-mail", "Note")
    return table(head, map(_cells, found), css="sr-tall", name="sr-invitations-table")


def _cells(made: ListedInvitation) -> list[str]:
    contact = made.contact
    texts = [str(made.number), made.state, _day(made.created_at), _day(made.expires_at)]
    texts += [text or "–" for text in (contact.name, contact.email, contact.note)]
    return [escape(text) for text in texts]


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "–"
