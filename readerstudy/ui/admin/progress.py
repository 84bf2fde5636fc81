"""How far the readers are."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain.errors import PermissionDenied
from readerstudy.services.results.coverage import coverage
from readerstudy.services.results.reader_flow import flow, left_out
from readerstudy.services.study import summaries
from readerstudy.ui.admin import coverage_view, flow_view, view
from readerstudy.ui.admin.tab import PRIVATE, Place, study_of
from readerstudy.ui.gradio_page import actor_of


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
        readers = summaries.progress(self._db, **asked)
        covered = coverage(self._db, **asked)
        parts = (
            flow_view.flow(flow(self._db, **asked)),
            self._left_out(asked),
            coverage_view.days(covered.by_day),
            coverage_view.coverage(covered),
            coverage_view.cases(covered),
            "<h3>Readers</h3>",
            view.progress(readers),
        )
        return "".join(parts)

    def _left_out(self, asked: dict[str, Any]) -> str:
        try:
            rules, found = left_out(self._db, **asked)
        except PermissionDenied:  # the flow has the numbers
            return ""
        return flow_view.left_out(rules, found)
