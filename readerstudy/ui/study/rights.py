"""What readers may do with their own data: take a copy, withdraw. Plain pages, no script."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.files.own_data import own_csv, own_json
from readerstudy.services.reading import joining, own_data
from readerstudy.ui.plain_page import plain_page
from readerstudy.ui.security.sessions import Sessions, Zone


def rights_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/study-api")
    Reader = Annotated[Actor, Depends(sessions.required(Zone.STUDY))]

    @router.get("/my-data.json")
    def as_json(actor: Reader) -> Response:
        content = own_json(own_data.own_data(db, actor=actor))
        return _download(content, name=f"{actor.name}.json", media_type="application/json")

    @router.get("/my-data.csv")
    def as_csv(actor: Reader) -> Response:
        content = own_csv(own_data.own_data(db, actor=actor))
        return _download(content, name=f"{actor.name}.csv", media_type="text/csv")

    @router.get("/withdraw")
    def ask(request: Request, actor: Reader) -> Response:
        rule = joining.status(db, actor=actor).withdrawal
        return plain_page(request, "withdraw.html", rule=rule, is_done=False)

    @router.post("/withdraw")
    def withdraw(request: Request, actor: Reader) -> Response:
        rule = own_data.withdraw(db, actor=actor)
        response = plain_page(request, "withdraw.html", rule=rule, is_done=True)
        sessions.close(request, response, Zone.STUDY)
        return response

    return router


def _download(content: str, *, name: str, media_type: str) -> Response:
    """A reader's code holds letters, digits and '-' only."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)
