"""Commands on a study after it was opened, on its copies, and on the audit trail."""

import argparse
from collections.abc import Callable
from pathlib import Path

from readerstudy.config import Settings
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, SignOff
from readerstudy.services.people import identities
from readerstudy.services.study import amendments, lifecycle, trail

Arguments = argparse.Namespace
Command = Callable[[Database, Arguments, Settings], None]


def _close(db: Database, args: Arguments, _settings: Settings) -> None:
    signed = SignOff(name=args.sign_off, statement=args.statement)
    lifecycle.close_study(db, actor=SYSTEM, slug=args.study, sign_off=signed)
    print(f"Closed {args.study}, signed off by {args.sign_off}.")


def _reopen(db: Database, args: Arguments, _settings: Settings) -> None:
    lifecycle.reopen_study(db, actor=SYSTEM, slug=args.study, reason=args.reason)
    print(f"Reopened {args.study}; its seal is unchanged.")


def _archive(db: Database, args: Arguments, _settings: Settings) -> None:
    lifecycle.archive_study(db, actor=SYSTEM, slug=args.study)
    print(f"Archived {args.study}; results and export stay.")


def _copy(db: Database, args: Arguments, _settings: Settings) -> None:
    lifecycle.copy_study(
        db,
        actor=SYSTEM,
        slug=args.study,
        new_slug=args.slug,
        title=args.title,
        with_cases=args.with_cases,
    )
    print(f"Made the draft {args.slug}, a copy of {args.study}.")


def _amend(db: Database, args: Arguments, _settings: Settings) -> None:
    amendments.amend_reference(
        db,
        actor=SYSTEM,
        slug=args.study,
        case_id=args.case,
        label=args.label,
        basis=args.basis,
        reason=args.reason,
    )
    print(f"Amended {args.case} of {args.study} to {args.label}.")


def _forget_contacts(db: Database, args: Arguments, _settings: Settings) -> None:
    count = identities.forget_contacts(db, actor=SYSTEM, slug=args.study)
    print(f"Deleted {count} names and addresses of {args.study}; codes and answers stay.")


def _trail(db: Database, args: Arguments, _settings: Settings) -> None:
    write_whole(args.out, trail.trail_csv(db, actor=SYSTEM, slug=args.study).encode())
    print(f"Wrote {args.out}.")


def write_whole(out: Path, content: bytes) -> None:
    """All of it or none: a file of that name stays until the new one is complete."""
    scratch = out.with_name(f".{out.name}.part")
    scratch.write_bytes(content)
    scratch.replace(out)


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", required=True, metavar="NAME", help="short name of the study")


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the audit trail")


def _add_close(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--sign-off", required=True, metavar="NAME", help="who signs")
    parser.add_argument(
        "--statement", required=True, metavar="TEXT", help="what that person states"
    )


def _add_reopen(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    _add_reason(parser)


def _add_copy(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--slug", required=True, metavar="NEW", help="short name of the copy")
    parser.add_argument("--title", required=True, help="its title")
    parser.add_argument("--with-cases", action="store_true", help="copy cases and images too")


def _add_amend(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--case", required=True, metavar="ID", help="name of the case")
    parser.add_argument("--label", required=True, metavar="CODE", help="the right class")
    parser.add_argument("--basis", required=True, metavar="TEXT", help="what it rests on")
    _add_reason(parser)


def _add_trail(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", metavar="NAME", help="of this study (default: of all)")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="file to write")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Command]] = {
    "close": ("end a study and sign it off", _add_close, _close),
    "reopen": ("let readers into a closed study again", _add_reopen, _reopen),
    "archive": ("put a closed study away for good", _add_study, _archive),
    "copy-study": ("make a draft like a study", _add_copy, _copy),
    "amend": ("mend a reference standard of a closed study", _add_amend, _amend),
    "forget-contacts": (
        "delete names and addresses of a closed study",
        _add_study,
        _forget_contacts,
    ),
    "trail": ("write the audit trail as a file", _add_trail, _trail),
}
