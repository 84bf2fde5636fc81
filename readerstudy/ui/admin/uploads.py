"""Files that owners send: zips for a draft, and a study file. The body is the file itself.

Gradio's own upload stays shut under /admin: it would take a file from anybody who may sign in
there, before any service is asked.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request

from data.documents import MAX_BYTES as MAX_DOCUMENT_BYTES
from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.services.intake.slots import Slots
from readerstudy.services.intake.staging import check_room, scratch
from readerstudy.services.study import drafts, uploads
from readerstudy.services.study.study_file import decode_study
from readerstudy.ui.security.sessions import Sessions, Zone

MAX_ARCHIVE_BYTES = 2_000_000_000


def upload_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]
    slots = Slots()

    async def imported(
        actor: Actor, slug: str, request: Request, store: Callable[[Path], int]
    ) -> int:
        # Who may not import is told so before the first byte is taken.
        await run_sync(lambda: drafts.check_draft(db, actor=actor, slug=slug))
        with slots.taken(actor), scratch(db.images, min_free=db.min_free) as folder:
            archive = await _received(request, folder / "sent.zip", min_free=db.min_free)
            return await run_sync(lambda: store(archive))

    @router.put("/{slug}/cases", max_body_size=MAX_ARCHIVE_BYTES)
    async def cases(actor: Staff, slug: str, request: Request) -> dict[str, str]:
        def store(archive: Path) -> int:
            return uploads.import_cases_zip(db, actor=actor, slug=slug, archive=archive)

        return {"said": f"Imported {await imported(actor, slug, request, store)} cases."}

    @router.put("/{slug}/predictions", max_body_size=MAX_ARCHIVE_BYTES)
    async def predictions(actor: Staff, slug: str, name: str, request: Request) -> dict[str, str]:
        def store(archive: Path) -> int:
            return uploads.import_predictions_zip(
                db, actor=actor, slug=slug, name=name, archive=archive
            )

        count = await imported(actor, slug, request, store)
        return {"said": f"Imported the predictions of {name} for {count} cases."}

    @router.put("/{slug}/supports", max_body_size=MAX_ARCHIVE_BYTES)
    async def supports(actor: Staff, slug: str, model: str, request: Request) -> dict[str, str]:
        def store(archive: Path) -> int:
            return uploads.import_supports_zip(
                db, actor=actor, slug=slug, model=model, archive=archive
            )

        count = await imported(actor, slug, request, store)
        return {"said": f"Imported {count} pictures beside the advice of {model}."}

    @router.put("/study-file", max_body_size=20 * MAX_DOCUMENT_BYTES)
    async def study_file(actor: Staff, name: str, request: Request) -> dict[str, str]:
        content = await _beginning(request, MAX_DOCUMENT_BYTES + 1)

        def make() -> str:
            file = decode_study(content, name=name)
            drafts.create_study(db, actor=actor, **file.arguments(folder=None))
            return file.slug

        return {"said": f"Made the draft {await run_sync(make)}. Reload this page to choose it."}

    return router


async def _beginning(request: Request, most: int) -> bytes:
    """At most so many bytes of a body, which is read to its end: browsers hear nothing before."""
    content = b""
    async for piece in request.stream():
        content += piece[: most - len(content)]
    return content


async def _received(request: Request, path: Path, *, min_free: int) -> Path:
    """Piece by piece: an archive may be larger than the memory."""
    announced = request.headers.get("content-length", "")
    check_room(path.parent, min_free=min_free, n_bytes=int(announced or 0))
    async with await anyio.open_file(path, "xb") as file:
        async for piece in request.stream():
            check_room(path.parent, min_free=min_free, n_bytes=len(piece))
            await file.write(piece)
    return path
