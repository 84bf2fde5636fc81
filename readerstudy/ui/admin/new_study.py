"""A new study: from a form, from one file, or as a copy of the chosen one."""

from typing import Any

import gradio as gr

from data.taxonomy import SHIPPED
from readerstudy.db import Database
from readerstudy.domain import Rule
from readerstudy.services.study import drafts, lifecycle
from readerstudy.services.study.study_file import FORMS, StudyFile, parse_study
from readerstudy.ui.admin import life_view, protocol_form
from readerstudy.ui.admin.tab import PRIVATE, Place, dropdown, picker, text
from readerstudy.ui.gradio_page import actor_of

_CONSENT = ("version", "text", "text_zh")
_MADE = "Made the draft {}; it is chosen above."


class MakeTab:
    title = "New study"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        said = gr.HTML("", elem_id="sr-made", js_on_load=None)
        slug = gr.Textbox(label="Short name: small letters, digits, -", elem_id="sr-new-slug")
        title = gr.Textbox(label="Title", max_length=200, elem_id="sr-new-title")
        with gr.Accordion("From a form", open=True):
            with gr.Row():
                classes = _choice("Classes", list(SHIPPED))
                rule = _choice("Rule for a model with more classes", list(Rule))
            synthetic = gr.Checkbox(label="The images are synthetic")
            with gr.Accordion("Consent text; left empty: the default", open=False):
                consent = [
                    gr.Textbox(label="Version of the text", max_length=20),
                    gr.Textbox(label="Text", lines=6),
                    gr.Textbox(label="Text in Chinese, if there is one", lines=6),
                ]
            settings = protocol_form.build()
            make = gr.Button("Make an empty draft", variant="primary", elem_id="sr-make")
        with gr.Accordion("As a copy of the chosen study", open=False):
            cases = gr.Checkbox(label="Cases, images and reference standard too")
            copy = gr.Button("Make a copy", elem_id="sr-copy")
        with gr.Accordion("From one file", open=False):
            gr.HTML(life_view.study_upload(), js_on_load=None)
            file = gr.Textbox(
                label="or its text, pasted; it says name and title itself",
                lines=8,
                elem_id="sr-study-file",
            )
            form = _choice("Written in", list(FORMS))
            paste = gr.Button("Make the study of this file", elem_id="sr-paste")
        shown = [said, place.slug]
        for button, act, given in (
            (
                make,
                self.make_study,
                [slug, title, classes, rule, synthetic, *consent, *settings],
            ),
            (copy, self.copy_study, [place.slug, slug, title, cases]),
            (paste, self.paste_study, [file, form]),
        ):
            button.click(place.guard(act), given, shown, **PRIVATE)

    def make_study(
        self,
        request: gr.Request,
        slug: str,
        title: str,
        classes: str,
        rule: str,
        synthetic: object,
        *further: object,
    ) -> tuple[str, Any]:
        """`further`: version and texts of the consent, then the protocol's settings."""
        lines = {"slug": slug, "title": title, "taxonomy": classes, "rule": rule}
        given: dict[str, Any] = {key: text(value) for key, value in lines.items()}
        consent = {k: text(v) for k, v in zip(_CONSENT, further, strict=False) if text(v)}
        if consent:
            given["consent"] = consent
        given["protocol"] = protocol_form.settings_of(further[len(_CONSENT) :])
        return self._make(parse_study({**given, "synthetic": synthetic is True}), request)

    def paste_study(self, file: str, form: str, request: gr.Request) -> tuple[str, Any]:
        return self._make(parse_study(text(file), form=text(form)), request)

    def copy_study(
        self, slug: str, new_slug: str, title: str, cases: object, request: gr.Request
    ) -> tuple[str, Any]:
        lifecycle.copy_study(
            self._db,
            actor=actor_of(request),
            slug=text(slug),
            new_slug=text(new_slug),
            title=text(title),
            with_cases=cases is True,
        )
        return self._made(text(new_slug), request)

    def _make(self, file: StudyFile, request: gr.Request) -> tuple[str, Any]:
        drafts.create_study(self._db, actor=actor_of(request), **file.arguments(folder=None))
        return self._made(file.slug, request)

    def _made(self, slug: str, request: gr.Request) -> tuple[str, Any]:
        return life_view.done(_MADE.format(slug)), picker(self._db, actor_of(request), slug)


def _choice(label: str, choices: list[str]) -> gr.Dropdown:
    box = dropdown(label, min_width=140)
    box.choices = [(choice, choice) for choice in choices]
    box.value = choices[0]
    return box
