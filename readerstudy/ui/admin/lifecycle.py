"""Open, close, reopen, archive: each step as the study's state allows it."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain import SignOff, StudyState
from readerstudy.domain.errors import StudyError
from readerstudy.services.study import drafts, lifecycle
from readerstudy.ui.admin import life_view
from readerstudy.ui.admin.amend import AmendForm
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of, text
from readerstudy.ui.gradio_page import Handler, actor_of


class LifeTab:
    title = "Study"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        said = gr.HTML("", elem_id="sr-life-said", js_on_load=None)
        shown = gr.HTML("", elem_id="sr-life", js_on_load=None)
        with gr.Column(visible=False) as draft:
            # By themselves: what a form says of a file stays when the rest is shown anew.
            files = gr.HTML("", js_on_load=None)
            pictures = gr.HTML("", js_on_load=None)
            sure = gr.Checkbox(label="I have read what the seal covers", elem_id="sr-sure")
            open_ = gr.Button("Open and seal", variant="primary", elem_id="sr-open")
        with gr.Column(visible=False) as opened:
            name = gr.Textbox(label="Signed off by", max_length=200, elem_id="sr-signed")
            statement = gr.Textbox(
                label="Statement", lines=2, max_length=2000, elem_id="sr-statement"
            )
            close = gr.Button("Close and sign off", variant="primary", elem_id="sr-close")
        with gr.Column(visible=False) as closed:
            reason = gr.Textbox(label="Reason for reopening", max_length=500, elem_id="sr-reason")
            with gr.Row():
                again = gr.Button("Reopen", elem_id="sr-reopen")
                away = gr.Button("Archive for good", variant="stop", elem_id="sr-archive")
            AmendForm(self._db).build(place, said)
        steps: tuple[tuple[gr.Button, Handler, list[Any]], ...] = (
            (open_, self.open_study, [sure]),
            (close, self.close_study, [name, statement]),
            (again, self.reopen_study, [reason]),
            (away, self.archive_study, []),
        )
        show = place.guard(self.show_life)
        shows = [shown, files, pictures, draft, opened, closed]
        for button, handler, inputs in steps:
            event = button.click(place.guard(handler), [place.slug, *inputs], said, **PRIVATE)
            event.success(show, place.slug, shows, **PRIVATE)
            place.changed.append(event)
        gr.on(place.changes, show, place.slug, shows, **PRIVATE)

    def show_life(self, slug: str | None, request: gr.Request) -> tuple[Any, ...]:
        study = study_of(self._db, actor_of(request), slug)
        states = (StudyState.DRAFT, StudyState.OPEN, StudyState.CLOSED)
        visible = (gr.update(visible=bool(study and study.state is state)) for state in states)
        if study is None:
            return ("", "", "", *visible)
        forms = life_view.files_upload(study.slug), life_view.supports_upload(study)
        return (life_view.state(study), *forms, *visible)

    def open_study(self, slug: str, sure: object, request: gr.Request) -> str:
        if sure is not True:
            raise StudyError(
                "Expected your word that you have read what the seal covers; tick the box, since "
                "opening cannot be undone."
            )
        seal = drafts.open_study(self._db, actor=actor_of(request), slug=text(slug))
        return life_view.done(f"The study is open, sealed with {seal}.")

    def close_study(self, slug: str, name: str, statement: str, request: gr.Request) -> str:
        signed = SignOff(name=text(name), statement=text(statement))
        actor = actor_of(request)
        lifecycle.close_study(self._db, actor=actor, slug=text(slug), sign_off=signed)
        return life_view.done(f"The study is closed, signed off by {signed.name}.")

    def reopen_study(self, slug: str, reason: str, request: gr.Request) -> str:
        actor = actor_of(request)
        lifecycle.reopen_study(self._db, actor=actor, slug=text(slug), reason=text(reason))
        return life_view.done("The study is open again; its seal is unchanged.")

    def archive_study(self, slug: str, request: gr.Request) -> str:
        lifecycle.archive_study(self._db, actor=actor_of(request), slug=text(slug))
        return life_view.done("The study is archived.")
