"""The outer wall: who may reach which path at all, and what every answer carries.

Pure ASGI, because Gradio streams. Gradio itself leaves some routes outside its own login check,
so this gate lists what is open and refuses the rest.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from readerstudy.ui.security.sessions import Sessions, Zone

_PAGE = r"|config|theme\.css|(assets|static|svelte)/.+"
_EVENTS = r"|gradio_api/(queue/(join|data)|heartbeat/[\w-]+|cancel|reset|startup-events|app_id)/?"
_DEMO = r"|gradio_api/(info|theme\.css|call/predict(/\w+)?)/?"
_OWN = re.compile(
    r"/(healthz|readyz|login|logout|demo-api/(picture|example/\d+)|invite(/[\w-]+)?|join/[a-z0-9-]+|language/\w+|app-assets/((demo|map)/)?[\w.-]+)|/favicon\.ico"
)
_DEMO_PATHS = re.compile(f"/({_PAGE}{_EVENTS}{_DEMO})")
_MOUNT_PATHS = re.compile(f"/?({_PAGE}{_EVENTS})")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = frozenset(
    {b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix", b"x-gradio-server"}
)


@dataclass(frozen=True)
class Area:
    """A prefix that asks for a sign-in. `is_mount`: a Gradio page, else our own routes."""

    prefix: str
    zone: Zone
    is_mount: bool
    sign_in: str


AREAS = (
    Area("/admin-api", Zone.ADMIN, is_mount=False, sign_in="/login"),
    Area("/study-api", Zone.STUDY, is_mount=False, sign_in="/invite"),
    Area("/admin", Zone.ADMIN, is_mount=True, sign_in="/login"),
    Area("/study", Zone.STUDY, is_mount=True, sign_in="/invite"),
)

_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
# Gradio starts from inline scripts and compiles its HTML templates in the browser.
_GRADIO_POLICY = (
    f"{_POLICY}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:"
)


class Gate:
    """Refuses before Gradio sees anything; overwrites what a client may not claim."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions, public_url: str | None) -> None:
        self.app = app
        self._sessions = sessions
        self._public = urlsplit(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})  # no page uses one
            return
        scope = self._with_own_headers(scope)
        respond = _with_headers(scope, send, is_https=self._is_https)
        refusal = await self._refusal(scope)
        await (refusal or self.app)(scope, receive, respond)

    @property
    def _is_https(self) -> bool:
        return self._public is not None and self._public.scheme == "https"

    def _with_own_headers(self, scope: Scope) -> Scope:
        headers = [item for item in scope["headers"] if item[0] not in _FORWARDED]
        if self._public:
            headers.append((b"x-forwarded-host", self._public.netloc.encode()))
            headers.append((b"x-forwarded-proto", self._public.scheme.encode()))
        query = b"" if scope["path"].rstrip("/").endswith("/gradio_api/info") else None
        return {
            **scope,
            "headers": headers,
            # `?all_endpoints=1` would list the private ones too.
            "query_string": scope["query_string"] if query is None else query,
        }

    async def _refusal(self, scope: Scope) -> Response | None:
        connection = HTTPConnection(scope)
        if not self._is_known_host(connection):
            return _denied(400)
        if scope["method"] not in _SAFE and not self._is_own_origin(connection):
            return _denied(403)
        area = _area(scope["path"])
        if area is None:
            return None if _is_open(scope["path"]) else _denied(404)
        if area.is_mount and not _MOUNT_PATHS.fullmatch(scope["path"][len(area.prefix) :]):
            return _denied(404)
        return await self._unless_allowed(connection, area)

    async def _unless_allowed(self, connection: HTTPConnection, area: Area) -> Response | None:
        actor = await self._sessions.actor_soon(connection, area.zone)
        if actor is None and _wants_page(connection):
            return RedirectResponse(area.sign_in, status_code=303)
        if actor is None:
            return _denied(401)
        return None if actor.role in area.zone.roles else _denied(403)

    def _is_known_host(self, connection: HTTPConnection) -> bool:
        """A name that is not ours, pointed at our address, could act for whoever visits it."""
        host = connection.headers.get("host", "")
        return _is_local(host) or (self._public is not None and host == self._public.netloc)

    def _is_own_origin(self, connection: HTTPConnection) -> bool:
        if connection.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return False
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        if self._public and origin == f"{self._public.scheme}://{self._public.netloc}":
            return True
        host = connection.headers.get("host", "")
        return origin == f"http://{host}" and _is_local(host)


def _area(path: str) -> Area | None:
    return next((a for a in AREAS if path == a.prefix or path.startswith(a.prefix + "/")), None)


def _is_open(path: str) -> bool:
    return bool(_OWN.fullmatch(path) or _DEMO_PATHS.fullmatch(path))


def _is_local(host: str) -> bool:
    """Loopback names and plain addresses cannot be a stranger's name for our address."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _wants_page(connection: HTTPConnection) -> bool:
    is_get = connection.scope["method"] == "GET"
    return is_get and "text/html" in connection.headers.get("accept", "")


def _denied(status: int) -> JSONResponse:
    words = {400: "Unknown host.", 401: "Sign in first.", 403: "Not allowed.", 404: "Not found."}
    return JSONResponse({"detail": words[status]}, status_code=status)


def _with_headers(scope: Scope, send: Send, *, is_https: bool) -> Send:
    path: str = scope["path"]

    async def respond(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_COMMON)
            headers.setdefault("Content-Security-Policy", _GRADIO_POLICY)
            if is_https:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            if _is_private(path):
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return respond


def _is_private(path: str) -> bool:
    is_asset = re.search(r"/(assets|static|svelte|app-assets)/", path) or path.endswith("theme.css")
    area = _area(path)
    return "/gradio_api/" in path or (area is not None and not is_asset)
