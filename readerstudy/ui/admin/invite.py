"""Personal links for readers."""

from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain.errors import StudyError
from readerstudy.services.study import drafts
from readerstudy.ui.admin.tab import PRIVATE, Place
from readerstudy.ui.gradio_page import actor_of


class InviteTab:
    title = "Invite"

    def __init__(self, db: Database, *, public_url: str) -> None:
        self._db = db
        self._public_url = public_url

    def build(self, place: Place) -> None:
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
        make.click(place.guard(self.invite), [place.slug, count], links, **PRIVATE)

    def invite(self, slug: str, count: object, request: gr.Request) -> Any:
        asked: dict[str, Any] = {"actor": actor_of(request), "slug": slug}
        tokens = drafts.invite(self._db, count=_whole(count), **asked)
        links = "\n".join(f"{self._public_url}/invite/{token}" for token in tokens)
        return gr.update(value=links, visible=True)


def _whole(count: object) -> int:
    """From a box that may be empty; Gradio's own check would round, or speak of values."""
    if isinstance(count, int) or (isinstance(count, float) and count.is_integer()):
        return int(count)
    got = "nothing" if count is None else count if isinstance(count, float) else "something else"
    raise StudyError(f"Expected a whole number of links, but got {got}; type for example 3.")
