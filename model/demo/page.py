"""The demo page: what stands on it, and which handler answers which event."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import APIRouter, Request

from model.card import page as card_page
from model.demo import view
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.map_section import MapSection
from model.demo.routes import demo_routes
from model.demo.turns import WAITING
from model.demo.visits import Visits
from model.feature_map.files import PublicMap
from model.inference.predictor import Predictor
from model.saliency.checks.trust import Trust

DEFAULT_METHOD = "gradient"
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
ASSETS = Path(__file__).parents[1] / "assets"

Guard = Callable[[Callable[..., Any]], Callable[..., Any]]


def build_demo(
    predictors: Sequence[Predictor],
    *,
    guard: Guard,
    visitor_of: Callable[[Request], str],
    examples: Sequence[Path] = EXAMPLES,
    trust: Mapping[str, Trust] | None = None,
    maps: Mapping[str, PublicMap] | None = None,
) -> tuple[gr.Blocks, APIRouter]:
    """The page and its own routes, which share what is held of a visit.

    `guard` wraps every handler; the server refuses to mount a page with one unwrapped. `visitor_of`
    tells whom a request is counted for, such as its network address.
    """
    visits = Visits()
    demo = Demo(predictors, visits=visits, trust=trust)
    section = MapSection(demo.cards, maps or {}, visits)
    intake = Intake(demo.cards, visits, examples=examples)
    blocks = _page(demo, section, examples, guard)
    return blocks, demo_routes(intake, visitor_of=visitor_of)


def _page(demo: Demo, section: MapSection, examples: Sequence[Path], guard: Guard) -> gr.Blocks:
    default = demo.cards[0]
    with gr.Blocks(title="SkinReader demo", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(view.HEADER + view.NOTICE, js_on_load=None)
        boxes = {
            "checkpoint": _checkpoint_box(demo),
            "domain": gr.HTML(view.domain_of(default), js_on_load=None),
        }
        with gr.Row(elem_id="sr-columns"):
            boxes |= _boxes(demo, examples)
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


def _boxes(demo: Demo, examples: Sequence[Path]) -> dict[str, Any]:
    """In the order of a narrow screen: picture, ranking, controls, examples."""
    with gr.Column(elem_id="sr-picture"):
        with gr.Column(elem_id="sr-upload") as upload:
            photo = gr.HTML(view.PHOTO_BOX, js_on_load=view.TAKE_HANDLE, elem_id="sr-photo")
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
        gr.HTML(view.examples(examples), js_on_load=None, elem_id="sr-examples")
    return {
        "photo": photo,
        "upload": upload,
        "viewer": viewer,
        "ranking": ranking,
        "controls": controls,
        "target": target,
        "method": method,
        "again": again,
        "key": gr.Textbox(visible=False),
    }


def _wire(demo: Demo, section: MapSection, boxes: dict[str, Any], guard: Guard) -> None:
    shown = [boxes[key] for key in ("ranking", "viewer", "controls", "upload", "target", "key")]
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    # All that may wait are let in: whose turn it is, `Turns` says.
    rank = {"outputs": shown, "concurrency_limit": WAITING, "concurrency_id": "rank", **quiet}
    explain = {
        "fn": guard(demo.explain),
        "inputs": [boxes["key"], boxes["target"], boxes["method"]],
        "outputs": boxes["viewer"],
        "concurrency_limit": WAITING,
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
    boxes["photo"].click(guard(demo.rank), chosen, **rank).success(**explain).then(**place)
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
        [gr.Textbox(visible=False, label="Handle of a picture"), chosen],
        gr.JSON(visible=False),
        api_name="predict",
        api_visibility="public",
        concurrency_limit=WAITING,
        concurrency_id="rank",
    )
