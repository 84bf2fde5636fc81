"""The list of invitations as HTML."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from readerstudy.entities import ListedInvitation

ONLY_OWNERS = '<p class="sr-soft">Only owners see who was invited.</p>'


def invitations(found: Sequence[ListedInvitation]) -> str:
    if not found:
        return '<p class="sr-soft">Nobody has been invited yet.</p>'
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in ("No.", "State", "Made", "Valid until", "Name", "E-mail", "Note")
    )
    rows = "".join(f"<tr>{_cells(made)}</tr>" for made in found)
    return (
        '<div class="sr-scroll sr-tall"><table class="sr-table" id="sr-invitations-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(made: ListedInvitation) -> str:
    contact = made.contact
    texts = [str(made.number), made.state, _day(made.created_at), _day(made.expires_at)]
    texts += [text or "–" for text in (contact.name, contact.email, contact.note)]
    return "".join(f"<td>{escape(text)}</td>" for text in texts)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "–"
