"""A reader's own result after the study closed: a plain page."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from readerstudy.db import Database
from readerstudy.domain import Actor, Option
from readerstudy.services.intake import image_store
from readerstudy.services.results import own_result
from readerstudy.services.results.own_result import Line, Others, OwnResult
from readerstudy.ui.plain_page import plain_page
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.study.own_roc import own_roc, share_words
from readerstudy.ui.translations import language_of, words


def result_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/study-api")
    Reader = Annotated[Actor, Depends(sessions.required(Zone.STUDY))]

    @router.get("/my-result")
    def show(request: Request, actor: Reader) -> Response:
        result = own_result.own_result(db, actor=actor)
        return plain_page(request, "result.html", **_shown(result, language_of(request)))

    @router.get("/missed/{case_token}")
    def missed(actor: Reader, case_token: str) -> Response:
        content = own_result.missed_image(db, actor=actor, case_token=case_token)
        return Response(content, media_type=image_store.media_type(content))

    return router


def _shown(result: OwnResult, language: str) -> dict[str, Any]:
    t = words(language)
    names = {o.code: _name(o, language) for o in result.options}
    sections: dict[str, dict[str, Any]] = {}
    for line in result.lines:
        heading = names.get(line.code, t["result.all"])
        section = sections.setdefault(line.code, {"heading": heading, "rows": []})
        section["rows"].append({"words": t[f"result.{line.quantity}"], "cells": _cells(line)})
    by_line = {(line.code, line.quantity): line for line in result.lines}
    for code, section in sections.items():
        if code in result.curves:
            lines = (by_line[code, "sensitivity"], by_line[code, "specificity"])
            section["roc"] = own_roc(result.curves[code], *lines, t)
    missed = [
        {
            "token": case.case_token,
            "position": case.position,
            "answer": names.get(case.answer, "–"),
            "truth": names[case.truth],
        }
        for case in result.missed or ()
    ]
    models = list(result.lines[0].models)
    return {
        "result": result, "sections": list(sections.values()), "models": models, "missed": missed,
    }  # fmt: skip


def _name(option: Option, language: str) -> str:
    return option.name_zh if language == "zh" else option.name_en


def _cells(line: Line) -> list[str]:
    return [share_words(line.own), *map(share_words, line.models.values()), _others(line.others)]


def _others(its: Others | None) -> str:
    return f"{its.middle:.0%} ({its.low:.0%}–{its.high:.0%}), n={its.n}" if its else "–"
