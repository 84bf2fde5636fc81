"""What every tab of the administration is, and what its handlers share."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain import Actor, StudySummary
from readerstudy.domain.errors import NotFoundError, PermissionDenied, StudyError
from readerstudy.services.study import summaries
from readerstudy.ui.gradio_page import Guard

OUT_OF_DATE = "This page is out of date. Reload it."
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}


@dataclass(frozen=True)
class Place:
    """Where a tab works: the box with the chosen study, and what makes a tab show it anew.

    A tab adds to `changed` its events after which the page's overview is another.
    """

    guard: Guard
    slug: gr.Dropdown
    changes: Sequence[Any]
    changed: list[Any] = field(default_factory=list)


class Tab(Protocol):
    """`build` runs inside the tab: makes its components and wires its own handlers.

    Each handler is wrapped by `place.guard`, asks one service, and has a name that no other
    handler of the page has.
    """

    title: str

    def build(self, place: Place) -> None: ...


def study_of(db: Database, actor: Actor, slug: str | None) -> StudySummary | None:
    """None where there is no study at all."""
    try:
        return summaries.study_summary(db, actor=actor, slug=slug or "")
    except (NotFoundError, PermissionDenied) as error:
        if summaries.study_names(db, actor=actor):  # made after the page was loaded, or another's
            raise StudyError(OUT_OF_DATE) from error
        return None


def picker(db: Database, actor: Actor, chosen: str | None) -> Any:
    """The studies to choose from, and the chosen one, or the first if it is none of them."""
    names = summaries.study_names(db, actor=actor)
    first = next(iter(names), None)
    return gr.update(choices=_choices(names), value=chosen if chosen in names else first)


def _choices(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """By title; those that share one also by their short name."""
    count = Counter(names.values())
    return [
        (f"{title} ({slug})" if count[title] > 1 else title, slug) for slug, title in names.items()
    ]


def dropdown(label: str, **options: Any) -> gr.Dropdown:
    """Its choices come with the events, and the handlers check them.

    Gradio's own check knows the choices that this server sent to this page: after a restart it
    would refuse every page that was loaded before.
    """
    box = gr.Dropdown([], label=label, **options)
    box.preprocess = _text_or_nothing
    return box


def text(given: object) -> str:
    """Of a box that may be empty, or hold what no person types."""
    return given.strip() if isinstance(given, str) else ""


def whole_days(days: object) -> int:
    """From a box that may be empty."""
    if isinstance(days, int) or (isinstance(days, float) and days.is_integer()):
        return int(days)
    raise StudyError(
        "Expected a whole number of days, but got something else; type for example 90."
    )


def chosen_number(which: str | None, *, what: str) -> int:
    """Of a list that offers numbers."""
    if not re.fullmatch(r"[0-9]{1,9}", which or ""):
        raise StudyError(f"Expected {what}, but none is chosen; choose one of the list.")
    return int(which or "")


def hidden() -> Any:
    return gr.update(value=None, visible=False)


def _text_or_nothing(payload: Any) -> str | None:
    if payload is None or isinstance(payload, str):
        return payload
    raise gr.Error(OUT_OF_DATE, print_exception=False)
