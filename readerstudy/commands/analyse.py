"""`python -m readerstudy analyse`: files in, files out; no database, no torch."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from data.texts import file_names
from readerstudy.commands.outcome import check_folder, outcome
from readerstudy.files.read_tables import check_names, read_predictions, read_readings
from readerstudy.files.study_analysis import result_tables
from readerstudy.report.figures import render
from readerstudy.report.report import write_report
from readerstudy.stats import StatsError, analyse
from readerstudy.stats.figures.study_figures import describe

_REPLICATES = 2000
_MOST_REPLICATES = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `analyse`."""
    _add_inputs(parser)
    _add_choices(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    columns = "reader_id, case_id, truth, answer[, confidence, reader_kind, arm, advice]"
    add("--readings", type=Path, required=True, metavar="CSV", help=columns)
    models = "case_id, p_<class>...; repeat for several models"
    add("--predictions", action="append", default=[], metavar="NAME=CSV", help=models)
    add("--encoding", default="utf-8", help="of the CSV files (default: %(default)s)")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--classes",
        nargs="+",
        metavar="CLASS",
        help="the study's classes (default: those of truth and answers)",
    )
    add(
        "--positive",
        metavar="CLASS",
        help="report this class only; with two classes the model says it from 0.5",
    )
    add(
        "--rule",
        choices=("renormalise", "strict"),
        default="renormalise",
        help="how a model with more classes is restricted to the study's",
    )
    add(
        "--missing",
        choices=("omit", "wrong"),
        default="omit",
        help="what an empty answer counts as",
    )
    add(
        "--cluster",
        metavar="COLUMN",
        help="cases with the same value in this column of the readings are not independent",
    )
    add(
        "--margin",
        type=_margin,
        metavar="FRACTION",
        help="adds non-inferiority and equivalence, for example 0.05",
    )
    add(
        "--replicates",
        type=_replicates,
        default=_REPLICATES,
        metavar="N",
        help="of the two-way bootstrap (default: %(default)s; 0: none)",
    )
    add("--seed", type=_count, default=0, help="of the bootstrap (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 refused with the reason on standard error."""
    return outcome(lambda: "".join(f"{path}\n" for path in _run(args)))


def _run(args: argparse.Namespace) -> list[Path]:
    check_folder(args.out)
    readings = read_readings(args.readings, encoding=args.encoding, cluster=args.cluster)
    check_names(readings)
    predictions = read_models(args.predictions, args.encoding)
    analysis = analyse(
        readings,
        predictions,
        classes=args.classes,
        positive=args.positive,
        rule=args.rule,
        missing=args.missing,
        margin=args.margin,
        cluster=args.cluster,
        rng=np.random.default_rng(args.seed),
        replicates=args.replicates,
    )
    args.out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in result_tables(analysis).items():
        written.append(args.out / name)
        written[-1].write_bytes(content)
    described = describe(readings, predictions, analysis)
    drawn = {name: render(picture) for name, picture in described.items()}
    folder = args.out / "figures"
    _clear(folder)
    written += _write_pictures(drawn, folder, "svg")
    written += _write_pictures({n: render(p, "pdf") for n, p in described.items()}, folder, "pdf")
    return [*written, write_report(analysis, drawn, args.out / "report.html")]


def _clear(folder: Path) -> None:
    """Pictures of an earlier run into the same folder must not stand beside this one's."""
    for ending in ("svg", "pdf"):
        for old in folder.glob(f"*.{ending}"):
            old.unlink()


def _write_pictures(drawn: Mapping[str, bytes], folder: Path, ending: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    written = []
    for name, plain in file_names(drawn).items():
        path = folder / f"{plain}.{ending}"
        path.write_bytes(drawn[name])
        written.append(path)
    return written


def read_models(given: list[str], encoding: str) -> dict[str, pd.DataFrame]:
    """Tables of predictions from NAME=FILE."""
    tables: dict[str, pd.DataFrame] = {}
    for item in given:
        name, equals, path = item.partition("=")
        if not (name and equals and path):
            raise StatsError(
                f"Expected --predictions NAME=FILE, but got {item!r}; write for example "
                f"--predictions model={item or 'predictions.csv'}."
            )
        if name in tables:
            raise StatsError(f"Expected every model once, but got {name!r} twice; rename one.")
        tables[name] = read_predictions(Path(path), encoding=encoding)
    return tables


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"Expected a whole number from 0, but got {text!r}")
    return int(text)


def _replicates(text: str) -> int:
    number = _count(text)
    if number > _MOST_REPLICATES:
        raise argparse.ArgumentTypeError(
            f"Expected at most {_MOST_REPLICATES:,}, but got {text}; 2,000 are enough for intervals"
        )
    return number


def _margin(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f"Expected a fraction between 0 and 1, but got {text!r}; write 0.05 for 5 points"
        )
    return value
