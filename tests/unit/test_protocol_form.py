"""The form of the administration page says the same as a study file."""

from typing import Any

import gradio as gr
import pytest

from data.errors import UserError
from readerstudy.domain.protocol import DEFAULT_PROTOCOL, Protocol
from readerstudy.services.study.study_file import parse_study
from readerstudy.ui.admin.protocol_form import SETTINGS, build, settings_of

HEAD = {"slug": "made", "title": "Made", "taxonomy": "DEMO8"}
# As boxes give it, and as a file says it.
TYPED: dict[str, object] = {
    "questions.top3": True,
    "questions.management": "reassure, biopsy",
    "questions.option_order": "shuffled",
    "order.rule": "anchor",
    "order.size": "12",
    "aid.design": "crossed",
    "aid.model": "b4",
    "aid.support": ["saliency"],
    "analysis.margin": "0.05",
    "analysis.max_attention_errors": "1",
    "readers.years": "2, 5",
    "readers.contacts_until": "2031-01-31",
    "readers.withdrawal": "delete",
    ".time_limit_s": "60",
}
FILE = """
slug: made
title: Made
taxonomy: DEMO8
protocol:
  questions: {top3: true, management: [reassure, biopsy], option_order: shuffled}
  order: {rule: anchor, size: 12}
  aid: {design: crossed, model: b4, support: [saliency]}
  analysis: {margin: 0.05, max_attention_errors: 1}
  readers: {years: [2, 5], contacts_until: 2031-01-31, withdrawal: delete}
  time_limit_s: 60
"""


def filled(typed: dict[str, object]) -> list[object]:
    """What the boxes hold: their first values, but where somebody typed."""
    with gr.Blocks():
        first = [box.value for box in build()]
    names = [f"{its.part}.{its.name}" for its in SETTINGS]
    assert set(typed) <= set(names)
    return [typed.get(name, value) for name, value in zip(names, first, strict=True)]


def made(values: list[object]) -> Protocol:
    content: dict[str, Any] = {**HEAD, "protocol": settings_of(values)}
    return parse_study(content).protocol


def test_an_untouched_form_is_the_default_protocol() -> None:
    assert made(filled({})) == DEFAULT_PROTOCOL


def test_the_form_and_a_file_make_the_same() -> None:
    assert made(filled(TYPED)) == parse_study(FILE).protocol


def test_every_setting_that_can_be_chosen_has_a_box() -> None:
    names = {f"{its.part}.{its.name}" for its in SETTINGS}
    every = {
        f"{part}.{name}" if isinstance(value, dict) else f".{part}"
        for part, value in DEFAULT_PROTOCOL.to_dict().items()
        for name in (value if isinstance(value, dict) else [part])
    }
    assert names == every - {".format", "analysis.alpha"}


def test_all_wrong_settings_are_told_at_once() -> None:
    typed: dict[str, object] = {"order.size": "many", "analysis.margin": "5", "aid.support": [3]}
    with pytest.raises(UserError) as caught:
        made(filled(typed))
    for name in ("order.size", "analysis.margin", "aid.support"):
        assert f"protocol.{name}" in str(caught.value)
