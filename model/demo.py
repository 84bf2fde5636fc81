"""The demo page: a picture in, ranked diagnoses and a saliency map out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import numpy.typing as npt
from PIL import Image

from data.images import ImageError, decode, quality_report
from data.taxonomy import Disease
from model import demo_view as view
from model.demo_visits import KEEP_UPLOAD_SECONDS, KEEP_UPLOADS, Expiring, Visit, Visits
from model.overlay import overlay
from model.predictor import Predictor
from model.transforms import fit_square, unfit

VIEW_PX = 900
DEFAULT_METHOD = "gradient"
EXAMPLES = Path(__file__).parent / "examples"
ASSETS = Path(__file__).parent / "assets"

_SYNTHETIC = "<b>Synthetic image</b>: a drawing, no patient. "

Guard = Callable[[Callable[..., Any]], Callable[..., Any]]
Rgb = npt.NDArray[np.uint8]


class Demo:
    """The page's handlers. Nothing of a picture outlives `visits`, and nothing touches the disk."""

    def __init__(self, predictor: Predictor, *, examples: Path, visits: Visits) -> None:
        self._predictor = predictor
        self._diseases = {d.code: d for d in predictor.card.taxonomy.diseases}
        self._visits = visits
        self._recent = Expiring[bytes](limit=KEEP_UPLOADS, keep_seconds=KEEP_UPLOAD_SECONDS)
        self.examples = sorted(examples.glob("*.jpg"))

    @property
    def classes(self) -> list[tuple[str, str]]:
        """Choices of the class that a map explains: what is shown, and the code."""
        return [(f"{d.code} · {d.name_en}", d.code) for d in self._diseases.values()]

    def read_photo(self, photo: str | None) -> tuple[Any, ...]:
        """Ranks an upload and deletes its file; a bad picture becomes a sentence."""
        if photo is None:  # the page itself emptied the box
            return tuple(gr.skip() for _ in range(6))
        try:
            return self._ranked(
                decode(_consume(photo, recent=self._recent)), since=time.perf_counter()
            )
        except ImageError as error:
            return (view.refusal(str(error)), "", *_switch(is_shown=False), gr.skip(), "")

    def read_example(self, event: gr.EventData) -> tuple[Any, ...]:
        """Ranks the example that was clicked; the number comes from the page, so it may be any."""
        image = decode(self.examples[int(event.index)])
        return self._ranked(image, since=time.perf_counter(), synthetic=True)

    def explain(self, key: str, target: str, method: str) -> Any:
        """Computes only a map that this visit has not seen yet."""
        visit = self._visits.get(key)
        if visit is None:
            return (
                gr.skip()
                if not key
                else view.refusal(
                    "It is no longer held here: pictures are forgotten soon. Choose it again."
                )
            )
        if (target, method) not in visit.maps:
            found = self._predictor.explain(visit.fitted, target=target, method=method)
            shape, preprocessing = visit.view.shape, self._predictor.card.preprocessing
            saliency = unfit(found, shape=shape, preprocessing=preprocessing)
            visit.maps[target, method] = view.data_uri(overlay(visit.view, saliency, opacity=1.0))
        caption = visit.note + view.legend(self._diseases[target], method)
        return view.viewer(visit.photo_uri, map_uri=visit.maps[target, method], caption=caption)

    def start_again(self, key: str) -> tuple[Any, ...]:
        """Forgets the picture at once."""
        self._visits.forget(key)
        return (view.placeholder(), "", *_switch(is_shown=False), gr.skip(), "")

    def predict(self, photo: str | None) -> dict[str, Any]:
        """Ranked classes of one image, as JSON; for the Gradio API client."""
        if photo is None:
            raise gr.Error("Expected an image, but got none; send one.", print_exception=False)
        image = decode(_consume(photo, recent=self._recent))
        return {
            "checkpoint": self._predictor.card.name,
            "domain": self._predictor.card.domain,
            "warnings": list(quality_report(image).warnings),
            "ranking": [
                {
                    "code": disease.code,
                    "name_en": disease.name_en,
                    "name_zh": disease.name_zh,
                    "malignant": disease.malignant,
                    "probability": probability,
                }
                for disease, probability in self._rank(image)
            ],
        }

    def _rank(self, image: Rgb) -> list[tuple[Disease, float]]:
        prediction = self._predictor.predict([image])
        scored = zip(prediction.codes, prediction.probabilities[0].tolist(), strict=True)
        return [(self._diseases[c], p) for c, p in sorted(scored, key=lambda item: -item[1])]

    def _ranked(self, image: Rgb, *, since: float, synthetic: bool = False) -> tuple[Any, ...]:
        # Ranking and maps see the very same pixels, whatever the page shows.
        fitted = fit_square(image, self._predictor.card.preprocessing)
        ranked = self._rank(fitted)
        small = _reduced(image)
        note = _SYNTHETIC if synthetic else ""
        visit = Visit(view=small, fitted=fitted, photo_uri=view.data_uri(small), note=note)
        return (
            view.ranking(
                ranked,
                warnings=quality_report(image).warnings,
                domain=self._predictor.card.domain,
                seconds=time.perf_counter() - since,
            ),
            view.viewer(visit.photo_uri, caption=note, is_busy=True),
            *_switch(is_shown=True),
            gr.update(choices=_choices(ranked), value=ranked[0][0].code),
            self._visits.add(visit),
        )


def build_demo(
    predictor: Predictor, *, guard: Guard, examples: Path = EXAMPLES, visits: Visits | None = None
) -> gr.Blocks:
    """`guard` wraps every handler; the server refuses to mount a page with one unwrapped."""
    demo = Demo(predictor, examples=examples, visits=visits or Visits())
    with gr.Blocks(
        title="SkinReader demo", analytics_enabled=False, delete_cache=(600, 900), fill_width=True
    ) as page:
        gr.HTML(_HEADER + view.notice(predictor.card), js_on_load=None)
        with gr.Row(elem_id="sr-columns"):
            boxes = _boxes(demo)
        with gr.Accordion("About this checkpoint", open=False, elem_id="sr-about"):
            gr.HTML(view.card(predictor.card), js_on_load=None)
        _wire(demo, boxes, guard)
    return page


_HEADER = (
    '<header class="sr-top"><a class="sr-brand" href="/">SkinReader</a><nav>'
    '<a href="/" aria-current="page">Demo</a><a href="/study/">Reader study</a>'
    '<a href="/admin/">Admin</a></nav></header>'
    "<h1>What does the network see?</h1>"
)


def _boxes(demo: Demo) -> dict[str, Any]:
    """In the order of a narrow screen: picture, ranking, controls, examples."""
    with gr.Column(elem_id="sr-picture"):
        photo = _photo_box()
        viewer = gr.HTML("", js_on_load=None)
    ranking = gr.HTML(view.placeholder(), elem_id="sr-ranking", js_on_load=None)
    with gr.Column(elem_id="sr-below"):
        with gr.Column(visible=False, elem_id="sr-controls") as controls:
            gr.HTML(view.OPACITY, js_on_load=None)
            # All classes from the start: a restarted server must know those of an open page.
            target = gr.Dropdown(demo.classes, label="Class explained", elem_id="sr-target")
            methods = [(name, key) for key, name in view.METHOD_NAMES.items()]
            method = gr.Dropdown(methods, value=DEFAULT_METHOD, label="Method", elem_id="sr-method")
            again = gr.Button("Try another picture", elem_id="sr-again")
        examples = gr.HTML(
            view.examples(demo.examples), js_on_load=_CLICK_EXAMPLE, elem_id="sr-examples"
        )
    return {
        "photo": photo,
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


_CLICK_EXAMPLE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-index]");
  if (button) trigger("click", { index: Number(button.dataset.index) });
});
"""


def _wire(demo: Demo, boxes: dict[str, Any], guard: Guard) -> None:
    keys = ("ranking", "viewer", "controls", "photo", "target", "key")
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
    for event, handler, box in (
        (boxes["photo"].change, demo.read_photo, boxes["photo"]),
        (boxes["examples"].click, demo.read_example, None),
    ):
        event(guard(handler), box, **rank).success(**explain)
    for box in (boxes["target"], boxes["method"]):
        box.input(trigger_mode="always_last", **explain)
    boxes["again"].click(guard(demo.start_again), boxes["key"], shown, **quiet)
    # The one public endpoint; the button only carries it.
    gr.Button(visible=False).click(
        guard(demo.predict),
        boxes["photo"],
        gr.JSON(visible=False),
        api_name="predict",
        api_visibility="public",
        concurrency_limit=1,
        concurrency_id="rank",
    )


def _switch(*, is_shown: bool) -> tuple[Any, Any]:
    """Either the controls, or the box for a picture, emptied."""
    return (
        gr.update(visible=is_shown),
        gr.update(visible=not is_shown, value=None),
    )


def _choices(ranked: list[tuple[Disease, float]]) -> list[tuple[str, str]]:
    return [(f"{i}. {d.code} · {d.name_en}", d.code) for i, (d, _) in enumerate(ranked, start=1)]


def _consume(path: str, *, recent: Expiring[bytes]) -> bytes:
    """Nothing uploaded is kept: the file is gone before the picture is looked at.

    Gradio gives equal pictures of two visitors one path, so that the second may come too late for
    the file: the bytes stay in memory for moments, under that path.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        held = recent.get(path)
        if held is None:
            raise ImageError(
                "Expected the upload to be there still, but it is gone; choose the picture again."
            ) from error
        return held
    recent.put(path, content)
    file.unlink(missing_ok=True)
    return content


def _reduced(image: Rgb) -> Rgb:
    picture = Image.fromarray(image)
    picture.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture)
