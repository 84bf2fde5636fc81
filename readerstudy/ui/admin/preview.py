"""The study as a reader would see it, without a trace."""

import gradio as gr

from readerstudy.db import Database
from readerstudy.services.study import preview
from readerstudy.ui.admin import life_view
from readerstudy.ui.admin.tab import PRIVATE, Place, text
from readerstudy.ui.gradio_page import actor_of


class LookTab:
    title = "Preview"

    def __init__(self, db: Database) -> None:
        self._db = db

    def build(self, place: Place) -> None:
        with gr.Row():
            back = gr.Button("Back", scale=0, min_width=70, elem_id="sr-back")
            number = gr.Number(1, label="Case", precision=0, scale=0, min_width=80)
            on = gr.Button("Show", variant="primary", scale=0, min_width=70, elem_id="sr-look")
            after = gr.Button("Next", scale=0, min_width=70, elem_id="sr-next")
        shown = gr.HTML("", elem_id="sr-preview", js_on_load=None)
        asked = [place.slug, number]
        on.click(place.guard(self.preview_this), asked, [number, shown], **PRIVATE)
        back.click(place.guard(self.preview_before), asked, [number, shown], **PRIVATE)
        after.click(place.guard(self.preview_after), asked, [number, shown], **PRIVATE)

    def preview_this(self, slug: str, number: object, request: gr.Request) -> tuple[int, str]:
        return self._show(slug, _whole(number), request)

    def preview_before(self, slug: str, number: object, request: gr.Request) -> tuple[int, str]:
        return self._show(slug, _whole(number) - 1, request)

    def preview_after(self, slug: str, number: object, request: gr.Request) -> tuple[int, str]:
        return self._show(slug, _whole(number) + 1, request)

    def _show(self, slug: str, position: int, request: gr.Request) -> tuple[int, str]:
        actor = actor_of(request)
        found = preview.preview_case(self._db, actor=actor, slug=text(slug), position=position)
        return position, life_view.preview(found, text(slug))


def _whole(number: object) -> int:
    """Nothing typed means the first case."""
    return int(number) if isinstance(number, int | float) and abs(number) < 1e9 else 1
