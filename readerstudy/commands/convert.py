"""`python -m readerstudy convert`: to and from the files of iMRMC, MRMCaov and RJafroc."""

import argparse
import math
import re
from pathlib import Path

from data.texts import guarded
from readerstudy.commands.analyse import read_models
from readerstudy.commands.outcome import check_folder, outcome
from readerstudy.files.csvio import write_csv
from readerstudy.files.read_tables import read_readings
from readerstudy.interchange.files import READ, study_files
from readerstudy.interchange.ratings import Choice, tidy_of
from readerstudy.interchange.rjafroc import IDS
from readerstudy.stats import StatsError, build_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `convert`."""
    add = parser.add_argument
    formats = tuple(READ)
    add("--to", choices=formats, help="write a study's tables so, one file per class")
    add("--from", dest="source", choices=formats, help="read a file of this format")
    add("--out", type=Path, required=True, metavar="DIR")
    writing = parser.add_argument_group("with --to")
    writing.add_argument("--readings", type=Path, metavar="CSV", help="as for analyse")
    writing.add_argument(
        "--predictions", action="append", default=[], metavar="NAME=CSV", help="as for analyse"
    )
    writing.add_argument("--encoding", default="utf-8", help="of the CSV files")
    writing.add_argument(
        "--rating",
        choices=("call", "confidence"),
        default="call",
        help="1 for the class, 0 for others (default); or confidence and probability in per cent",
    )
    reading = parser.add_argument_group("with --from")
    reading.add_argument("file", type=Path, nargs="?", help="the file to read")
    reading.add_argument("--unaided", metavar="MODALITY", help="the readers' modality")
    reading.add_argument(
        "--aided", metavar="MODALITY", help="to be compared with it as aided reading"
    )
    reading.add_argument(
        "--model", action="append", default=[], metavar="NAME=MODALITY", help="a model's modality"
    )
    reading.add_argument(
        "--positive-from", type=_rating, metavar="RATING", help="ratings from here on mean present"
    )
    reading.add_argument("--present", default="present", help="name of the positive class")
    reading.add_argument("--absent", default="absent", help="name of the other class")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 refused with the reason on standard error."""
    return outcome(lambda: "".join(f"{path}\n" for path in _run(args)))


def _run(args: argparse.Namespace) -> list[Path]:
    if bool(args.to) == bool(args.source):
        raise StatsError("Expected one of --to and --from, but got both or none; choose one.")
    check_folder(args.out)
    return _export(args) if args.to else _import(args)


def _export(args: argparse.Namespace) -> list[Path]:
    if args.readings is None:
        raise StatsError("Expected --readings CSV with --to, but got none; give the readings.")
    models = read_models(args.predictions, args.encoding)
    study = build_study(read_readings(args.readings, encoding=args.encoding), models)
    files = study_files(study, format_=args.to, kind=args.rating)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (args.out / name).write_bytes(content)
    return [args.out / name for name in files if not name.endswith(IDS)]


def _import(args: argparse.Namespace) -> list[Path]:
    if args.file is None:
        raise StatsError("Expected a file to read with --from, but got none; name it.")
    ratings = READ[args.source](args.file)
    choice = Choice(
        unaided=args.unaided,
        aided=args.aided,
        models=tuple(_pair(item) for item in args.model),
        positive_from=args.positive_from,
        # As the writer guards the cells, so that the columns of predictions have the same names.
        present=guarded(args.present),
        absent=guarded(args.absent),
    )
    readings, predictions = tidy_of(ratings, choice)
    tables = {"readings.csv": readings}
    tables |= {f"predictions_{name}.csv": table for name, table in predictions.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        columns = [str(column) for column in table.columns]
        cells = table.itertuples(index=False)
        text = write_csv(columns, (dict(zip(columns, row, strict=True)) for row in cells))
        (args.out / name).write_bytes(text.encode())
    return [args.out / name for name in tables]


def _rating(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"Expected a number, a rating, but got {text!r}")
    return value


def _pair(item: str) -> tuple[str, str]:
    name, equals, modality = item.partition("=")
    if not (equals and modality and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)):
        raise StatsError(
            f"Expected --model NAME=MODALITY with a name of letters, digits, '.', '_' and '-', but "
            f"got {item!r}."
        )
    return name, modality
