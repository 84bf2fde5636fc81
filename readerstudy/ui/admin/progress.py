"""How far the readers are."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.services import studies
from readerstudy.services.coverage import coverage
from readerstudy.services.flow import flow
from readerstudy.ui.admin import coverage_view, flow_view, view
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
        asked: dict[str, Any] = {"actor": actor, "slug": study.slug}
        readers = studies.progress(self._db, **asked)
        covered = coverage(self._db, **asked)
        parts = (
            flow_view.flow(flow(self._db, **asked)),
            coverage_view.days(covered.by_day),
            coverage_view.coverage(covered),
            coverage_view.cases(covered),
            "<h3>Readers</h3>",
            view.progress(readers),
        )
        return "".join(parts)
