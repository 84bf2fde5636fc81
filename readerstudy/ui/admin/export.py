"""Everything as one zip."""

import gradio as gr

from readerstudy.db import Database
from readerstudy.ui.admin import view
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of
from readerstudy.ui.gradio_page import actor_of


class ExportTab:
    title = "Export"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        shown = gr.HTML("", js_on_load=None)
        gr.on(place.changes, place.guard(self.show_exports), place.slug, shown, **PRIVATE)

    def show_exports(self, slug: str | None, request: gr.Request) -> str:
        study = study_of(self._db, actor_of(request), slug)
        return view.exports(study) if study else ""
