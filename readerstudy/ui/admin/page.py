"""The study's picker, its overview, and the tabs."""

from collections.abc import Collection
from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.services.study.exposure import exposed_models, exposed_words
from readerstudy.ui.admin import view
from readerstudy.ui.admin.cases import CasesTab
from readerstudy.ui.admin.export import ExportTab
from readerstudy.ui.admin.invitations import InvitationsTab
from readerstudy.ui.admin.invite import InviteTab
from readerstudy.ui.admin.lifecycle import LifeTab
from readerstudy.ui.admin.new_study import MakeTab
from readerstudy.ui.admin.preview import LookTab
from readerstudy.ui.admin.progress import ProgressTab
from readerstudy.ui.admin.requests import RequestsTab
from readerstudy.ui.admin.results import ResultsTab
from readerstudy.ui.admin.subgroups import SubgroupsTab
from readerstudy.ui.admin.tab import PRIVATE, Place, Tab, dropdown, picker, study_of
from readerstudy.ui.admin.trail import TrailTab
from readerstudy.ui.gradio_page import Guard, actor_of

_HEADER = (
    '<header class="sr-top"><a class="sr-brand" href="/">SkinReader</a>'
    '<span class="sr-where">Administration</span><nav>'
    '<a href="/admin-api/account">Account</a><form method="post" action="/logout">'
    "<button>Sign out</button></form></nav></header>"
)


class AdminPage:
    """Each handler asks the services and shows what they say, or why they refuse."""

    def __init__(self, db: Database, *, served: Collection[str]) -> None:
        self._db = db
        self._served = served

    def load(self, request: gr.Request) -> Any:
        return picker(self._db, actor_of(request), None)

    def reload(self, slug: str | None, request: gr.Request) -> Any:
        """With studies that were made since, here or elsewhere."""
        return picker(self._db, actor_of(request), slug)

    def show_overview(self, slug: str | None, request: gr.Request) -> tuple[Any, str]:
        study = study_of(self._db, actor_of(request), slug)
        if study is None:
            return gr.update(visible=False), view.problem("There is no study yet.")
        names = exposed_models(study, served=self._served)
        warning = view.problem(exposed_words(study.title, names)) if names else ""
        return gr.update(visible=True), view.overview(study) + warning


def build_admin(
    db: Database, *, guard: Guard, public_url: str, served: Collection[str] = ()
) -> gr.Blocks:
    """`served`: names of the models that the public page serves."""
    page = AdminPage(db, served=served)
    tabs: tuple[Tab, ...] = (
        ResultsTab(db),
        ProgressTab(db),
        CasesTab(db),
        SubgroupsTab(db),
        ExportTab(db),
        InviteTab(db, public_url=public_url),
        InvitationsTab(db, public_url=public_url),
        RequestsTab(db, public_url=public_url),
        LifeTab(db),
        LookTab(db),
        TrailTab(db),
        MakeTab(db),
    )
    with gr.Blocks(title="SkinReader administration", analytics_enabled=False) as blocks:
        gr.HTML(_HEADER, js_on_load=None)
        with gr.Row(elem_id="sr-picker"):
            slug = dropdown("Study", elem_id="sr-study", scale=3, min_width=180)
            refresh = gr.Button("Refresh", scale=0, min_width=110, elem_id="sr-refresh")
        overview = gr.HTML("", js_on_load=None)
        loaded = blocks.load(guard(page.load), None, slug, **PRIVATE)
        refresh.click(guard(page.reload), slug, slug, **PRIVATE)
        changes = (slug.change, refresh.click)
        # Shown once the study is known: a button pressed before would mean no study.
        with gr.Column(visible=False) as body:
            place = Place(guard=guard, slug=slug, changes=changes)
            show, shown = guard(page.show_overview), [body, overview]
            # Before the tabs' own, which take longer: no results below another study's title.
            gr.on(changes, show, slug, shown, **PRIVATE)
            for tab in tabs:
                with gr.Tab(tab.title):
                    tab.build(place)
        for event in place.changed:
            event.success(show, slug, shown, **PRIVATE)
        loaded.success(show, slug, shown, **PRIVATE)  # where there is no study, nothing changes
    return blocks
