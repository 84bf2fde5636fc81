"""A wrong reference standard of a closed study, mended."""

import gradio as gr

from readerstudy.db import Database
from readerstudy.services.study import amendments
from readerstudy.ui.admin import life_view
from readerstudy.ui.admin.tab import PRIVATE, Place, text
from readerstudy.ui.gradio_page import actor_of


class AmendForm:
    """Part of the tab of the study's life."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place, said: gr.HTML) -> None:
        with gr.Accordion("Amend a wrong reference standard", open=False):
            with gr.Row():
                case = gr.Textbox(label="Case", min_width=140, elem_id="sr-amend-case")
                label = gr.Textbox(label="Right class (code)", min_width=140)
            basis = gr.Textbox(label="Basis, for example histology", max_length=200)
            why = gr.Textbox(label="Reason for amending", max_length=500)
            amend = gr.Button("Amend", elem_id="sr-amend")
        event = amend.click(
            place.guard(self.amend), [place.slug, case, label, basis, why], said, **PRIVATE
        )
        place.changed.append(event)

    def amend(
        self, slug: str, case: str, label: str, basis: str, why: str, request: gr.Request
    ) -> str:
        amendments.amend_reference(
            self._db,
            actor=actor_of(request),
            slug=text(slug),
            case_id=text(case),
            label=text(label),
            basis=text(basis),
            reason=text(why),
        )
        return life_view.done(f"{text(case)} is {text(label)} now; every result says so.")
