"""Serves Gradio's own scripts and styles, compressed once and kept by the browser."""

import gzip
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

import anyio
import gradio as gr
from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_FOLDER = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
_PATH = re.compile(r"(?:/study|/admin)?/assets/([\w-][\w.-]*)")
# Their names carry a hash of the content.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Encoding": "gzip",
    "Vary": "Accept-Encoding",
}


class FrontendAssets:
    """A page needs about a hundred of these; Gradio would compress each anew for each visitor."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _asset_name(scope)
        found = await anyio.to_thread.run_sync(_compressed, name) if name else None
        if found is None:
            await self.app(scope, receive, send)
            return
        content, media_type = found
        response = Response(content, media_type=media_type, headers=_HEADERS)
        await response(scope, receive, send)


def _asset_name(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    match = _PATH.fullmatch(scope["path"])
    takes_gzip = "gzip" in Headers(scope=scope).get("accept-encoding", "")
    return match[1] if match and takes_gzip else None


@lru_cache(maxsize=1000)
def _compressed(name: str) -> tuple[bytes, str] | None:
    file = _FOLDER / name
    if not file.is_file():
        return None
    is_script = file.suffix in (".js", ".mjs")
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return gzip.compress(file.read_bytes(), 9), "text/javascript" if is_script else guessed
