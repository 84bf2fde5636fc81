"""The handlers of the demo page: the handle of a picture in, diagnoses and a saliency map out."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from data.taxonomy import Disease
from model.card import page
from model.card.card import ModelCard
from model.demo import view, words
from model.demo.answers import Answer, Offer, answer_of, who_knows
from model.demo.turns import Turns
from model.demo.visits import Visit, Visits
from model.errors import ModelError
from model.inference.predictor import Predictor
from model.markup import data_uri
from model.saliency.checks.trust import Trust, in_words
from model.saliency.methods import METHODS
from model.saliency.overlay import overlay

_SYNTHETIC = "<b>Synthetic image</b>: a drawing, no patient. "
_FORGOTTEN = "It is no longer held here: pictures are forgotten soon. Choose it again."


class Demo:
    """The page's handlers. They know pictures by the handle of a visit, never by a file.

    `predictors` are the checkpoints to choose from; the first one answers until another is chosen.
    `trust` says of each, by name, how far its maps can be trusted, where that was measured.
    """

    def __init__(
        self,
        predictors: Sequence[Predictor],
        *,
        visits: Visits,
        trust: Mapping[str, Trust] | None = None,
    ) -> None:
        self._trust = trust or {}
        self._predictors = {predictor.card.name: predictor for predictor in predictors}
        self._visits = visits
        # Two lines: a slow map must not keep the next visitor waiting for the ranking.
        self._rankings, self._maps = Turns(), Turns()

    @property
    def cards(self) -> list[ModelCard]:
        """The cards of all checkpoints, the default first."""
        return [predictor.card for predictor in self._predictors.values()]

    @property
    def classes(self) -> list[tuple[str, str]]:
        """Classes of all checkpoints, for maps: what is shown, and the code."""
        found = {d.code: d for card in self.cards for d in card.taxonomy.diseases}
        return [(f"{d.code} · {d.name_en}", d.code) for d in found.values()]

    def rank(self, event: gr.EventData, checkpoint: str) -> tuple[Any, ...]:
        """Ranks the picture whose handle the page got from the demo's own route; it may be any."""
        since = time.perf_counter()
        handle = _sent(event, "handle")
        visit = self._visits.get(handle)
        if visit is None:
            return (view.refusal(_FORGOTTEN), "", *_switch(is_shown=False), gr.skip(), "")
        visit.checkpoint = self._predictor(checkpoint).card.name
        return (*self._answer(visit, since=since), handle)

    def choose(self, key: str, checkpoint: str) -> tuple[Any, ...]:
        """Another checkpoint: its domain and card, and its answer to the picture that is held."""
        card = self._predictor(checkpoint).card
        told = (view.domain_of(card), page.to_html(card))
        visit = self._visits.get(key)
        if visit is None:
            return (*told, *(gr.skip() for _ in range(3)))
        since = time.perf_counter()
        visit.checkpoint = checkpoint
        ranking, viewer, *_, target = self._answer(visit, since=since)
        return (*told, ranking, viewer, target)

    def take_offer(self, event: gr.EventData, key: str) -> tuple[Any, ...]:
        """The checkpoint that the page named for a foreign picture; it may name any."""
        name = _sent(event, "checkpoint")
        if name not in self._predictors:
            return tuple(gr.skip() for _ in range(6))
        return (name, *self.choose(key, name))

    def explain(self, key: str, target: str, method: str) -> Any:
        """Computes only a map that this visit has not seen yet."""
        visit = self._visits.get(key)
        if visit is None:
            return gr.skip() if not key else view.refusal(_FORGOTTEN)
        name = visit.checkpoint
        taxonomy = self._predictor(name).card.taxonomy
        if target not in taxonomy.codes:  # the page is about to name a class of this checkpoint
            return gr.skip()
        if method not in METHODS:
            raise ModelError(f"Expected one of {', '.join(METHODS)} as the method of a map.")
        caption = _note(visit) + view.legend(
            taxonomy[target],
            method,
            sign=METHODS[method].sign,
            trust=in_words(self._trust.get(name), method),
        )
        uri = self._map(visit, name, target, method)
        return view.viewer(visit.photo_uri, map_uri=uri, caption=caption)

    def start_again(self, key: str) -> tuple[Any, ...]:
        """Forgets the picture at once."""
        self._visits.forget(key)
        return (view.placeholder(), "", *_switch(is_shown=False), gr.skip(), "")

    def predict(self, handle: str, checkpoint: str) -> dict[str, Any]:
        """Ranked classes of one image, as JSON; for programs, which got the handle from a PUT."""
        visit = self._visits.get(handle)
        if visit is None:
            raise ModelError(
                "Expected the handle of a picture that is held here, but this one is unknown or "
                "forgotten; send the picture again with PUT."
            )
        card = self._predictor(checkpoint).card
        answer, offers = self._ask(visit, card.name)
        return {
            "checkpoint": card.name,
            "domain": card.domain,
            "licence": card.licence,
            "outside": True if offers else answer.is_foreign,
            "known_to": [offer.card.name for offer in offers if offer.is_known],
            "warnings": list(visit.warnings),
            "likely": [disease.code for disease in answer.likely],
            "ranking": answer.to_rows(),
        }

    def _predictor(self, checkpoint: str) -> Predictor:
        """Of a name that a client sent."""
        if checkpoint not in self._predictors:
            raise ModelError(f"Expected one of the checkpoints {', '.join(self._predictors)}.")
        return self._predictors[checkpoint]

    def _ask(self, visit: Visit, checkpoint: str) -> tuple[Answer, list[Offer]]:
        with self._rankings.turn(visit.visitor):
            predictor = self._predictors[checkpoint]
            prediction = predictor.predict([visit.fitted[checkpoint]])
            visit.features[checkpoint] = prediction.features
            answer = answer_of(prediction, predictor.card)
            offers = who_knows(
                self._predictors, visit.fitted, answer, is_drawing=visit.is_synthetic
            )
        return answer, offers

    def _answer(self, visit: Visit, *, since: float) -> tuple[Any, ...]:
        card = self._predictors[visit.checkpoint].card
        answer, offers = self._ask(visit, card.name)
        ranked = answer.ranked
        if answer.is_foreign or offers:
            visit.foreign.add(card.name)
            warnings, trust = visit.warnings, {"outside": words.outside(card, answer, offers)}
        else:
            # A drawing is outside what a checkpoint of real skin has seen, whatever was measured.
            is_foreign_drawing = visit.is_synthetic and not card.synthetic
            foreign = (view.FOREIGN_DRAWING,) if is_foreign_drawing else ()
            visit.foreign |= {card.name} if foreign else set()
            such = "" if foreign else words.believed(card, answer)
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
            view.viewer(visit.photo_uri, caption=_note(visit), is_busy=True),
            *_switch(is_shown=True),
            gr.update(choices=_choices(ranked), value=ranked[0][0].code),
        )

    def _map(self, visit: Visit, checkpoint: str, target: str, method: str) -> str:
        """The overlay as a data URI; whoever waited may find that it was made meanwhile."""
        key = (checkpoint, target, method)
        if uri := visit.maps.get(key):
            return uri
        with self._maps.turn(visit.visitor):
            if uri := visit.maps.get(key):
                return uri
            saliency = self._predictors[checkpoint].explain(
                visit.fitted[checkpoint], target=target, method=method, shape=visit.view.shape
            )
            uri = data_uri(overlay(visit.view, saliency, opacity=1.0))
            visit.keep_map(key, uri)
            return uri


def _sent(event: gr.EventData, name: str) -> str:
    """What the page sent with a click: anything, or nothing."""
    try:
        return str(getattr(event, name))
    except (AttributeError, TypeError):  # of an event without data, Gradio asks None for the name
        return ""


def _note(visit: Visit) -> str:
    return _SYNTHETIC if visit.is_synthetic else ""


def _switch(*, is_shown: bool) -> tuple[Any, Any]:
    """Either the controls, or the box for a picture in its column."""
    return gr.update(visible=is_shown), gr.update(visible=not is_shown)


def _choices(ranked: list[tuple[Disease, float]]) -> list[tuple[str, str]]:
    return [(f"{i}. {d.code} · {d.name_en}", d.code) for i, (d, _) in enumerate(ranked, start=1)]
