"""The reader's page: consent and profile here; the cases in assets/quiz.js, over /study-api."""

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from readerstudy.db import Database
from readerstudy.domain import ReaderStatus, Stage
from readerstudy.domain.profile import OF_EXPERIENCE, PROFILE_FIELDS, ProfileField
from readerstudy.services.reading import joining
from readerstudy.ui.gradio_page import Guard, actor_of
from readerstudy.ui.translations import LANGUAGES, band_words, language_of, words

_LANG = {"en": "en", "zh": "zh-Hans"}


class ReaderPage:
    """Each handler calls one service, then shows whatever stage the database says."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def show(self, request: gr.Request) -> tuple[Any, ...]:
        language = language_of(request.request)
        status = joining.status(self._db, actor=actor_of(request), language=language)
        t = words(language)
        return (
            _header(status, t, language=language),
            *_consent(status, t),
            *_profile(status, t),
            gr.update(visible=status.stage not in (Stage.CONSENT, Stage.PROFILE)),
            _rights(t),
        )

    def consent(
        self, is_agreed: bool, version: str, shown_in: str, request: gr.Request
    ) -> tuple[Any, ...]:
        """`shown_in` is the language of the text on the page: the reader's choice may be newer."""
        if not is_agreed:
            t = words(language_of(request.request))
            raise gr.Error(t["consent.missing"], print_exception=False)
        joining.give_consent(self._db, actor=actor_of(request), version=version, language=shown_in)
        return self.show(request)

    def profile(self, request: gr.Request, *answers: str | None) -> tuple[Any, ...]:
        keys = (field.key for field in PROFILE_FIELDS)
        profile = {k: v or "" for k, v in zip(keys, answers, strict=True)}
        joining.save_profile(self._db, actor=actor_of(request), profile=profile)
        return self.show(request)


def build_study(db: Database, *, guard: Guard) -> gr.Blocks:
    page = ReaderPage(db)
    with gr.Blocks(title="SkinReader reader study", analytics_enabled=False) as blocks:
        header = gr.HTML("", js_on_load=None)
        with gr.Column(visible=False, elem_classes="sr-sheet", elem_id="sr-consent") as consent:
            text = gr.HTML("", js_on_load=None)
            version, language = gr.Textbox(visible=False), gr.Textbox(visible=False)
            agreed = gr.Checkbox(label="", container=False, elem_id="sr-agree")
            agree = gr.Button("", variant="primary", elem_id="sr-agree-go")
        with gr.Column(visible=False, elem_classes="sr-sheet", elem_id="sr-profile") as profile:
            why = gr.HTML("", js_on_load=None)
            fields = [_field(field) for field in PROFILE_FIELDS]
            save = gr.Button("", variant="primary", elem_id="sr-profile-go")
        with gr.Column(visible=False, elem_id="sr-cases") as cases:
            gr.HTML('<div id="sr-quiz"></div>', js_on_load=None)
        rights = gr.HTML("", js_on_load=None)
        shown = [header, consent, text, version, language, agreed, agree]
        shown += [profile, why, *fields, save, cases, rights]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        blocks.load(guard(page.show), None, shown, **private)
        agree.click(guard(page.consent), [agreed, version, language], shown, **private)
        save.click(guard(page.profile), fields, shown, **private)
    return blocks


def _field(field: ProfileField) -> gr.components.Component:
    name = f"sr-{field.key}"
    if field.choices:
        box = gr.Radio(list(field.choices), label=field.label, elem_id=name)
        # The study has choices of its own, which Gradio forgets at a restart; the service checks.
        box.preprocess = lambda payload: payload if isinstance(payload, str) else None
        return box
    return gr.Textbox(label=field.label, max_length=field.max_length, elem_id=name)


def _consent(status: ReaderStatus, t: Mapping[str, str]) -> tuple[Any, ...]:
    blocks = status.consent_text.strip().split("\n\n")
    paragraphs = "".join(f"<p>{escape(block)}</p>" for block in blocks)
    note = f"<p class='sr-note'>{t['consent.feedback']}</p>" if status.gives_feedback else ""
    until = status.contacts_until
    kept = f"<p class='sr-rule'>{t['consent.contacts'].format(date=until)}</p>" if until else ""
    return (
        gr.update(visible=status.stage is Stage.CONSENT),
        f"<h1>{t['consent.title']}</h1>{note}"
        f"<div class='sr-prose' lang='{_LANG[status.consent_language]}'>{paragraphs}</div>"
        f"<p class='sr-rule'>{t[f'withdraw.rule.{status.withdrawal}']}</p>{kept}",
        status.consent_version,
        status.consent_language,
        gr.update(label=t["consent.check"]),
        gr.update(value=t["consent.go"]),
    )


def _profile(status: ReaderStatus, t: Mapping[str, str]) -> tuple[Any, ...]:
    asked = {field.key: field for field in status.profile_fields}
    return (
        gr.update(visible=status.stage is Stage.PROFILE),
        f"<h1>{t['profile.title']}</h1><p class='sr-soft'>{t['profile.why']}</p>",
        *(_translated(asked.get(field.key), field, t) for field in PROFILE_FIELDS),
        gr.update(value=t["profile.go"]),
    )


def _translated(asked: ProfileField | None, field: ProfileField, t: Mapping[str, str]) -> Any:
    """`asked`: the question as the study has it, if it does."""
    shown: dict[str, Any] = {"label": t[f"profile.{field.key}"], "visible": asked is not None}
    if field.choices:
        choices = (asked or field).choices
        shown["choices"] = [(_choice(field.key, choice, t), choice) for choice in choices]
    return gr.update(**shown)


def _choice(key: str, choice: str, t: Mapping[str, str]) -> str:
    return band_words(choice, t) if key in OF_EXPERIENCE else t[f"profile.{key}.{choice}"]


def _rights(t: Mapping[str, str]) -> str:
    """Plain links, so that they work whatever the scripts of the page are doing."""
    api = "/study-api"
    return (
        f'<footer class="sr-rights"><span>{t["own.title"]}</span>'
        f'<a href="{api}/my-data.json" download>{t["own.json"]}</a>'
        f'<a href="{api}/my-data.csv" download>{t["own.csv"]}</a>'
        f'<a href="{api}/withdraw">{t["withdraw.link"]}</a></footer>'
    )


def _header(status: ReaderStatus, t: Mapping[str, str], *, language: str) -> str:
    others = "".join(
        f'<a href="/language/{code}?back=/study/" lang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
        if code != language
    )
    synthetic = t["note.synthetic"] if status.synthetic else ""
    return (
        f'<header class="sr-top"><a class="sr-brand" href="/">SkinReader</a>'
        f'<span class="sr-where">{escape(status.study_title)}</span><nav>{others}</nav></header>'
        f'<p class="sr-small">{t["note.device"]} {synthetic}</p>'
    )
