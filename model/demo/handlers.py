"""The handlers of the demo page: a picture in, ranked diagnoses and a saliency map out."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from data.images import ImageError, decode, quality_report
from data.taxonomy import Disease
from model import card_page
from model.card import ModelCard
from model.demo import scope, view
from model.demo.answers import ask, who_knows
from model.demo.uploads import Rgb, consume, reduced
from model.demo.visits import KEEP_UPLOAD_SECONDS, KEEP_UPLOADS, Expiring, Visit, Visits
from model.overlay import overlay
from model.predictor import Predictor
from model.saliency import METHODS
from model.transforms import fit_square, unfit
from model.trust import Trust, in_words

_SYNTHETIC = "<b>Synthetic image</b>: a drawing, no patient. "


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
            return (*(gr.skip() for _ in range(4)), None, gr.skip(), gr.skip())
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
        ranking, viewer, *_, target = self._answer(visit, since=since)
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
        offers = who_knows(self._predictors, dict.fromkeys(self._predictors, image), answer)
        return {
            "checkpoint": card.name,
            "domain": card.domain,
            "licence": card.licence,
            "outside": True if offers else answer.is_foreign,
            "known_to": [offer.card.name for offer in offers if offer.is_known],
            "warnings": list(quality_report(image).warnings),
            "likely": [disease.code for disease in answer.likely],
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
        offers = who_knows(self._predictors, visit.fitted, answer, is_drawing=is_drawing)
        if answer.is_foreign or offers:
            visit.foreign.add(card.name)
            warnings, trust = visit.warnings, {"outside": scope.outside(card, answer, offers)}
        else:
            # A drawing is outside what a checkpoint of real skin has seen, whatever was measured.
            foreign = (view.FOREIGN_DRAWING,) if is_drawing and not card.synthetic else ()
            visit.foreign |= {card.name} if foreign else set()
            such = "" if foreign else scope.believed(card, answer)
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


def _switch(*, is_shown: bool) -> tuple[Any, Any, None]:
    """Either the controls, or the box for a picture in its column; the box is emptied.

    The box itself gets a value and no update: for an update Gradio makes a new box for the visit,
    without what `page` changed in it, and would open the next picture itself. `gr.skip` is one.
    """
    return gr.update(visible=is_shown), gr.update(visible=not is_shown), None


def _choices(ranked: list[tuple[Disease, float]]) -> list[tuple[str, str]]:
    return [(f"{i}. {d.code} · {d.name_en}", d.code) for i, (d, _) in enumerate(ranked, start=1)]
