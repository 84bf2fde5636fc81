"""Downloads for those who run studies: the export and the figures, checked on each request."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.domain.errors import NotFoundError
from readerstudy.report.figures import render
from readerstudy.report.stamp import stamp_of
from readerstudy.services.intake.image_store import media_type
from readerstudy.services.people import identities
from readerstudy.services.results import hardest_cases, results
from readerstudy.services.study import preview, trail
from readerstudy.ui.admin.view import kinds_of
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.study.api import Number

_MEDIA_TYPES = {"svg": "image/svg+xml", "pdf": "application/pdf"}


def admin_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]

    @router.get("/{slug}/export.zip")
    def export(actor: Staff, slug: str, kinds: str = "") -> Response:
        content = results.export_bundle(db, actor=actor, slug=slug, kinds=kinds_of(kinds))
        return _download(content, name=f"{slug}.zip", media_type="application/zip")

    @router.get("/{slug}/figure/{name}.{kind}")
    def figure(
        actor: Staff, slug: str, name: str, kind: Literal["svg", "pdf"], kinds: str = ""
    ) -> Response:
        chosen = kinds_of(kinds)
        pictures = results.pictures(db, actor=actor, slug=slug, kinds=chosen)
        found = pictures.get(name)
        if found is None:
            known = ", ".join(pictures) or "none yet"
            raise NotFoundError(f"Expected a figure of this study ({known}), but got {name!r}.")
        meta = results.study_results(db, actor=actor, slug=slug, kinds=chosen).meta
        content = render(found, kind, stamp=stamp_of(meta))
        return _download(content, name=f"{slug}-{name}.{kind}", media_type=_MEDIA_TYPES[kind])

    @router.get("/{slug}/thumbnail")
    def thumbnail(actor: Staff, slug: str, case: str) -> Response:
        content = hardest_cases.thumbnail(db, actor=actor, slug=slug, case_id=case)
        return Response(content, media_type="image/webp")

    @router.get("/{slug}/identities.csv")
    def identified(actor: Staff, slug: str) -> Response:
        content = identities.export_identities(db, actor=actor, slug=slug)
        return _download(content, name=f"{slug}-identities.csv", media_type="text/csv")

    @router.get("/{slug}/report.html")
    def report(actor: Staff, slug: str, kinds: str = "") -> Response:
        page = results.study_report(db, actor=actor, slug=slug, kinds=kinds_of(kinds))
        return _download(page.encode(), name=f"{slug}-report.html", media_type="text/html")

    @router.get("/{slug}/trail.csv")
    def trail_file(actor: Staff, slug: str) -> Response:
        content = trail.trail_csv(db, actor=actor, slug=slug).encode()
        return _download(content, name=f"{slug}-trail.csv", media_type="text/csv; charset=utf-8")

    @router.get("/{slug}/preview/{position}/view/{view}")
    def preview_image(actor: Staff, slug: str, position: Number, view: Number) -> Response:
        content = preview.preview_image(db, actor=actor, slug=slug, position=position, view=view)
        return Response(content, media_type=media_type(content))

    @router.get("/{slug}/preview/{position}/support/{number}")
    def preview_support(actor: Staff, slug: str, position: Number, number: Number) -> Response:
        content = preview.preview_support(
            db, actor=actor, slug=slug, position=position, number=number
        )
        return Response(content, media_type=media_type(content))

    return router


def _download(content: bytes, *, name: str, media_type: str) -> Response:
    """The name may hold letters of any script, which a header cannot (RFC 5987)."""
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)
