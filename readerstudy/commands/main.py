"""The command line: one function per command; a refusal is a sentence and exit status 2."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.taxonomy import load_taxonomy
from readerstudy.commands import accounts as cli_accounts
from readerstudy.commands import requests, study
from readerstudy.config import Settings, add_arguments, settings_from
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Rule
from readerstudy.domain.errors import StudyError
from readerstudy.domain.protocol import Protocol, Questions
from readerstudy.services import accounts, backups, setup
from readerstudy.services.intake import supports
from readerstudy.services.people import identities
from readerstudy.services.study import drafts, uploads
from readerstudy.services.study.study_file import read_study_file

EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130  # as shells count a program that Ctrl-C ended
# From files to files, by `readerstudy.commands.NAME`; these need no database.
_STATISTICS = {
    "analyse": "compare models with readers, from files to files; needs no database",
    "convert": "write and read files of iMRMC, MRMCaov and RJafroc; needs no database",
    "plan": "power of a future study from a pilot, from files to files; needs no database",
}

Arguments = argparse.Namespace
Command = Callable[[Database, Arguments, Settings], None]


def main(argv: Sequence[str]) -> int:
    try:
        parser = build_parser(with_statistics=not _STATISTICS.keys().isdisjoint(argv))
        return _run(parser.parse_args(argv))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except UserError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"Expected to read and write these files, but: {error}", file=sys.stderr)
    return EXIT_REFUSED


def build_parser(*, with_statistics: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m readerstudy", description="Run reader studies."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, add, run) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        add(command)
        add_arguments(command)
        command.set_defaults(run=run)
    for name, text in _STATISTICS.items():
        command = commands.add_parser(name, help=text, description=text)
        if with_statistics:
            # Importing the statistics takes seconds; the other commands must not wait for them.
            module = import_module(f"readerstudy.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(statistics=module.run)
    return parser


def _run(args: Arguments) -> int:
    if args.command in _STATISTICS:
        return int(args.statistics(args))
    settings = settings_from(args)
    with closing(setup.open_database(settings)) as db:
        if args.command not in ("init", "migrate", "restore"):
            db.check_version()
        args.run(db, args, settings)
    return 0


def _init(db: Database, _args: Arguments, settings: Settings) -> None:
    given = settings.admin_password
    done = setup.initialise(db, password=given.reveal() if given else None)
    print(f"Database: {settings.safe_database_url}")
    if done.demo is None:
        print(f"Demo study: none, since {done.why_no_demo}.")
    else:
        print(f"Demo study: {done.demo.slug}, {done.demo.n_cases} cases, {done.demo.state}")
    if done.drawn_password:
        print(f"First administrator: name {accounts.FIRST_ADMIN}, password {done.drawn_password}")
        print("This password is shown only now; write it down.")


def _migrate(db: Database, _args: Arguments, settings: Settings) -> None:
    db.migrate()
    print(f"The database is up to date: {settings.safe_database_url}")


def _invite(db: Database, args: Arguments, settings: Settings) -> None:
    for token in drafts.invite(db, actor=SYSTEM, slug=args.study, count=args.count):
        print(f"{settings.public_url}/invite/{token}")
    if settings.is_public_url_local:
        print(
            f"These links open only on this computer, since they begin with {settings.public_url}; "
            "set SKINREADER_PUBLIC_URL to the address that readers type, and invite again.",
            file=sys.stderr,
        )


def _create_study(db: Database, args: Arguments, _settings: Settings) -> None:
    arguments = _study_of_file(args) if args.file else _study_of_flags(args)
    drafts.create_study(db, actor=SYSTEM, **arguments)
    print(f"Made the study {arguments['slug']}.")


def _study_of_file(args: Arguments) -> dict[str, Any]:
    if args.slug or args.title or args.taxonomy:
        raise StudyError(
            "Expected --file alone, but got other settings beside it; write them into the file."
        )
    return read_study_file(args.file).arguments(folder=args.file.parent)


def _study_of_flags(args: Arguments) -> dict[str, Any]:
    if not (args.slug and args.title and args.taxonomy):
        raise StudyError(
            "Expected --slug, --title and --taxonomy, or --file, but not all were given; give them."
        )
    return {
        "slug": args.slug,
        "title": args.title,
        "taxonomy": load_taxonomy(args.taxonomy),
        "synthetic": args.synthetic,
        "rule": args.rule,
        "protocol": Protocol(questions=Questions(confidence=not args.no_confidence)),
    }


def _import_cases(db: Database, args: Arguments, _settings: Settings) -> None:
    if args.zip:
        count = uploads.import_cases_zip(db, actor=SYSTEM, slug=args.study, archive=args.zip)
    else:
        count = drafts.import_cases(db, actor=SYSTEM, slug=args.study, manifest=args.manifest)
    print(f"Imported {count} cases into {args.study}.")


def _import_predictions(db: Database, args: Arguments, _settings: Settings) -> None:
    count = drafts.import_predictions(
        db, actor=SYSTEM, slug=args.study, name=args.name, csv=args.csv
    )
    print(f"Imported the predictions of {args.name} for {count} cases.")


def _import_supports(db: Database, args: Arguments, _settings: Settings) -> None:
    count = supports.import_supports(
        db, actor=SYSTEM, slug=args.study, model=args.name, csv=args.csv
    )
    print(f"Imported {count} pictures beside the advice of {args.name}.")


def _open(db: Database, args: Arguments, _settings: Settings) -> None:
    seal = drafts.open_study(db, actor=SYSTEM, slug=args.study)
    print(f"Opened {args.study}; sealed with {seal}")


def _simulate(db: Database, args: Arguments, _settings: Settings) -> None:
    # numpy's start-up is not for the commands that need no numbers.
    from readerstudy.services.results.simulation import simulate_readers  # noqa: PLC0415

    count = simulate_readers(
        db, actor=SYSTEM, slug=args.study, readers=args.readers, seed=args.seed
    )
    print(f"Added {args.readers} simulated readers with {count} answers to {args.study}.")


def _export(db: Database, args: Arguments, _settings: Settings) -> None:
    content = _exported(db, args)
    study.write_whole(args.out, content)
    print(f"Wrote {args.out} ({len(content):,} bytes).")


def _exported(db: Database, args: Arguments) -> bytes:
    if args.identified:
        return identities.export_identities(db, actor=SYSTEM, slug=args.study)
    # The statistics take seconds to import.
    from readerstudy.services.results.results import export_bundle  # noqa: PLC0415

    return export_bundle(db, actor=SYSTEM, slug=args.study)


def _backup(db: Database, args: Arguments, _settings: Settings) -> None:
    count = backups.back_up(db, actor=SYSTEM, out=args.out)
    print(f"Wrote {args.out}: the database and {count} images.")


def _restore(db: Database, args: Arguments, _settings: Settings) -> None:
    count = backups.restore(db, actor=SYSTEM, source=args.source)
    db.migrate()
    print(f"Restored the database and {count} images from {args.source}.")


def _add_nothing(_parser: argparse.ArgumentParser) -> None:
    pass


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", required=True, metavar="NAME", help="short name of the study")


def _add_invite(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--count", type=int, default=1, help="how many links (default: 1)")


def _add_create_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="everything from one YAML or TOML file (docs/protocol.md)",
    )
    parser.add_argument("--slug", help="short name: small letters, digits, '-'")
    parser.add_argument("--title", help="title that readers see")
    parser.add_argument("--taxonomy", help="classes: ISIC2019, PUMCH14, DEMO8 or a JSON file")
    parser.add_argument(
        "--rule",
        choices=[rule.value for rule in Rule],
        default=Rule.RENORMALISE.value,
        help="how a model with more classes is restricted to the study's",
    )
    parser.add_argument("--synthetic", action="store_true", help="the images are synthetic")
    parser.add_argument("--no-confidence", action="store_true", help="do not ask for confidence")


def _add_import_cases(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--manifest", type=Path, metavar="CSV", help="case table")
    source.add_argument(
        "--zip", type=Path, metavar="ZIP", help="manifest.csv with its images in one file"
    )


def _add_import_predictions(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--name", required=True, help="name of the model in results")
    parser.add_argument(
        "--csv", type=Path, required=True, help="predictions; their .json lies beside them"
    )


def _add_import_supports(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--name", required=True, help="name of the model whose advice it is")
    parser.add_argument(
        "--csv", type=Path, required=True, help="table of pictures: case_id, kind, path, caption"
    )


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    parser.add_argument("--readers", type=int, default=280, help="how many (default: 280)")
    parser.add_argument("--seed", type=int, default=1, help="a new seed adds others (default: 1)")


def _add_export(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    _add_out(parser)
    parser.add_argument(
        "--identified",
        action="store_true",
        help="write a CSV of readers' codes and contacts instead, and nothing else",
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="ZIP", help="file to write")


def _add_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="ZIP", help="a backup"
    )


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Command]] = {
    "init": ("make database, first administrator and demo study", _add_nothing, _init),
    "migrate": ("bring the database to this version", _add_nothing, _migrate),
    **cli_accounts.COMMANDS,
    "create-study": ("make an empty study", _add_create_study, _create_study),
    "import-cases": ("add cases from a manifest", _add_import_cases, _import_cases),
    "import-predictions": ("add a model", _add_import_predictions, _import_predictions),
    "import-supports": (
        "add pictures beside a model's advice",
        _add_import_supports,
        _import_supports,
    ),
    "open": ("seal a study and let readers in", _add_study, _open),
    "invite": ("print personal links for readers", _add_invite, _invite),
    **requests.COMMANDS,
    "simulate": ("add simulated readers", _add_simulate, _simulate),
    "export": ("write readings, results and figures as one zip", _add_export, _export),
    **study.COMMANDS,
    "backup": ("copy database and images into one zip", _add_out, _backup),
    "restore": ("put a backup in place of nothing", _add_restore, _restore),
}
