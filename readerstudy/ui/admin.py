"""The page of those who run studies: progress, results, figures, invitations."""

from typing import Any

import gradio as gr

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.entities import Actor, StudySummary
from readerstudy.errors import StudyError
from readerstudy.services import results, studies
from readerstudy.ui import admin_view as view
from readerstudy.ui.mount import Guard, actor_of
from readerstudy.ui.plot_pictures import plot_of

_HEADER = (
    '<header class="sr-top"><a class="sr-brand" href="/">SkinReader</a>'
    '<span class="sr-where">Administration</span><nav><form method="post" action="/logout">'
    "<button>Sign out</button></form></nav></header>"
)

_OUT_OF_DATE = "This page is out of date. Reload it."


class AdminPage:
    """Each handler asks the services and shows what they say, or why they refuse."""

    def __init__(self, db: Database, *, public_url: str) -> None:
        self._db = db
        self._public_url = public_url

    def load(self, request: gr.Request) -> tuple[Any, ...]:
        found = studies.list_studies(self._db, actor=actor_of(request))
        choices = [(study.title, study.slug) for study in found]
        first = choices[0][1] if choices else None
        return (gr.update(choices=choices, value=first), *self.choose_study(first, request))

    def choose_study(self, slug: str | None, request: gr.Request) -> tuple[Any, ...]:
        return self.show(slug, None, request)

    def show(self, slug: str | None, kinds: str | None, request: gr.Request) -> tuple[Any, ...]:
        actor = actor_of(request)
        study = self._study(actor, slug)
        if study is None:
            return (gr.update(visible=False), view.problem("There is no study yet."), "", *_NOTHING)
        people = studies.progress(self._db, actor=actor, slug=study.slug)
        return (
            gr.update(visible=True),
            view.overview(study),
            view.progress(people),
            *self._results(actor, study, kinds),
        )

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
            raise StudyError(_OUT_OF_DATE)
        return plot_of(picture), view.readers(results.study_results(self._db, **asked), picture)

    def invite(self, slug: str, count: object, request: gr.Request) -> Any:
        asked: dict[str, Any] = {"actor": actor_of(request), "slug": slug}
        tokens = studies.invite(self._db, count=_whole(count), **asked)
        links = "\n".join(f"{self._public_url}/invite/{token}" for token in tokens)
        return gr.update(value=links, visible=True)

    def _study(self, actor: Actor, slug: str | None) -> StudySummary | None:
        """None where there is no study at all."""
        found = {study.slug: study for study in studies.list_studies(self._db, actor=actor)}
        if found and slug not in found:  # gone, or made after the page was loaded
            raise StudyError(_OUT_OF_DATE)
        return found.get(slug or "")

    def _results(self, actor: Actor, study: StudySummary, kinds: str | None) -> tuple[Any, ...]:
        asked: dict[str, Any] = {"actor": actor, "slug": study.slug, "kinds": view.kinds_of(kinds)}
        try:
            analysis = results.study_results(self._db, **asked)
            pictures = results.pictures(self._db, **asked)
        except UserError as error:  # nothing read yet, or a role without results
            return (_hidden(), view.problem(str(error)), _hidden(), _hidden(), "", "")
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
            view.exports(study.slug, choices, kinds=used),
        )


def build_admin(db: Database, *, guard: Guard, public_url: str) -> gr.Blocks:
    page = AdminPage(db, public_url=public_url)
    with gr.Blocks(title="SkinReader administration", analytics_enabled=False) as blocks:
        gr.HTML(_HEADER, js_on_load=None)
        with gr.Row(elem_id="sr-picker"):
            slug = _dropdown("Study", elem_id="sr-study", scale=3, min_width=180)
            refresh = gr.Button("Refresh", scale=0, min_width=110, elem_id="sr-refresh")
        overview = gr.HTML("", js_on_load=None)
        # Shown once the study is known: a button pressed before would mean no study.
        with gr.Column(visible=False) as tabs:
            with gr.Tab("Results"):
                kinds = gr.Radio(view.KINDS, label="Readers", elem_id="sr-kinds", visible=False)
                picture = _dropdown("Figure", elem_id="sr-figure", visible=False)
                plot = gr.Plot(visible=False, show_label=False, elem_id="sr-plot")
                tables = gr.HTML("", elem_id="sr-results", js_on_load=None)
                people = gr.HTML("", elem_id="sr-readers", js_on_load=None)
            with gr.Tab("Progress"):
                progress = gr.HTML("", elem_id="sr-progress", js_on_load=None)
            with gr.Tab("Export"):
                exports = gr.HTML("", js_on_load=None)
            with gr.Tab("Invite"):
                count, make, links = _invitations()
        shown = [tabs, overview, progress, kinds, tables, picture, plot, people, exports]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
        blocks.load(guard(page.load), None, [slug, *shown], **private)
        slug.input(guard(page.choose_study), slug, shown, **private)
        for event in (refresh.click, kinds.input):
            event(guard(page.show), [slug, kinds], shown, **private)
        picture.input(guard(page.choose_picture), [slug, kinds, picture], [plot, people], **private)
        make.click(guard(page.invite), [slug, count], links, **private)
    return blocks


def _invitations() -> tuple[gr.Number, gr.Button, gr.Textbox]:
    gr.HTML(
        "<p>One link for each reader. A link shows only here and only now: "
        "copy it before you leave this page, and send each to one person.</p>",
        js_on_load=None,
    )
    with gr.Row():
        count = gr.Number(3, label="How many", scale=1, elem_id="sr-count")
        make = gr.Button(
            "Make links", variant="primary", scale=0, min_width=130, elem_id="sr-invite"
        )
    links = gr.Textbox(
        label="Invitation links", lines=6, visible=False, buttons=["copy"], elem_id="sr-links"
    )
    return count, make, links


def _dropdown(label: str, **options: Any) -> gr.Dropdown:
    """Its choices come with the events, and the handlers check them.

    Gradio's own check knows the choices that this server sent to this page: after a restart it
    would refuse every page that was loaded before.
    """
    box = gr.Dropdown([], label=label, **options)
    box.preprocess = _text_or_nothing
    return box


def _text_or_nothing(payload: Any) -> str | None:
    if payload is None or isinstance(payload, str):
        return payload
    raise gr.Error(_OUT_OF_DATE, print_exception=False)


def _whole(count: object) -> int:
    """From a box that may be empty; Gradio's own check would round, or speak of values."""
    if isinstance(count, int) or (isinstance(count, float) and count.is_integer()):
        return int(count)
    got = "nothing" if count is None else count if isinstance(count, float) else "something else"
    raise StudyError(f"Expected a whole number of links, but got {got}; type for example 3.")


def _hidden() -> Any:
    return gr.update(value=None, visible=False)


_NOTHING = (_hidden(), "", _hidden(), _hidden(), "", "")
