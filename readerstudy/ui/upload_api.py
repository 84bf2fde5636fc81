"""Files that owners send: cases as one zip, and a study file. The body is the file itself.

Gradio's own upload stays shut under /admin: it would take a file from anybody who may sign in
there, before any service is asked.
"""

from pathlib import Path
from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Depends, Request

from readerstudy.db import Database
from readerstudy.entities import Actor
from readerstudy.services import archives, studies, uploads
from readerstudy.services.protocols import decode_study
from readerstudy.ui.session import Sessions, Zone

MAX_ARCHIVE_BYTES = 2_000_000_000
MAX_STUDY_BYTES = 1_000_000


def upload_routes(db: Database, sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]

    @router.put("/{slug}/cases", max_body_size=MAX_ARCHIVE_BYTES)
    async def cases(actor: Staff, slug: str, request: Request) -> dict[str, str]:
        # Who may not import is told so before the first byte is taken.
        await run_sync(lambda: studies.check_draft(db, actor=actor, slug=slug))
        with archives.scratch(db.images) as folder:
            archive = await _received(request, folder / "cases.zip")
            count = await run_sync(
                lambda: uploads.import_archive(db, actor=actor, slug=slug, archive=archive)
            )
        return {"said": f"Imported {count} cases."}

    @router.put("/study-file", max_body_size=MAX_STUDY_BYTES)
    def study_file(
        actor: Staff, name: str, content: Annotated[bytes, Body(media_type="text/plain")]
    ) -> dict[str, str]:
        file = decode_study(content, name=name)
        studies.create_study(db, actor=actor, **file.arguments(folder=None))
        return {"said": f"Made the draft {file.slug}. Reload this page to choose it."}

    return router


async def _received(request: Request, path: Path) -> Path:
    """Piece by piece: an archive may be larger than the memory."""
    async with await anyio.open_file(path, "xb") as file:
        async for piece in request.stream():
            await file.write(piece)
    return path
