"""Commands on the accounts of those who run studies."""

import argparse
import sys
import warnings
from getpass import GetPassWarning, getpass

from readerstudy.config import Settings
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Role
from readerstudy.domain.errors import StudyError
from readerstudy.services import accounts
from readerstudy.services.people import staff

_PASSWORD = "SKINREADER_ADMIN_PASSWORD"  # noqa: S105 -- the name of the variable

Arguments = argparse.Namespace


def _create_admin(db: Database, args: Arguments, settings: Settings) -> None:
    accounts.create_admin(
        db,
        actor=SYSTEM,
        name=args.name,
        password=_password(args, settings),
        role=Role(args.role),
        study=args.study,
    )
    print(f"Made the account {args.name} ({args.role}).")


def _set_password(db: Database, args: Arguments, settings: Settings) -> None:
    staff.set_password(db, actor=SYSTEM, name=args.name, password=_password(args, settings))
    print(f"Set the password of {args.name}, who is signed out everywhere.")


def _password(args: Arguments, settings: Settings) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if settings.admin_password:
        return settings.admin_password.reveal()
    try:
        with warnings.catch_warnings():
            # Python's way of saying that there is no terminal to ask at.
            warnings.simplefilter("error", GetPassWarning)
            return getpass("Password: ")
    except (GetPassWarning, EOFError) as error:
        raise StudyError(
            "Expected a terminal to ask for the password, but there is none; pipe the password in "
            f"with --password-stdin, or set {_PASSWORD}."
        ) from error


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


def _add_create_admin(parser: argparse.ArgumentParser) -> None:
    roles = [role.value for role in Role if role is not Role.READER]
    _add_password(parser)
    parser.add_argument("--role", choices=roles, default=Role.OWNER.value, help="what it may do")
    parser.add_argument("--study", metavar="NAME", help="only in this study (default: in all)")


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="name to sign in with")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    parser.epilog = f"The password is asked for, or taken from {_PASSWORD}."


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="name of the account")


COMMANDS = {
    "create-admin": ("make an account", _add_create_admin, _create_admin),
    "set-password": ("give an account a new password", _add_password, _set_password),
    "accounts": ("list the accounts", _add_nothing, _accounts),
    "disable-account": ("let an account sign in no more, and sign it out", _add_name, _disable),
    "enable-account": ("let a disabled account sign in again", _add_name, _enable),
    "end-sessions": ("sign an account out everywhere", _add_name, _end_sessions),
}
