"""Puts a Gradio page under its path behind its walls, and guards each of its handlers."""

import functools
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

import gradio as gr
from fastapi import FastAPI, Request

from data.errors import UserError
from readerstudy.domain import Actor
from readerstudy.ui.security.sessions import Sessions, Zone

_log = logging.getLogger(__name__)
_PUBLIC: Final = "public"
_THREADS: Final = 48
_POLL_SECONDS: Final = 0.05
_PROGRESS_SECONDS: Final = 0.5
_FONT = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "PingFang SC", "Noto Sans SC"]

Handler = Callable[..., Any]
Guard = Callable[[Handler], Handler]


class UnguardedHandlerError(RuntimeError):
    """A page has a handler that does not say who may call it; the server must not start."""


def allow(zone: Zone, sessions: Sessions) -> Guard:
    """Each call is checked anew on the server: hiding a Gradio component protects nothing."""

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            request = _request_of(args, kwargs)
            actor = sessions.admitted(request, zone)
            if actor is None:
                raise gr.Error("Your sign-in has ended. Sign in again.", print_exception=False)
            request.state.actor = actor
            return _call(handler, *args, **kwargs)

        return _marked(guarded, zone.name)

    return decorate


def allow_anyone(handler: Handler) -> Handler:
    @functools.wraps(handler)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return _call(handler, *args, **kwargs)

    return _marked(guarded, _PUBLIC)


def actor_of(request: gr.Request) -> Actor:
    """The caller that `allow` found for this very request."""
    actor: Actor = request.request.state.actor
    return actor


@dataclass(frozen=True)
class Page:
    """One Gradio page and where it lives. `zone` None means that everybody may see it."""

    blocks: gr.Blocks
    path: str
    zone: Zone | None
    css: Sequence[Path] = ()
    scripts: Sequence[str] = ()


def mount(app: FastAPI, page: Page, *, sessions: Sessions, private: Path) -> None:
    """`private` is never served, whatever a handler returns. Mount the page at `/` last."""
    _check_guarded(page)
    blocks = page.blocks
    blocks.has_launched = True  # inputs of mounted apps are accepted only if uploaded
    blocks.state_session_capacity = 500  # the client invents session names, each costs memory
    # Not 40, for which Gradio takes the threads that answer all other requests.
    blocks.max_threads = _THREADS
    blocks.queue(api_open=False, status_update_rate=10, default_concurrency_limit=8, max_size=300)
    # Gradio looks 1,000 and 100 times a second, for each page, whether there is something to do.
    queue = blocks._queue  # noqa: SLF001 -- there is no setting for it
    queue.sleep_when_free, queue.progress_update_sleep_when_free = _POLL_SECONDS, _PROGRESS_SECONDS
    gr.mount_gradio_app(
        app,
        blocks,
        path=page.path,
        # Not unset: behind a proxy the addresses of files would lose the prefix.
        root_path=page.path.rstrip("/"),
        auth_dependency=_auth_dependency(page.zone, sessions),
        show_error=False,
        max_file_size="20mb",
        footer_links=[],
        run_history=False,
        mcp_server=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        blocked_paths=[str(private)],
        theme=theme(),
        css_paths=list(page.css),
        head="".join(f'<script src="{source}" defer></script>' for source in page.scripts),
    )


def theme() -> gr.themes.Base:
    """Quiet surfaces, one accent, the system's own fonts (nothing is fetched from elsewhere)."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        font=[*_FONT, "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
        text_size=gr.themes.sizes.text_md,
    ).set(
        body_background_fill="#f6f8f9",
        body_background_fill_dark="#0e1417",
        background_fill_primary_dark="#151d21",
        background_fill_secondary_dark="#11181b",
        body_text_color="#17232a",
        body_text_color_dark="#e6edf0",
        body_text_color_subdued="#54666f",
        body_text_color_subdued_dark="#9fb0b8",
        block_background_fill="#ffffff",
        block_background_fill_dark="#151d21",
        block_border_color="#dfe6e9",
        block_border_color_dark="#263238",
        block_shadow="none",
        checkbox_border_radius="4px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="#0e1417",
        input_border_width="1px",
        input_border_color="#b6c2c8",
        input_border_color_dark="#37474f",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_dark="#0f766e",
        button_primary_background_fill_hover_dark="#0d9488",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        link_text_color="#0f766e",
        link_text_color_dark="#5eead4",
    )


def _request_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
    found = next(x for x in (*args, *kwargs.values()) if isinstance(x, gr.Request))
    request: Request = found.request
    return request


def _call(handler: Handler, *args: Any, **kwargs: Any) -> Any:
    """The person reads a sentence; the operator finds the traceback under the same code."""
    try:
        return handler(*args, **kwargs)
    except gr.Error as error:
        raise _shown(error.message) from error
    except UserError as error:
        raise _shown(str(error)) from error
    except Exception as error:
        code = secrets.token_hex(3)
        _log.exception("Page handler %s failed, code %s", handler.__name__, code)
        raise _shown(
            f"Something went wrong here. The log has the details under code {code}."
        ) from error


def _shown(sentence: str) -> gr.Error:
    """The page shows an error as markup, and a refusal quotes what came: the one way out of both.

    Quotation marks are harmless between tags, and clients of the interface read them as they are.
    """
    return gr.Error(escape(sentence, quote=False), print_exception=False)


def _marked(guarded: Handler, zone: str) -> Handler:
    guarded.allowed_zone = zone  # type: ignore[attr-defined]
    return guarded


def _check_guarded(page: Page) -> None:
    expected = page.zone.name if page.zone else _PUBLIC
    for event in page.blocks.fns.values():
        zone = getattr(event.fn, "allowed_zone", None)
        if event.fn is not None and zone != expected:
            raise UnguardedHandlerError(
                f"Expected handler {event.name!r} of {page.path} to be guarded for {expected}, "
                f"but got {zone}; wrap it with the guard that the page was built with."
            )


def _auth_dependency(zone: Zone | None, sessions: Sessions) -> Callable[[Request], Any] | None:
    if zone is None:
        return None

    async def user(request: Request) -> str | None:
        actor = await sessions.actor_soon(request, zone)
        return actor.name or actor.role if actor and actor.role in zone.roles else None

    return user
