"""Commands on who asks to take part."""

import argparse

from readerstudy.config import Settings
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, RequestState
from readerstudy.domain.lifetimes import INVITATION_LIFE
from readerstudy.services.people import requests

Arguments = argparse.Namespace


def _requests(db: Database, args: Arguments, settings: Settings) -> None:
    if args.allow or args.stop:
        requests.allow_requests(db, actor=SYSTEM, slug=args.study, is_allowed=args.allow)
        says = f"taken at {settings.public_url}/join/{args.study}" if args.allow else "not taken"
        print(f"Requests for {args.study} are {says}.")
        return
    found = requests.list_requests(db, actor=SYSTEM, slug=args.study)
    for its in found:
        if its.state is RequestState.PENDING:
            said = " | ".join(text for text in vars(its.contact).values() if text)
            print(f"{its.number}  {its.requested_at:%Y-%m-%d}  {said}")
    waiting = sum(its.state is RequestState.PENDING for its in found)
    print(f"{waiting} of {len(found)} requests wait.")


def _approve(db: Database, args: Arguments, settings: Settings) -> None:
    token = requests.approve_request(
        db, actor=SYSTEM, slug=args.study, number=args.number, days=args.days
    )
    print(f"{settings.public_url}/invite/{token}")


def _refuse(db: Database, args: Arguments, _settings: Settings) -> None:
    requests.refuse_request(db, actor=SYSTEM, slug=args.study, number=args.number)
    print(f"Refused request {args.number}; what the person wrote is deleted.")


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", required=True, metavar="NAME", help="short name of the study")


def _add_requests(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--allow", action="store_true", help="let people ask at /join/NAME")
    switch.add_argument("--stop", action="store_true", help="let nobody ask any more")


def _add_number(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--number", type=int, required=True, help="of the request")


def _add_approve(parser: argparse.ArgumentParser) -> None:
    _add_number(parser)
    life = INVITATION_LIFE.days
    parser.add_argument(
        "--days", type=int, default=life, help=f"how long the link is valid (default: {life})"
    )


COMMANDS = {
    "requests": ("list who asks to take part, or let people ask", _add_requests, _requests),
    "approve-request": ("print a personal link for one of them", _add_approve, _approve),
    "refuse-request": ("refuse one and delete what was written", _add_number, _refuse),
}
