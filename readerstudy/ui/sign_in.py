"""Signing in and out, invitations and the language: plain pages that work without scripts."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from readerstudy.db import Database
from readerstudy.domain.errors import CrowdedError, SignInError, StudyError
from readerstudy.services.accounts import sign_in
from readerstudy.services.reading.joining import accept_invitation, look_up_invitation
from readerstudy.ui.account import account_routes, crowded
from readerstudy.ui.plain_page import MAX_FORM_BYTES, caller_address, plain_message, plain_page
from readerstudy.ui.security.hashing import Hashing
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.translations import LANGUAGE_COOKIE, LANGUAGES, language_of, words

_YEAR_SECONDS = 365 * 24 * 3600


def sign_in_routes(db: Database, sessions: Sessions) -> APIRouter:
    """And the pages of accounts. Passwords are hashed on a thread of their own."""
    router, hashing = APIRouter(), Hashing()
    router.include_router(account_routes(db, sessions, hashing))

    @router.get("/login")
    def login_page(request: Request) -> Response:
        return plain_page(request, "login.html", name="", problem="")

    @router.post("/login", max_body_size=MAX_FORM_BYTES)
    async def login(
        request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> Response:
        def enter() -> str:
            token = sign_in(db, name=name, password=password, address=caller_address(request))
            sessions.end(request, Zone.ADMIN)  # whoever used this browser before
            return token

        try:
            token = await hashing.run(enter)
        except CrowdedError:
            problem = crowded(request)
            return plain_page(request, "login.html", status=503, name=name, problem=problem)
        except SignInError as error:
            return plain_page(request, "login.html", status=401, name=name, problem=str(error))
        response = RedirectResponse("/admin/", status_code=303)
        sessions.open(response, Zone.ADMIN, token)
        return response

    @router.post("/logout")
    def logout(request: Request) -> Response:
        response = RedirectResponse("/login", status_code=303)
        for zone in Zone:
            sessions.close(request, response, zone)
        return response

    @router.get("/language/{code}")
    def choose_language(code: str, back: str = "/study/") -> Response:
        is_local = back.startswith("/") and not back.startswith(("//", "/\\"))
        response = RedirectResponse(back if is_local else "/study/", status_code=303)
        if code in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_SECONDS, samesite="lax")
        return response

    return router


def invitation_routes(db: Database, sessions: Sessions) -> APIRouter:
    """Opening a link only shows it: previews of messengers open links too."""
    router = APIRouter()

    @router.get("/invite")
    def invitation_needed(request: Request) -> Response:
        t = words(language_of(request))
        return plain_message(request, heading=t["invite.needed"], text=t["invite.needed.what"])

    @router.get("/invite/{token}")
    def show_invitation(request: Request, token: str) -> Response:
        try:
            view = look_up_invitation(db, token=token)
        except StudyError as error:
            return _no_invitation(request, error)
        return plain_page(request, "invite.html", view=view, token=token)

    @router.post("/invite/{token}")
    def take_invitation(request: Request, token: str) -> Response:
        try:
            session = accept_invitation(db, token=token)
        except StudyError as error:
            return _no_invitation(request, error)
        response = RedirectResponse("/study/", status_code=303)
        sessions.open(response, Zone.STUDY, session)
        return response

    return router


def not_understood(request: Request, _: Exception) -> Response:
    """A sentence in the reader's language, and nothing of what was sent."""
    t = words(language_of(request))
    if "-api/" in request.url.path:
        return JSONResponse({"detail": t["request.bad.what"]}, status_code=422)
    heading, text = t["request.bad"], t["request.bad.what"]
    return plain_message(request, heading=heading, text=text, status=422)


def _no_invitation(request: Request, error: StudyError) -> Response:
    heading = words(language_of(request))["invite.gone"]
    return plain_message(request, heading=heading, text=str(error), status=404)
