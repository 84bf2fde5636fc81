"""The demo page: what stands on it, and which handler answers which event."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from model import card_page
from model.demo import view
from model.demo.handlers import Demo
from model.demo.map import MapSection
from model.demo.visits import Visits
from model.map_files import PublicMap
from model.predictor import Predictor
from model.trust import Trust

DEFAULT_METHOD = "gradient"
EXAMPLES = Path(__file__).parents[1] / "examples"
ASSETS = Path(__file__).parents[1] / "assets"

Guard = Callable[[Callable[..., Any]], Callable[..., Any]]


def build_demo(
    predictors: Sequence[Predictor],
    *,
    guard: Guard,
    examples: Path = EXAMPLES,
    visits: Visits | None = None,
    trust: Mapping[str, Trust] | None = None,
    maps: Mapping[str, PublicMap] | None = None,
) -> gr.Blocks:
    """`guard` wraps every handler; the server refuses to mount a page with one unwrapped."""
    visits = visits or Visits()
    demo = Demo(predictors, examples=examples, visits=visits, trust=trust)
    section = MapSection(predictors, maps or {}, visits)
    default = demo.cards[0]
    with gr.Blocks(
        title="SkinReader demo", analytics_enabled=False, delete_cache=(600, 900), fill_width=True
    ) as page:
        gr.HTML(view.HEADER + view.NOTICE, js_on_load=None)
        boxes = {
            "checkpoint": _checkpoint_box(demo),
            "domain": gr.HTML(view.domain_of(default), js_on_load=None),
        }
        with gr.Row(elem_id="sr-columns"):
            boxes |= _boxes(demo)
        boxes["section"] = gr.HTML(section.place("", default.name), js_on_load=None)
        with gr.Accordion("About this checkpoint", open=False, elem_id="sr-about"):
            boxes["card"] = gr.HTML(card_page.to_html(default), js_on_load=None)
        _wire(demo, section, boxes, guard)
    return page


def _checkpoint_box(demo: Demo) -> gr.Radio:
    names = [(view.choice_of(card), card.name) for card in demo.cards]
    return gr.Radio(
        names,
        value=names[0][1],
        label="Checkpoint",
        visible=len(names) > 1,
        elem_id="sr-checkpoint",
    )


def _boxes(demo: Demo) -> dict[str, Any]:
    """In the order of a narrow screen: picture, ranking, controls, examples."""
    with gr.Column(elem_id="sr-picture"):
        with gr.Column(elem_id="sr-upload") as upload:
            photo = _photo_box()
        viewer = gr.HTML("", js_on_load=None)
    ranking = gr.HTML(view.placeholder(), elem_id="sr-ranking", js_on_load=view.CLICK_OFFER)
    with gr.Column(elem_id="sr-below"):
        with gr.Column(visible=False, elem_id="sr-controls") as controls:
            gr.HTML(view.OPACITY, js_on_load=None)
            # All classes from the start: a restarted server must know those of an open page.
            target = gr.Dropdown(demo.classes, label="Class explained", elem_id="sr-target")
            methods = [(name, key) for key, name in view.METHOD_NAMES.items()]
            method = gr.Dropdown(methods, value=DEFAULT_METHOD, label="Method", elem_id="sr-method")
            again = gr.Button("Try another picture", elem_id="sr-again")
        examples = gr.HTML(
            view.examples(demo.examples), js_on_load=view.CLICK_EXAMPLE, elem_id="sr-examples"
        )
    return {
        "photo": photo,
        "upload": upload,
        "viewer": viewer,
        "ranking": ranking,
        "controls": controls,
        "target": target,
        "method": method,
        "again": again,
        "examples": examples,
        "key": gr.Textbox(visible=False),
    }


def _photo_box() -> gr.Image:
    box = gr.Image(
        type="filepath",
        sources=["upload", "webcam", "clipboard"],
        label="Dermoscopic image",
        show_label=False,
        height=300,
        placeholder="# Drop a picture here\nor click to choose one, 20 MB at most",
        buttons=[],
        elem_id="sr-photo",
    )
    # Only `data.images` may open a stranger's image; Gradio's own way would decode it first.
    box.preprocess = lambda payload: payload.path if payload else None
    return box


def _wire(demo: Demo, section: MapSection, boxes: dict[str, Any], guard: Guard) -> None:
    keys = ("ranking", "viewer", "controls", "upload", "photo", "target", "key")
    shown = [boxes[key] for key in keys]
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    rank = {"outputs": shown, "concurrency_limit": 1, "concurrency_id": "rank", **quiet}
    # Its own queue: a slow map must not keep the next visitor waiting for the ranking.
    explain = {
        "fn": guard(demo.explain),
        "inputs": [boxes["key"], boxes["target"], boxes["method"]],
        "outputs": boxes["viewer"],
        "concurrency_limit": 1,
        "concurrency_id": "map",
        **quiet,
    }
    chosen = boxes["checkpoint"]
    place = {
        "fn": guard(section.place),
        "inputs": [boxes["key"], chosen],
        "outputs": boxes["section"],
        "concurrency_limit": 1,
        "concurrency_id": "place",
        **quiet,
    }
    for event, handler, inputs in (
        (boxes["photo"].change, demo.read_photo, [boxes["photo"], chosen]),
        (boxes["examples"].click, demo.read_example, chosen),
    ):
        event(guard(handler), inputs, **rank).success(**explain).then(**place)
    told = [boxes[key] for key in ("domain", "card", "ranking", "viewer", "target")]
    chosen.input(guard(demo.choose), [boxes["key"], chosen], **{**rank, "outputs": told}).success(
        **explain
    ).then(**place)
    boxes["ranking"].click(
        guard(demo.take_offer), boxes["key"], **{**rank, "outputs": [chosen, *told]}
    ).success(**explain).then(**place)
    for box in (boxes["target"], boxes["method"]):
        box.input(trigger_mode="always_last", **explain)
    boxes["again"].click(guard(demo.start_again), boxes["key"], shown, **quiet).then(**place)
    # The one public endpoint; the button only carries it.
    gr.Button(visible=False).click(
        guard(demo.predict),
        [boxes["photo"], chosen],
        gr.JSON(visible=False),
        api_name="predict",
        api_visibility="public",
        concurrency_limit=1,
        concurrency_id="rank",
    )
