"""The web application: routes of our own, three Gradio pages, and the walls around them."""

import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
from fastapi import APIRouter, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.requests import ClientDisconnect

from readerstudy.config import Settings, own_url
from readerstudy.db import Database
from readerstudy.services.intake.staging import clear_abandoned
from readerstudy.services.readiness import readiness
from readerstudy.ui.admin import build_admin
from readerstudy.ui.admin.downloads import admin_routes
from readerstudy.ui.admin.uploads import upload_routes
from readerstudy.ui.frontend_assets import FrontendAssets
from readerstudy.ui.gradio_page import Page, allow, mount
from readerstudy.ui.security.gate import Gate
from readerstudy.ui.security.own_streams import OwnStreams
from readerstudy.ui.security.plain_events import PlainEvents
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.sign_in import invitation_routes, not_understood, sign_in_routes
from readerstudy.ui.study.api import ERROR_HANDLERS, study_routes
from readerstudy.ui.study.join import join_routes
from readerstudy.ui.study.quiz import build_study
from readerstudy.ui.study.result import result_routes
from readerstudy.ui.study.rights import rights_routes

# A 20 MB picture and what a form wraps around it.
MAX_BODY_BYTES = 21_000_000
_JANITOR_SECONDS = 60
_log = logging.getLogger(__name__)
_ASSETS = Path(__file__).parent / "assets"
# In this order: the last needs those before it.
_QUIZ_SCRIPTS = ("quiz_dom", "quiz_views", "quiz_form", "quiz_zoom", "quiz")


@dataclass(frozen=True)
class PublicPage:
    """The page at `/`, which this package knows nothing about: it comes from the other room."""

    blocks: gr.Blocks
    routes: APIRouter
    assets: Path
    maps: Path
    health: Callable[[], dict[str, Any]]
    models: Collection[str] = ()  # names of the checkpoints that anybody may ask there


def build_site(settings: Settings, *, db: Database, public: PublicPage | None) -> FastAPI:
    """`public` None: the demo is off, and `/` leads to the study."""
    sessions = Sessions(db, is_secure=settings.public_url.startswith("https://"))
    app = FastAPI(
        title="SkinReader",
        max_body_size=MAX_BODY_BYTES,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan(db),
    )
    app.add_exception_handler(RequestValidationError, not_understood)
    for kind, handler in ERROR_HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # Nobody hears the answer, and the log need not hear of it.
    app.add_exception_handler(ClientDisconnect, lambda *_: Response(status_code=400))
    _add_routes(app, db=db, sessions=sessions, public=public)
    if public:
        app.include_router(public.routes)
    _add_static(app, public)
    pages = _pages(db, settings, sessions=sessions, public=public)
    for page in pages:
        mount(app, page, sessions=sessions, private=settings.var)
    # Present, so that Gradio stops answering every origin with credentials; it allows none.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(FrontendAssets)
    app.add_middleware(OwnStreams, sessions=sessions)
    app.add_middleware(PlainEvents, events={p.path.rstrip("/"): p.blocks.fns for p in pages})
    app.add_middleware(Gate, sessions=sessions, public_url=_configured_url(settings))
    return app


def _add_routes(
    app: FastAPI,
    *,
    db: Database,
    sessions: Sessions,
    public: PublicPage | None,
) -> None:
    app.include_router(sign_in_routes(db, sessions))
    app.include_router(invitation_routes(db, sessions))
    app.include_router(join_routes(db))
    app.include_router(study_routes(db, sessions))
    app.include_router(rights_routes(db, sessions))
    app.include_router(result_routes(db, sessions))
    app.include_router(upload_routes(db, sessions))
    app.include_router(admin_routes(db, sessions))

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        """Reached only once the predictor is loaded and the pages are mounted."""
        return {"status": "ok", **(public.health() if public else {})}

    @app.get("/readyz")
    def readyz() -> Response:
        """Whether readers can be served now; 503 takes this server out of a balancer's list."""
        found = readiness(db) | {"checkpoint": "loaded" if public else "off"}
        is_ready = all(word in ("ok", "loaded", "off") for word in found.values())
        return JSONResponse(found, 200 if is_ready else 503)

    if public is None:

        @app.get("/")
        def no_demo() -> Response:
            return RedirectResponse("/study/", status_code=303)


def _add_static(app: FastAPI, public: PublicPage | None) -> None:
    if public:
        app.mount("/app-assets/demo", StaticFiles(directory=public.assets))
        app.mount("/app-assets/map", StaticFiles(directory=public.maps))
    app.mount("/app-assets", StaticFiles(directory=_ASSETS))


def _pages(
    db: Database, settings: Settings, *, sessions: Sessions, public: PublicPage | None
) -> tuple[Page, ...]:
    shared = _ASSETS / "pages.css"
    admin_guard, study_guard = allow(Zone.ADMIN, sessions), allow(Zone.STUDY, sessions)
    served = public.models if public else ()
    own = (
        Page(
            build_admin(db, guard=admin_guard, public_url=settings.public_url, served=served),
            path="/admin",
            zone=Zone.ADMIN,
            css=(shared, _ASSETS / "admin.css"),
            scripts=["/app-assets/admin_upload.js"],
        ),
        Page(
            build_study(db, guard=study_guard),
            path="/study",
            zone=Zone.STUDY,
            css=(shared, _ASSETS / "quiz.css"),
            scripts=[f"/app-assets/{name}.js" for name in _QUIZ_SCRIPTS],
        ),
    )
    # Last: it would swallow the others.
    return (*own, _public(public, shared)) if public else own


def _public(public: PublicPage, shared: Path) -> Page:
    return Page(
        public.blocks,
        path="/",
        zone=None,
        css=(shared, *sorted(public.assets.glob("*.css"))),
        scripts=[f"/app-assets/demo/{file.name}" for file in public.assets.glob("*.js")],
    )


def _configured_url(settings: Settings) -> str | None:
    """None when nobody set one: then whatever local address the browser used is right."""
    default = own_url(settings.host, settings.port)
    return None if settings.public_url == default else settings.public_url


def _lifespan(db: Database) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(_keep_clean, db)
            yield
            group.cancel_scope.cancel()
        db.close()

    return lifespan


async def _keep_clean(db: Database) -> None:
    """What was broken off does not wait for the next start."""
    while True:
        await anyio.sleep(_JANITOR_SECONDS)
        try:
            await anyio.to_thread.run_sync(clear_abandoned, db.images)
        except OSError:
            _log.exception("Broken-off uploads could not be cleared")
