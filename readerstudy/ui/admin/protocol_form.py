"""The protocol's settings as boxes of a form, drawn from the protocol itself: none can be missing.

Each has the name that it has in a study file, where docs/protocol.md explains it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic import BaseModel

from readerstudy.domain.protocol import DEFAULT_PROTOCOL
from readerstudy.ui.admin.tab import dropdown

_NOT_CHOSEN = ("format", "alpha")
_IN_A_ROW = 3
_ABOUT = (
    '<p class="sr-soft">The protocol, each setting under its name in a study file; '
    "docs/protocol.md explains them. An empty box leaves the default.</p>"
)


@dataclass(frozen=True)
class Setting:
    """`part` is empty for a setting of the protocol itself; `choices` where only these can be."""

    part: str
    name: str
    annotation: Any
    default: Any

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    @property
    def many(self) -> tuple[str, ...]:
        """The values of which any number can be chosen."""
        [of, *_] = get_args(self.annotation) or [None]
        is_many = get_origin(self.annotation) is tuple and get_origin(of) is Literal
        return get_args(of) if is_many else ()


def _settings(of: BaseModel, part: str = "") -> Iterator[Setting]:
    for name, info in type(of).model_fields.items():
        value = getattr(of, name)
        if isinstance(value, BaseModel):
            yield from _settings(value, name)
        elif name not in _NOT_CHOSEN:
            yield Setting(part, name, info.annotation, value)


SETTINGS = tuple(_settings(DEFAULT_PROTOCOL))


def build() -> list[Any]:
    """The boxes in the order of SETTINGS, folded away by part."""
    gr.HTML(_ABOUT, js_on_load=None)
    boxes: list[Any] = []
    for part in dict.fromkeys(setting.part for setting in SETTINGS):
        its_own = [its for its in SETTINGS if its.part == part]
        with gr.Accordion(part.capitalize() or "Time", open=False):
            for start in range(0, len(its_own), _IN_A_ROW):
                with gr.Row():
                    boxes += [_box(its) for its in its_own[start : start + _IN_A_ROW]]
    return boxes


def settings_of(values: Sequence[object]) -> dict[str, Any]:
    """As a study file would have them; a box that is empty leaves its setting as it is."""
    found: dict[str, Any] = {}
    for setting, value in zip(SETTINGS, values, strict=False):
        if value in (None, ""):
            continue
        part = found.setdefault(setting.part, {}) if setting.part else found
        part[setting.name] = _split(value) if _is_list(setting) else value
    return found


def _box(setting: Setting) -> Any:
    shown = {"label": setting.name, "min_width": 150}
    if setting.annotation is bool:
        return gr.Checkbox(value=setting.default, **shown)
    if setting.choices:
        box = dropdown(setting.name, min_width=150)
        box.choices = [(choice, choice) for choice in setting.choices]
        box.value = setting.default
        return box
    if setting.many:
        group = gr.CheckboxGroup(list(setting.many), value=list(setting.default), **shown)
        group.preprocess = lambda payload: payload  # the protocol checks it, in words
        return group
    return gr.Textbox(value=_text(setting.default), max_length=400, **shown)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _is_list(setting: Setting) -> bool:
    return get_origin(setting.annotation) is tuple and not setting.many


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]
