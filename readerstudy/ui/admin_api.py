"""Downloads for those who run studies: the export and the figures, checked on each request."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from readerstudy.db import Database
from readerstudy.entities import Actor
from readerstudy.errors import NotFoundError
from readerstudy.export.figures import roc_pdf, roc_svg
from readerstudy.services import results
from readerstudy.ui.admin_view import kinds_of
from readerstudy.ui.session import Sessions, Zone

_DRAW = {"svg": (roc_svg, "image/svg+xml"), "pdf": (roc_pdf, "application/pdf")}


def admin_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]

    @router.get("/{slug}/export.zip")
    def export(actor: Staff, slug: str, kinds: str = "") -> Response:
        content = results.export_bundle(db, actor=actor, slug=slug, kinds=kinds_of(kinds))
        return _download(content, name=f"{slug}.zip", media_type="application/zip")

    @router.get("/{slug}/figure/{class_}.{kind}")
    def figure(
        actor: Staff, slug: str, class_: str, kind: Literal["svg", "pdf"], kinds: str = ""
    ) -> Response:
        figures = results.roc_figures(db, actor=actor, slug=slug, kinds=kinds_of(kinds))
        found = figures.get(class_)
        if found is None:
            raise NotFoundError(f"Expected a class of this study, but got {class_!r}; choose one.")
        draw, media_type = _DRAW[kind]
        return _download(draw(found), name=f"{slug}-roc-{class_}.{kind}", media_type=media_type)

    return router


def _download(content: bytes, *, name: str, media_type: str) -> Response:
    """`slug` and class are names of our own making: letters, digits and '-'."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
