"""Asking to take part in a study: a plain page that anybody may open."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from readerstudy.db import Database
from readerstudy.domain import ContactData
from readerstudy.domain.errors import NotFoundError, StudyError, ThrottledError
from readerstudy.services.people.requests import ask_access, look_up_join
from readerstudy.ui.plain_page import caller_address, plain_message, plain_page
from readerstudy.ui.translations import language_of, words

_EMPTY = ContactData()


def join_routes(db: Database) -> APIRouter:
    router = APIRouter()

    @router.get("/join/{slug}")
    def show_join(request: Request, slug: str) -> Response:
        return _page(db, request, slug)

    @router.post("/join/{slug}")
    def ask(
        request: Request,
        slug: str,
        name: Annotated[str, Form()] = "",
        email: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
    ) -> Response:
        given = ContactData(name.strip(), email.strip(), note.strip())
        try:
            ask_access(db, slug=slug, contact=given, address=caller_address(request))
        except NotFoundError:
            return _none(request)
        except ThrottledError:
            return _page(db, request, slug, given, problem="join.too_many", status=429)
        except StudyError:
            return _page(db, request, slug, given, problem="join.wrong", status=422)
        t = words(language_of(request))
        heading, text = t["join.done"], t["join.done.what"]
        return plain_message(request, heading=heading, text=text, is_door=False)

    return router


def _page(
    db: Database,
    request: Request,
    slug: str,
    given: ContactData = _EMPTY,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    try:
        view = look_up_join(db, slug=slug)
    except NotFoundError:
        return _none(request)
    return plain_page(
        request, "join.html", view=view, slug=slug, given=given, problem=problem, status=status
    )


def _none(request: Request) -> Response:
    t = words(language_of(request))
    heading, text = t["join.none"], t["join.none.what"]
    return plain_message(request, heading=heading, text=text, status=404, is_door=False)
