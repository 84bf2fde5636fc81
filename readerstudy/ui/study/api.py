"""What the quiz asks and sends: one case at a time, and an answer that is saved or is not."""

from collections.abc import Callable
from dataclasses import MISSING, asdict, fields
from typing import Annotated, Any, get_type_hints

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, create_model

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.domain import Actor, CaseView, Given, Measured, Saved, Stage
from readerstudy.domain.errors import (
    AlreadyAnswered,
    FullError,
    NotFoundError,
    PermissionDenied,
    RetryError,
    ThrottledError,
)
from readerstudy.domain.reading import part
from readerstudy.services.intake import image_store
from readerstudy.services.reading import answering, joining, revising
from readerstudy.services.results import own_result
from readerstudy.ui.security.sessions import NotSignedInError, Sessions, Zone
from readerstudy.ui.translations import language_of, quiz_words

# Of a case or a picture in an address: none has more than a database can count.
Number = Annotated[int, Path(ge=0, le=1_000_000)]
_STATUS = {PermissionDenied: 403, NotFoundError: 404, ThrottledError: 429, FullError: 507}


def _fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        entry.name: (hints[entry.name], ... if entry.default is MISSING else entry.default)
        for entry in fields(kind)
    }


_Body: Any = create_model("_Body", **_fields(Given), **_fields(Measured))


class Answer(_Body):  # type: ignore[misc]
    """`client_token` is drawn once per answer, so that a retry is the same answer.

    Nonsense in what was measured is dropped later: the answer matters more.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    case_token: str = Field(max_length=100)
    client_token: str = Field(min_length=8, max_length=80)
    reader_code: str | None = Field(default=None, max_length=40)


def study_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/study-api")
    Reader = Annotated[Actor, Depends(sessions.required(Zone.STUDY))]

    @router.get("/status")
    def status(request: Request, actor: Reader) -> dict[str, Any]:
        found = joining.status(db, actor=actor)
        return {
            "stage": found.stage,
            "code": found.code,
            "words": quiz_words(language_of(request)),
            "language": language_of(request),
        }

    @router.get("/current")
    def current(actor: Reader) -> dict[str, Any]:
        found = joining.status(db, actor=actor)
        case = answering.current_case(db, actor=actor) if found.stage is Stage.QUIZ else None
        # Answering the last case elsewhere, or closing the study, may come between the two calls.
        if case is None and found.stage is Stage.QUIZ:
            found = joining.status(db, actor=actor)
        is_over = found.stage in (Stage.DONE, Stage.CLOSED)
        return {
            "stage": found.stage,
            "code": found.code,
            "answered": found.answered,
            "total": found.total,
            "back": found.back,
            "case": _case(case, synthetic=found.synthetic) if case else None,
            "misled_at": own_result.misled_at(db, actor=actor) if is_over else [],
            "has_result": found.is_closed,
        }

    @router.post("/answer")
    def answer(actor: Reader, body: Answer) -> Response:
        return _save(answering.submit_answer, db, actor, body)

    @router.post("/revise")
    def revise(actor: Reader, body: Answer) -> Response:
        return _save(revising.revise_answer, db, actor, body)

    @router.get("/case/{case_token}")
    def earlier(actor: Reader, case_token: str) -> dict[str, Any]:
        found = joining.status(db, actor=actor)
        case = revising.earlier_case(db, actor=actor, case_token=case_token)
        return {"code": found.code, "case": _case(case, synthetic=found.synthetic)}

    @router.get("/image/{case_token}/{view}")
    def image(actor: Reader, case_token: str, view: Number) -> Response:
        content = answering.case_image(db, actor=actor, case_token=case_token, view=view)
        return Response(content, media_type=image_store.media_type(content))

    @router.get("/support/{case_token}/{number}")
    def support(actor: Reader, case_token: str, number: Number) -> Response:
        content = answering.support_image(db, actor=actor, case_token=case_token, number=number)
        return Response(content, media_type=image_store.media_type(content))

    return router


def refusal(_: Request, error: Exception) -> Response:
    """A refusal in words. 422, not 500: sending the same again cannot help."""
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


ERROR_HANDLERS = {UserError: refusal, RetryError: not_now, NotSignedInError: signed_out}


def _save(verb: Callable[..., Saved], db: Database, actor: Actor, body: Answer) -> Response:
    _check_reader(body.reader_code, actor)
    try:
        saved = verb(
            db,
            actor=actor,
            case_token=body.case_token,
            given=part(Given, body),
            client_token=body.client_token,
            measured=part(Measured, body),
        )
    except AlreadyAnswered as error:
        return JSONResponse({"detail": str(error), **asdict(error.saved)}, status_code=409)
    return JSONResponse({"is_saved": True, **asdict(saved)})


def _check_reader(code: str | None, actor: Actor) -> None:
    """Two links opened in one browser: an answer must not be stored for the other reader."""
    if code is not None and code != actor.name:
        raise PermissionDenied(
            "Expected an answer of the reader who is signed in, but another reader's link was "
            "opened in this browser; open your own link again."
        )


def _case(case: CaseView, *, synthetic: bool) -> dict[str, Any]:
    return {
        **asdict(case),
        "questions": case.questions.model_dump(mode="json"),
        "synthetic": synthetic,
        "images": _images(case.case_token, len(case.views)),
        "supports": _supports(case),
        "preload": _images(case.preload, case.preload_views) if case.preload else [],
    }


def _supports(case: CaseView) -> list[str]:
    pictures = case.advice.pictures if case.advice else ()
    return [f"/study-api/support/{case.case_token}/{n}" for n in range(1, len(pictures) + 1)]


def _images(case_token: str, n_views: int) -> list[str]:
    return [f"/study-api/image/{case_token}/{view}" for view in range(1, n_views + 1)]
