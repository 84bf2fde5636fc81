"""Pages that work without scripts."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from readerstudy.ui.strings import LANGUAGES, language_of, words

_templates = Jinja2Templates(Path(__file__).parent / "templates")
# They need no script at all; a form may lead only back here.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_NO_STORE = {"Content-Security-Policy": _POLICY, "Cache-Control": "private, no-store"}


def plain_page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    language = language_of(request)
    context = values | {
        "t": words(language),
        "language": language,
        "languages": LANGUAGES,
        "back": request.url.path,
    }
    return _templates.TemplateResponse(
        request, template, context, status_code=status, headers=_NO_STORE
    )


def plain_message(request: Request, *, heading: str, text: str, status: int = 200) -> Response:
    return plain_page(request, "message.html", status=status, heading=heading, text=text)
