"""Commands on the accounts of those who run studies."""

import argparse

from readerstudy.config import Settings
from readerstudy.db import Database
from readerstudy.entities import SYSTEM
from readerstudy.services import staff

Arguments = argparse.Namespace


def _accounts(db: Database, _args: Arguments, _settings: Settings) -> None:
    for its in staff.list_accounts(db, actor=SYSTEM):
        state = "disabled" if its.is_disabled else f"sessions: {its.n_sessions}"
        print(f"{its.name}  {its.role}  {its.study or 'every study'}  {state}")


def _disable(db: Database, args: Arguments, _settings: Settings) -> None:
    staff.disable_account(db, actor=SYSTEM, name=args.name)
    print(f"Disabled {args.name}, who is signed out everywhere.")


def _enable(db: Database, args: Arguments, _settings: Settings) -> None:
    staff.enable_account(db, actor=SYSTEM, name=args.name)
    print(f"Enabled {args.name}, with the password of before.")


def _end_sessions(db: Database, args: Arguments, _settings: Settings) -> None:
    staff.end_sessions(db, actor=SYSTEM, name=args.name)
    print(f"Signed {args.name} out everywhere.")


def _add_nothing(_parser: argparse.ArgumentParser) -> None:
    pass


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="name of the account")


COMMANDS = {
    "accounts": ("list the accounts", _add_nothing, _accounts),
    "disable-account": ("let an account sign in no more, and sign it out", _add_name, _disable),
    "enable-account": ("let a disabled account sign in again", _add_name, _enable),
    "end-sessions": ("sign an account out everywhere", _add_name, _end_sessions),
}
