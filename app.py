"""Composition root: settings, database, predictor, pages, server. `python app.py --help`."""

import logging
import os
import shutil
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from data.errors import UserError
from readerstudy.config import Settings, add_arguments, settings_from
from readerstudy.db import Database
from readerstudy.domain.errors import ConfigError
from readerstudy.log_file import LogFile
from readerstudy.services.accounts import FIRST_ADMIN
from readerstudy.services.intake.staging import clear_abandoned
from readerstudy.services.setup import initialise, open_database
from readerstudy.services.study.exposure import exposed_studies, exposed_words
from readerstudy.ui.security.connections import BACKLOG, Shares, connection_class, limits_here

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from model.inference.predictor import Predictor
    from readerstudy.ui.site import PublicPage

_log = logging.getLogger("skinreader")
_EXIT_INTERRUPTED = 130  # as shells count a program that Ctrl-C ended
_GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # no telemetry, no look for a newer version
    "HF_HUB_DISABLE_TELEMETRY": "True",
    # Else a table of all past events is rebuilt after every event.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_RUN_HISTORY": "False",  # else a shared computer shows the last visitor's pictures
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 once stopped or checked, 2 with a sentence when it cannot start, 130 after Ctrl-C."""
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"Expected to read and write these files, but: {error}", file=sys.stderr)  # noqa: T201
    return 2


def _main(arguments: Sequence[str] | None) -> int:
    parser = ArgumentParser(prog="app.py", description="Serve SkinReader.")
    parser.add_argument("--check", action="store_true", help="build everything, then exit")
    add_arguments(parser)
    parsed = parser.parse_args(arguments)
    settings = settings_from(parsed)
    # First: a second start must not touch the files of the server that runs.
    listener = None if parsed.check else listen(settings)
    prepare(settings)
    app = build_app(settings)
    if listener is None:
        print("Everything is in place.")  # noqa: T201
    else:
        _forget_uploads(settings)
        _serve(app, settings, listener)
    return 0


def listen(settings: Settings) -> socket.socket:
    """The open port. Raises ConfigError when it is taken or not ours to open."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio switches off the waiting of small packets only for what is said to be TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except (OSError, UnicodeError) as error:  # Unicode: a name that no host can have
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"Expected to serve on {settings.host}, port {settings.port}, but it cannot be opened "
            f"({reason}); is SkinReader running already? Stop it, or choose another port "
            "with SKINREADER_PORT."
        ) from error
    return listener


def prepare(settings: Settings) -> None:
    """Folders, log and Gradio's environment; before the first import of gradio."""
    settings.make_var()
    uploads = settings.var / "uploads"
    for folder in (uploads, settings.var / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    _start_log(settings.var / "log" / "skinreader.log")
    os.environ.update(_GRADIO, GRADIO_TEMP_DIR=str(uploads))


def build_app(settings: Settings, *, predictors: "Sequence[Predictor] | None" = None) -> "FastAPI":
    """Everything but the socket. Without `predictors`, all checkpoints of the folder are loaded."""
    # Not above: gradio reads the environment that `prepare` sets.
    from readerstudy.ui.site import build_site  # noqa: PLC0415

    db = _initialised(settings)
    public = _public_page(settings, predictors) if settings.has_demo else None
    if public:
        for slug, names in exposed_studies(db, served=public.models).items():
            _log.warning("%s", exposed_words(slug, names))
    return build_site(settings, db=db, public=public)


def _public_page(settings: Settings, predictors: "Sequence[Predictor] | None") -> "PublicPage":
    # Not above: torch takes seconds.
    from model.demo.page import ASSETS, build_demo  # noqa: PLC0415
    from model.feature_map.files import publish_all  # noqa: PLC0415
    from model.inference.predictor import load_predictors  # noqa: PLC0415
    from model.saliency.checks.trust import read_all_trust  # noqa: PLC0415
    from readerstudy.ui.gradio_page import allow_anyone  # noqa: PLC0415
    from readerstudy.ui.plain_page import caller_network  # noqa: PLC0415
    from readerstudy.ui.site import PublicPage  # noqa: PLC0415

    ready = predictors or load_predictors(settings.checkpoints)
    for predictor in ready:
        _log.info("Serving checkpoint %s (sha256 %s)", predictor.card.name, predictor.card.sha256)
    cards = [predictor.card for predictor in ready]
    trust = read_all_trust(settings.checkpoints, cards)
    maps = publish_all(cards, source=settings.checkpoints, folder=settings.var / "maps")
    blocks, routes = build_demo(
        ready, guard=allow_anyone, visitor_of=caller_network, trust=trust, maps=maps
    )
    return PublicPage(
        blocks=blocks,
        routes=routes,
        assets=ASSETS,
        maps=settings.var / "maps",
        health=lambda: {"checkpoint": ready[0].card.name},
        models=[card.name for card in cards],
    )


def _initialised(settings: Settings) -> Database:
    """As `python -m readerstudy init`: a new folder works without it."""
    db = open_database(settings)
    given = settings.admin_password
    setup = initialise(db, password=given.reveal() if given else None)
    if setup.drawn_password:
        print(f"First administrator: {FIRST_ADMIN}, password: {setup.drawn_password}")  # noqa: T201
    return db


def _forget_uploads(settings: Settings) -> None:
    """A server that was killed could not delete what it held."""
    for left in (settings.var / "uploads").iterdir():
        shutil.rmtree(left, ignore_errors=True)
    clear_abandoned(settings.cases)


def _serve(app: "FastAPI", settings: Settings, listener: socket.socket) -> None:
    print(f"SkinReader: {settings.public_url}", flush=True)  # noqa: T201
    uvicorn.Server(server_config(app, settings)).run(sockets=[listener])


def server_config(app: "ASGIApp", settings: Settings) -> uvicorn.Config:
    """How the application is served: whom it believes, what it waits for, what it writes down."""
    limits = limits_here(settings.trusted_proxies)
    _log.info("At most %d connections, %d of one address", limits.total, limits.per_address)
    return uvicorn.Config(
        Shares(app, limits),
        http=connection_class(limits),
        ws="none",
        backlog=BACKLOG,
        limit_concurrency=limits.total + 1,  # also of handlers whose client has left
        log_config=None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        access_log=False,  # invitation links are secrets, and addresses of readers are not ours
        timeout_graceful_shutdown=3,
    )


def _start_log(file: Path) -> None:
    """Tracebacks go here, never into a page."""
    logging.basicConfig(level=logging.INFO, handlers=[LogFile(str(file))])
    # They would write a line for every request and every letter of every font.
    for chatty in ("httpx", "fontTools", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
