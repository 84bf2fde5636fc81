"""How far the readers are."""

import gradio as gr

from readerstudy.db import Database
from readerstudy.services import studies
from readerstudy.ui.admin import view
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of
from readerstudy.ui.mount import actor_of


class ProgressTab:
    title = "Progress"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        shown = gr.HTML("", elem_id="sr-progress", js_on_load=None)
        gr.on(place.changes, place.guard(self.show_progress), place.slug, shown, **PRIVATE)

    def show_progress(self, slug: str | None, request: gr.Request) -> str:
        actor = actor_of(request)
        study = study_of(self._db, actor, slug)
        if study is None:
            return ""
        return view.progress(studies.progress(self._db, actor=actor, slug=study.slug))
