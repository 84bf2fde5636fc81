"""Pages that work without scripts."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from readerstudy.domain.throttling import network_of
from readerstudy.ui.translations import LANGUAGES, language_of, words

# Of a form on these pages: a name, a password, a few sentences.
MAX_FORM_BYTES = 20_000
_templates = Jinja2Templates(Path(__file__).parent / "templates")


def _sendable(value: Any) -> Any:
    """A form can hold half a character, which no page can; markup of our own is left alone."""
    return value.encode(errors="replace").decode() if type(value) is str else value


_templates.env.finalize = _sendable
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


def caller_address(request: Request) -> str:
    """Of the connection, or what a trusted proxy says (SKINREADER_TRUSTED_PROXIES)."""
    return request.client.host if request.client else ""


def caller_network(request: Request) -> str:
    """What one person has of the addresses, for counting; see `network_of`."""
    return network_of(caller_address(request))


def plain_message(
    request: Request, *, heading: str, text: str, status: int = 200, is_door: bool = True
) -> Response:
    """`is_door`: the page tells staff where they sign in."""
    values = {"heading": heading, "text": text, "is_door": is_door}
    return plain_page(request, "message.html", status=status, **values)
