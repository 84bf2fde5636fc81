"""One's own password, and the accounts of everybody for owners: plain pages without a script."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Request, Response

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.domain.errors import CrowdedError, PermissionDenied, StudyError
from readerstudy.domain.permissions import Permission, may
from readerstudy.services import accounts
from readerstudy.services.people import staff
from readerstudy.services.study import trail
from readerstudy.ui.plain_page import MAX_FORM_BYTES, caller_address, plain_page
from readerstudy.ui.security.hashing import Hashing
from readerstudy.ui.security.sessions import Sessions, Zone
from readerstudy.ui.translations import language_of, words

_SHOWN_EVENTS = 50
_ACTIONS: Final = {
    "disable": staff.disable_account,
    "enable": staff.enable_account,
    "sessions": staff.end_sessions,
}
Text = Annotated[str, Form()]


def account_routes(db: Database, sessions: Sessions, hashing: Hashing) -> APIRouter:
    router = APIRouter()
    router.include_router(_own_routes(db, sessions, hashing))
    router.include_router(_owner_routes(db, sessions, hashing))
    return router


def _own_routes(db: Database, sessions: Sessions, hashing: Hashing) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]

    @router.get("/account")
    def show_account(request: Request, actor: Staff) -> Response:
        return _own_page(request, actor)

    @router.post("/account", max_body_size=MAX_FORM_BYTES)
    async def change_password(
        request: Request, actor: Staff, old: Text = "", new: Text = "", again: Text = ""
    ) -> Response:
        if new != again:
            t = words(language_of(request))
            return _own_page(request, actor, problem=t["account.differs"], status=422)
        address = caller_address(request)
        try:
            token = await hashing.run(
                lambda: accounts.change_password(db, actor=actor, old=old, new=new, address=address)
            )
        except CrowdedError:
            return _own_page(request, actor, problem=crowded(request), status=503)
        except StudyError as error:
            return _own_page(request, actor, problem=str(error), status=422)
        sessions.forget_seen()
        response = _own_page(request, actor, is_done=True)
        sessions.open(response, Zone.ADMIN, token)
        return response

    return router


def _owner_routes(db: Database, sessions: Sessions, hashing: Hashing) -> APIRouter:
    router = APIRouter(prefix="/admin-api")
    Staff = Annotated[Actor, Depends(sessions.required(Zone.ADMIN))]

    def changed(request: Request, actor: Actor, change: Callable[[], None]) -> Response:
        """The page after the change, or with the reason why there is none."""
        try:
            change()
        except PermissionDenied:
            raise
        except StudyError as error:
            return _accounts_page(db, request, actor, problem=str(error), status=422)
        sessions.forget_seen()
        return _accounts_page(db, request, actor)

    @router.get("/accounts")
    def show_accounts(request: Request, actor: Staff) -> Response:
        return _accounts_page(db, request, actor)

    @router.get("/trail.csv")
    def whole_trail(actor: Staff) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="trail.csv"'}
        content = trail.trail_csv(db, actor=actor)
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    @router.post("/accounts/password", max_body_size=MAX_FORM_BYTES)
    async def set_password(
        request: Request, actor: Staff, name: Text = "", password: Text = ""
    ) -> Response:
        change = partial(staff.set_password, db, actor=actor, name=name, password=password)
        try:
            return await hashing.run(lambda: changed(request, actor, change))
        except CrowdedError:
            said = partial(_accounts_page, problem=crowded(request), status=503)
            return await run_sync(said, db, request, actor)

    @router.post("/accounts/{action}", max_body_size=MAX_FORM_BYTES)
    def change_account(
        request: Request,
        actor: Staff,
        action: Literal["disable", "enable", "sessions"],
        name: Text = "",
    ) -> Response:
        return changed(request, actor, partial(_ACTIONS[action], db, actor=actor, name=name))

    return router


def crowded(request: Request) -> str:
    return words(language_of(request))["login.crowded"]


def _accounts_page(
    db: Database, request: Request, actor: Actor, *, problem: str = "", status: int = 200
) -> Response:
    return plain_page(
        request,
        "accounts.html",
        status=status,
        problem=problem,
        me=actor.name,
        accounts=staff.list_accounts(db, actor=actor),
        trail=trail.trail(db, actor=actor, most=_SHOWN_EVENTS),
    )


def _own_page(
    request: Request, actor: Actor, *, problem: str = "", is_done: bool = False, status: int = 200
) -> Response:
    return plain_page(
        request,
        "account.html",
        status=status,
        name=actor.name,
        role=actor.role,
        problem=problem,
        is_done=is_done,
        sees_accounts=actor.study_id is None and may(actor, Permission.MANAGE),
    )
