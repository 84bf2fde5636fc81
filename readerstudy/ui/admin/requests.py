"""Who asked to take part: whether anybody may ask, and the decision on each."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain.errors import PermissionDenied
from readerstudy.services.people import requests
from readerstudy.ui.admin import invitations_view, requests_view
from readerstudy.ui.admin.tab import (
    PRIVATE,
    Place,
    chosen_number,
    dropdown,
    hidden,
    study_of,
    whole_days,
)
from readerstudy.ui.gradio_page import actor_of


class RequestsTab:
    title = "Requests"

    def __init__(self, db: Database, *, public_url: str) -> None:
        self._db = db
        self._public_url = public_url

    def build(self, place: Place) -> None:
        address = gr.HTML("", elem_id="sr-join", js_on_load=None)
        with gr.Row():
            allow = gr.Button("Let people ask", elem_id="sr-join-allow")
            stop = gr.Button("Stop taking requests", elem_id="sr-join-stop")
        shown = gr.HTML("", elem_id="sr-requests", js_on_load=None)
        with gr.Column(visible=False) as deciding:
            with gr.Row():
                which = dropdown("Decide on", elem_id="sr-request-which", scale=3)
                days = gr.Number(
                    90, label="Link valid for days", elem_id="sr-request-days", scale=1
                )
            with gr.Row():
                approve = gr.Button(
                    "Approve and make a link", variant="primary", elem_id="sr-approve"
                )
                refuse = gr.Button("Refuse and delete what they wrote", elem_id="sr-refuse")
        link = gr.Textbox(
            label="Shown only now: send it to this person",
            visible=False,
            buttons=["copy"],
            elem_id="sr-request-link",
        )
        asked, outputs = place.slug, [address, shown, which, deciding, allow, stop]
        show = place.guard(self.show_requests)
        gr.on(place.changes, show, asked, outputs, **PRIVATE)
        for button, act, inputs, output in (
            (allow, self.allow_requests, [asked], None),
            (stop, self.stop_requests, [asked], None),
            (approve, self.approve_request, [asked, which, days], link),
            (refuse, self.refuse_request, [asked, which], link),
        ):
            done = button.click(place.guard(act), inputs, output, **PRIVATE)
            done.success(show, asked, outputs, **PRIVATE)
            place.changed.append(done)

    def show_requests(self, slug: str | None, request: gr.Request) -> tuple[Any, ...]:
        actor, nothing = (
            actor_of(request),
            (gr.update(choices=[], value=None), gr.update(visible=False)),
        )
        study = study_of(self._db, actor, slug)
        if study is None:
            return "", "", *nothing, gr.skip(), gr.skip()
        try:
            found = requests.list_requests(self._db, actor=actor, slug=study.slug)
        except PermissionDenied:
            return "", invitations_view.ONLY_OWNERS, *nothing, gr.skip(), gr.skip()
        choices = requests_view.choices(found)
        url = f"{self._public_url}/join/{study.slug}"
        return (
            requests_view.where(url, is_allowed=study.takes_requests),
            requests_view.requests(found),
            gr.update(choices=choices, value=None),
            gr.update(visible=bool(choices)),
            gr.update(visible=not study.takes_requests),
            gr.update(visible=study.takes_requests),
        )

    def allow_requests(self, slug: str, request: gr.Request) -> None:
        actor = actor_of(request)
        requests.allow_requests(self._db, actor=actor, slug=slug, is_allowed=True)

    def stop_requests(self, slug: str, request: gr.Request) -> None:
        actor = actor_of(request)
        requests.allow_requests(self._db, actor=actor, slug=slug, is_allowed=False)

    def approve_request(
        self, slug: str, which: str | None, days: object, request: gr.Request
    ) -> Any:
        token = requests.approve_request(
            self._db,
            actor=actor_of(request),
            slug=slug,
            number=chosen_number(which, what="a request"),
            days=whole_days(days),
        )
        return gr.update(value=f"{self._public_url}/invite/{token}", visible=True)

    def refuse_request(self, slug: str, which: str | None, request: gr.Request) -> Any:
        number = chosen_number(which, what="a request")
        requests.refuse_request(self._db, actor=actor_of(request), slug=slug, number=number)
        return hidden()
