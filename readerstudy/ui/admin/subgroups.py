"""Results of groups of readers or cases."""

from typing import Any

import gradio as gr

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.services.results import results, subgroups
from readerstudy.ui.admin import subgroups_view, view
from readerstudy.ui.admin.tab import OUT_OF_DATE, PRIVATE, Place, dropdown, study_of
from readerstudy.ui.gradio_page import actor_of


class SubgroupsTab:
    title = "Subgroups"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        """Computed when asked for: one analysis per group takes a while."""
        factor = dropdown("Groups by", elem_id="sr-factor")
        shown = gr.HTML("", elem_id="sr-groups", js_on_load=None)
        gr.on(place.changes, place.guard(self.offer_factors), None, [factor, shown], **PRIVATE)
        asked = [place.slug, factor]
        factor.input(place.guard(self.show_groups), asked, shown, **PRIVATE)

    def offer_factors(self, request: gr.Request) -> tuple[Any, str]:
        actor_of(request)
        choices = [(words, name) for name, words in subgroups.FACTORS.items()]
        return gr.update(choices=choices, value=None), ""

    def show_groups(self, slug: str | None, factor: str | None, request: gr.Request) -> str:
        actor = actor_of(request)
        study = study_of(self._db, actor, slug)
        if study is None:
            return ""
        if factor not in subgroups.FACTORS:
            return view.problem(OUT_OF_DATE)
        asked: dict[str, Any] = {"actor": actor, "slug": study.slug}
        try:
            found = results.subgroups(self._db, factor=factor, **asked)
        except UserError as error:  # a role without results, or a group that cannot be analysed
            return view.problem(str(error))
        return subgroups_view.subgroups(subgroups.FACTORS[factor], found)
