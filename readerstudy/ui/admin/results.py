"""Model against readers: figures and tables."""

from typing import Any

import gradio as gr

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.domain import Actor, StudySummary
from readerstudy.domain.errors import StudyError
from readerstudy.services.results import results
from readerstudy.ui.admin import view
from readerstudy.ui.admin.plots import plot_of
from readerstudy.ui.admin.tab import OUT_OF_DATE, PRIVATE, Place, dropdown, hidden, study_of
from readerstudy.ui.gradio_page import actor_of


class ResultsTab:
    title = "Results"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        kinds = gr.Radio(view.KINDS, label="Readers", elem_id="sr-kinds", visible=False)
        picture = dropdown("Figure", elem_id="sr-figure", visible=False)
        plot = gr.Plot(visible=False, show_label=False, elem_id="sr-plot")
        tables = gr.HTML("", elem_id="sr-results", js_on_load=None)
        people = gr.HTML("", elem_id="sr-readers", js_on_load=None)
        exports = gr.HTML("", elem_id="sr-exports", js_on_load=None)
        shown = [kinds, tables, picture, plot, people, exports]
        gr.on(place.changes, place.guard(self.show_study), place.slug, shown, **PRIVATE)
        asked = [place.slug, kinds]
        kinds.input(place.guard(self.show_results), asked, shown, **PRIVATE)
        choose = place.guard(self.choose_picture)
        picture.input(choose, [*asked, picture], [plot, people], **PRIVATE)

    def show_study(self, slug: str | None, request: gr.Request) -> tuple[Any, ...]:
        return self.show_results(slug, None, request)

    def show_results(
        self, slug: str | None, kinds: str | None, request: gr.Request
    ) -> tuple[Any, ...]:
        actor = actor_of(request)
        study = study_of(self._db, actor, slug)
        if study is None:
            return _nothing("")
        try:
            return self._found(actor, study, kinds)
        except UserError as error:  # nothing read yet, or a role without results
            return _nothing(view.problem(str(error)))

    def choose_picture(
        self, slug: str, kinds: str | None, name: str, request: gr.Request
    ) -> tuple[Any, str]:
        asked: dict[str, Any] = {
            "actor": actor_of(request),
            "slug": slug,
            "kinds": view.kinds_of(kinds),
        }
        picture = results.pictures(self._db, **asked).get(name)
        if picture is None:
            raise StudyError(OUT_OF_DATE)
        return plot_of(picture), view.readers(results.study_results(self._db, **asked), picture)

    def _found(self, actor: Actor, study: StudySummary, kinds: str | None) -> tuple[Any, ...]:
        asked: dict[str, Any] = {"actor": actor, "slug": study.slug, "kinds": view.kinds_of(kinds)}
        analysis = results.study_results(self._db, **asked)
        pictures = results.pictures(self._db, **asked)
        if not pictures:  # neither a model nor an answer yet
            return _nothing(view.results(analysis))
        choices = view.picture_choices(study, pictures)
        first = choices[0][1]
        used = " ".join(analysis.meta["reader_kinds"])
        both = bool(study.n_answers and study.n_simulated_answers)
        return (
            gr.update(value=used, visible=both),
            view.results(analysis),
            gr.update(choices=choices, value=first, visible=True),
            gr.update(value=plot_of(pictures[first]), visible=True),
            view.readers(analysis, pictures[first]),
            view.figure_files(study.slug, choices, kinds=used),
        )


def _nothing(message: str) -> tuple[Any, ...]:
    return (hidden(), message, hidden(), hidden(), "", "")
