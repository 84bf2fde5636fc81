"""Who was invited, and taking a link back."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain import ContactData, InvitationState
from readerstudy.domain.errors import PermissionDenied
from readerstudy.services.people import invitations
from readerstudy.ui.admin import invitations_view as view
from readerstudy.ui.admin.tab import PRIVATE, Place, chosen_number, dropdown, study_of, whole_days
from readerstudy.ui.gradio_page import actor_of

_VALID = (InvitationState.OPEN, InvitationState.ACCEPTED)


class InvitationsTab:
    title = "Invitations"

    def __init__(self, db: Database, *, public_url: str) -> None:
        self._db = db
        self._public_url = public_url

    def build(self, place: Place) -> None:
        gr.HTML("<h3>Invite one person</h3>", js_on_load=None)
        with gr.Row():
            name = gr.Textbox(label="Name (optional)", elem_id="sr-contact-name")
            email = gr.Textbox(label="E-mail (optional)", elem_id="sr-contact-email")
        with gr.Row():
            note = gr.Textbox(label="Note (optional)", elem_id="sr-contact-note", scale=3)
            days = gr.Number(90, label="Valid for days", elem_id="sr-days", scale=1)
        make = gr.Button("Make this link", variant="primary", elem_id="sr-invite-person")
        link = gr.Textbox(
            label="Shown only now", visible=False, buttons=["copy"], elem_id="sr-link"
        )
        gr.HTML("<h3>All invitations</h3>", js_on_load=None)
        shown = gr.HTML("", elem_id="sr-invitations", js_on_load=None)
        with gr.Row(visible=False) as taking_back:
            which = dropdown("Take back", elem_id="sr-revoke-which", scale=3)
            revoke = gr.Button("Take this link back", elem_id="sr-revoke", scale=1)
        asked, outputs = place.slug, [shown, which, taking_back]
        show = place.guard(self.show_invitations)
        gr.on(place.changes, show, asked, outputs, **PRIVATE)
        fields = [asked, name, email, note, days]
        made = make.click(place.guard(self.invite_person), fields, link, **PRIVATE)
        gone = revoke.click(place.guard(self.revoke_invitation), [asked, which], None, **PRIVATE)
        for done in (made, gone):
            done.success(show, asked, outputs, **PRIVATE)

    def show_invitations(self, slug: str | None, request: gr.Request) -> tuple[str, Any, Any]:
        actor, nothing = (
            actor_of(request),
            (gr.update(choices=[], value=None), gr.update(visible=False)),
        )
        study = study_of(self._db, actor, slug)
        if study is None:
            return "", *nothing
        try:
            found = invitations.list_invitations(self._db, actor=actor, slug=study.slug)
        except PermissionDenied:
            return view.ONLY_OWNERS, *nothing
        choices = [
            (f"{made.number} {made.contact.name}".strip(), str(made.number))
            for made in found
            if made.state in _VALID
        ]
        return (
            view.invitations(found),
            gr.update(choices=choices, value=None),
            gr.update(visible=bool(choices)),
        )

    def invite_person(
        self, slug: str, name: str, email: str, note: str, days: object, request: gr.Request
    ) -> Any:
        contact = ContactData(*(text.strip() for text in (name, email, note)))
        token = invitations.invite_person(
            self._db, actor=actor_of(request), slug=slug, days=whole_days(days), contact=contact
        )
        return gr.update(value=f"{self._public_url}/invite/{token}", visible=True)

    def revoke_invitation(self, slug: str, which: str | None, request: gr.Request) -> None:
        number = chosen_number(which, what="an invitation")
        invitations.revoke_invitation(self._db, actor=actor_of(request), slug=slug, number=number)
