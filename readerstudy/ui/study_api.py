"""What the quiz asks and sends: one case at a time, and an answer that is saved or is not."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from readerstudy.db import Database
from readerstudy.entities import Actor, CaseView, Stage
from readerstudy.errors import (
    AlreadyAnswered,
    NotFoundError,
    PermissionDenied,
    RetryError,
    StudyError,
)
from readerstudy.services import images, reading
from readerstudy.ui.session import NotSignedInError, Sessions, Zone
from readerstudy.ui.strings import language_of, quiz_words

_OWN_FIELDS = {"reader_code"}
_STATUS = {PermissionDenied: 403, NotFoundError: 404}


class Answer(BaseModel):
    """`client_token` is drawn once per answer, so that a retry is the same answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    case_token: str = Field(max_length=100)
    answer: str = Field(max_length=50)
    confidence: int | None = Field(default=None, ge=0, le=100)
    client_token: str = Field(min_length=8, max_length=80)
    active_ms: int | None = None  # nonsense is dropped later: the answer matters more
    reader_code: str | None = Field(default=None, max_length=40)


def study_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/study-api")
    Reader = Annotated[Actor, Depends(sessions.required(Zone.STUDY))]

    @router.get("/status")
    def status(request: Request, actor: Reader) -> dict[str, Any]:
        found = reading.status(db, actor=actor)
        return {
            "stage": found.stage,
            "code": found.code,
            "words": quiz_words(language_of(request)),
            "language": language_of(request),
        }

    @router.get("/current")
    def current(actor: Reader) -> dict[str, Any]:
        found = reading.status(db, actor=actor)
        case = reading.current_case(db, actor=actor) if found.stage is Stage.QUIZ else None
        # Answering the last case elsewhere, or closing the study, may come between the two calls.
        if case is None and found.stage is Stage.QUIZ:
            found = reading.status(db, actor=actor)
        return {
            "stage": found.stage,
            "code": found.code,
            "answered": found.answered,
            "total": found.total,
            "case": _case(case, synthetic=found.synthetic) if case else None,
        }

    @router.post("/answer")
    def answer(actor: Reader, body: Answer) -> Response:
        _check_reader(body.reader_code, actor)
        try:
            saved = reading.submit_answer(db, actor=actor, **body.model_dump(exclude=_OWN_FIELDS))
        except AlreadyAnswered as error:
            return JSONResponse({"detail": str(error), **asdict(error.saved)}, status_code=409)
        return JSONResponse({"is_saved": True, **asdict(saved)})

    @router.get("/image/{case_token}")
    def image(actor: Reader, case_token: str) -> Response:
        content = reading.case_image(db, actor=actor, case_token=case_token)
        return Response(content, media_type=images.media_type(content))

    return router


def refusal(_: Request, error: Exception) -> Response:
    """A StudyError in words. 422, not 500: sending the same again cannot help."""
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    return JSONResponse({"detail": str(error)}, status_code=status)


def not_now(_: Request, __: Exception) -> Response:
    """Not in the error's own words: they may name the database's host."""
    return JSONResponse(
        {"detail": "Nothing was stored; send the same again."},
        status_code=503,
        headers={"Retry-After": "1"},
    )


def signed_out(_: Request, __: Exception) -> Response:
    return JSONResponse({"detail": "Sign in first."}, status_code=401)


ERROR_HANDLERS = {StudyError: refusal, RetryError: not_now, NotSignedInError: signed_out}


def _check_reader(code: str | None, actor: Actor) -> None:
    """Two links opened in one browser: an answer must not be stored for the other reader."""
    if code is not None and code != actor.name:
        raise PermissionDenied(
            "Expected an answer of the reader who is signed in, but another reader's link was "
            "opened in this browser; open your own link again."
        )


def _case(case: CaseView, *, synthetic: bool) -> dict[str, Any]:
    return {
        "synthetic": synthetic,
        "case_token": case.case_token,
        "position": case.position,
        "total": case.total,
        "ask_confidence": case.ask_confidence,
        "image": f"/study-api/image/{case.case_token}",
        "options": [asdict(option) for option in case.options],
    }
