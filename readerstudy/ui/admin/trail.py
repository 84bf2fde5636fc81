"""Who did what, when and why."""

import gradio as gr

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.services.study import trail
from readerstudy.ui.admin import life_view, view
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of
from readerstudy.ui.gradio_page import actor_of


class TrailTab:
    title = "Trail"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        shown = gr.HTML("", elem_id="sr-trail", js_on_load=None)
        gr.on(place.changes, place.guard(self.show_trail), place.slug, shown, **PRIVATE)

    def show_trail(self, slug: str | None, request: gr.Request) -> str:
        actor = actor_of(request)
        study = study_of(self._db, actor, slug)
        if study is None:
            return ""
        try:
            found = trail.trail(self._db, actor=actor, slug=study.slug)
        except UserError as error:  # a role without the trail
            return view.problem(str(error))
        return life_view.trail(found, study.slug)
