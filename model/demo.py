"""The demo page: a picture in, ranked diagnoses and a saliency map out."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from data.images import ImageError, decode, quality_report
from data.taxonomy import Disease
from model import card_page, demo_scope
from model import demo_view as view
from model.card import ModelCard
from model.demo_answers import ask, who_knows
from model.demo_map import MapSection
from model.demo_uploads import Rgb, consume, reduced
from model.demo_visits import KEEP_UPLOAD_SECONDS, KEEP_UPLOADS, Expiring, Visit, Visits
from model.map_files import PublicMap
from model.overlay import overlay
from model.predictor import Predictor
from model.saliency import METHODS
from model.transforms import fit_square, unfit
from model.trust import Trust, in_words

DEFAULT_METHOD = "gradient"
EXAMPLES = Path(__file__).parent / "examples"
ASSETS = Path(__file__).parent / "assets"

_SYNTHETIC = "<b>Synthetic image</b>: a drawing, no patient. "

Guard = Callable[[Callable[..., Any]], Callable[..., Any]]


class Demo:
    """The page's handlers. Nothing of a picture outlives `visits`, and nothing touches the disk.

    `predictors` are the checkpoints to choose from; the first one answers until another is chosen.
    `trust` says of each, by name, how far its maps can be trusted, where that was measured.
    """

    def __init__(
        self,
        predictors: Sequence[Predictor],
        *,
        examples: Path,
        visits: Visits,
        trust: Mapping[str, Trust] | None = None,
    ) -> None:
        self._trust = trust or {}
        self._predictors = {predictor.card.name: predictor for predictor in predictors}
        self._visits = visits
        self._recent = Expiring[bytes](limit=KEEP_UPLOADS, keep_seconds=KEEP_UPLOAD_SECONDS)
        self.examples = sorted(examples.glob("*.jpg"))

    @property
    def cards(self) -> list[ModelCard]:
        """The cards of all checkpoints, the default first."""
        return [predictor.card for predictor in self._predictors.values()]

    @property
    def classes(self) -> list[tuple[str, str]]:
        """Classes of all checkpoints, for maps: what is shown, and the code."""
        found = {d.code: d for card in self.cards for d in card.taxonomy.diseases}
        return [(f"{d.code} · {d.name_en}", d.code) for d in found.values()]

    def read_photo(self, photo: str | None, checkpoint: str) -> tuple[Any, ...]:
        """Ranks an upload and deletes its file; a bad picture becomes a sentence."""
        if photo is None:  # the page itself emptied the box
            return tuple(gr.skip() for _ in range(6))
        since = time.perf_counter()
        try:
            image = decode(consume(photo, recent=self._recent))
        except ImageError as error:
            return (view.refusal(str(error)), "", *_switch(is_shown=False), gr.skip(), "")
        return self._shown(self._visit(image, checkpoint), since=since)

    def read_example(self, event: gr.EventData, checkpoint: str) -> tuple[Any, ...]:
        """Ranks the example that was clicked; the number comes from the page, so it may be any."""
        since = time.perf_counter()
        image = decode(self.examples[int(event.index)])
        return self._shown(self._visit(image, checkpoint, synthetic=True), since=since)

    def choose(self, key: str, checkpoint: str) -> tuple[Any, ...]:
        """Another checkpoint: its domain and card, and its answer to the picture that is held."""
        card = self._predictors[checkpoint].card
        told = (view.domain_of(card), card_page.to_html(card))
        visit = self._visits.get(key)
        if visit is None:
            return (*told, *(gr.skip() for _ in range(3)))
        since = time.perf_counter()
        visit.checkpoint = checkpoint
        ranking, viewer, _, _, target = self._answer(visit, since=since)
        return (*told, ranking, viewer, target)

    def take_offer(self, event: gr.EventData, key: str) -> tuple[Any, ...]:
        """The checkpoint that the page named for a foreign picture; it may name any."""
        name = str(event.checkpoint)
        if name not in self._predictors:
            return tuple(gr.skip() for _ in range(6))
        return (name, *self.choose(key, name))

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
        name = visit.checkpoint
        taxonomy = self._predictors[name].card.taxonomy
        if target not in taxonomy.codes:  # the page is about to name a class of this checkpoint
            return gr.skip()
        if (name, target, method) not in visit.maps:
            visit.maps[name, target, method] = self._map(visit, target, method)
        caption = visit.note + view.legend(
            taxonomy[target],
            method,
            sign=METHODS[method].sign,
            trust=in_words(self._trust.get(name), method),
        )
        uri = visit.maps[name, target, method]
        return view.viewer(visit.photo_uri, map_uri=uri, caption=caption)

    def start_again(self, key: str) -> tuple[Any, ...]:
        """Forgets the picture at once."""
        self._visits.forget(key)
        return (view.placeholder(), "", *_switch(is_shown=False), gr.skip(), "")

    def predict(self, photo: str | None, checkpoint: str) -> dict[str, Any]:
        """Ranked classes of one image, as JSON; for the Gradio API client."""
        if photo is None:
            raise gr.Error("Expected an image, but got none; send one.", print_exception=False)
        image = decode(consume(photo, recent=self._recent))
        card = self._predictors[checkpoint].card
        answer = ask(self._predictors[checkpoint], image)
        known = who_knows(self._predictors, dict.fromkeys(self._predictors, image), answer)
        return {
            "checkpoint": card.name,
            "domain": card.domain,
            "licence": card.licence,
            "outside": True if known else answer.is_foreign,
            "known_to": [other.name for other in known],
            "warnings": list(quality_report(image).warnings),
            "ranking": answer.to_rows(),
        }

    def _visit(self, image: Rgb, checkpoint: str, *, synthetic: bool = False) -> Visit:
        small = reduced(image)
        return Visit(
            view=small,
            # Ranking and maps see the very same pixels, whatever the page shows.
            fitted={c.name: fit_square(image, c.preprocessing) for c in self.cards},
            photo_uri=view.data_uri(small),
            checkpoint=checkpoint,
            warnings=tuple(quality_report(image).warnings),
            note=_SYNTHETIC if synthetic else "",
        )

    def _shown(self, visit: Visit, *, since: float) -> tuple[Any, ...]:
        return (*self._answer(visit, since=since), self._visits.add(visit))

    def _answer(self, visit: Visit, *, since: float) -> tuple[Any, ...]:
        card = self._predictors[visit.checkpoint].card
        answer = ask(self._predictors[card.name], visit.fitted[card.name])
        ranked = answer.ranked
        is_drawing = bool(visit.note)
        others = who_knows(self._predictors, visit.fitted, answer, is_drawing=is_drawing)
        if answer.is_foreign or others:
            warnings, trust = visit.warnings, {"outside": demo_scope.outside(card, others)}
        else:
            # A drawing is outside what a checkpoint of real skin has seen, whatever was measured.
            foreign = (view.FOREIGN_DRAWING,) if is_drawing and not card.synthetic else ()
            such = "" if foreign else demo_scope.such_answers(card, ranked[0][1])
            warnings, trust = (*foreign, *visit.warnings), {"such_answers": such}
        return (
            view.ranking(
                ranked,
                warnings=warnings,
                checkpoint=card.name,
                domain=card.domain,
                seconds=time.perf_counter() - since,
                **trust,
            ),
            view.viewer(visit.photo_uri, caption=visit.note, is_busy=True),
            *_switch(is_shown=True),
            gr.update(choices=_choices(ranked), value=ranked[0][0].code),
        )

    def _map(self, visit: Visit, target: str, method: str) -> str:
        predictor = self._predictors[visit.checkpoint]
        found = predictor.explain(visit.fitted[visit.checkpoint], target=target, method=method)
        preprocessing = predictor.card.preprocessing
        saliency = unfit(found, shape=visit.view.shape, preprocessing=preprocessing)
        return view.data_uri(overlay(visit.view, saliency, opacity=1.0))


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


def _switch(*, is_shown: bool) -> tuple[Any, Any]:
    """Either the controls, or the box for a picture, emptied."""
    return (
        gr.update(visible=is_shown),
        gr.update(visible=not is_shown, value=None),
    )


def _choices(ranked: list[tuple[Disease, float]]) -> list[tuple[str, str]]:
    return [(f"{i}. {d.code} · {d.name_en}", d.code) for i, (d, _) in enumerate(ranked, start=1)]
