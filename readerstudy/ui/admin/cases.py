"""The hardest cases."""

from typing import Any

import gradio as gr

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.services.results.hardest_cases import hardest_cases
from readerstudy.ui.admin import cases_view, view
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of
from readerstudy.ui.gradio_page import actor_of


class CasesTab:
    title = "Cases"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        shown = gr.HTML("", elem_id="sr-cases", js_on_load=None)
        gr.on(place.changes, place.guard(self.show_cases), place.slug, shown, **PRIVATE)

    def show_cases(self, slug: str | None, request: gr.Request) -> str:
        actor = actor_of(request)
        study = study_of(self._db, actor, slug)
        if study is None:
            return ""
        asked: dict[str, Any] = {"actor": actor, "slug": study.slug}
        try:
            kinds, found = hardest_cases(self._db, **asked)
        except UserError as error:  # a role without results
            return view.problem(str(error))
        return cases_view.hardest(study, kinds, found)
