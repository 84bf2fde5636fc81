"""`python -m data import|fetch-isic|split|check`: arguments in, sentences and exit codes out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from data.commands import check, fetch_isic, import_cases
from data.csv_tables import read_csv, refuse_existing, refuse_source
from data.errors import UserError
from data.manifest import file_sha256, read_manifest
from data.split_file import write_split
from data.splits import SplitError, check_leaks, group_ids, split

EXIT_OK, EXIT_USER_ERROR, EXIT_INTERRUPTED = 0, 2, 130
SHARES = {"train": 0.65, "tuning": 0.15, "test": 0.2}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error the user can mend is one sentence on stderr and exit code 2."""
    options = make_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
    except OSError as error:
        sys.stderr.write(f"error: Expected to read and write files, but {error}; check the path.\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; give the same command again.\n")
        return EXIT_INTERRUPTED
    return EXIT_USER_ERROR


def make_parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    parser = argparse.ArgumentParser(
        prog="python -m data", description="Images and labels into manifests, splits and checks."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    import_cases.add_arguments(
        commands.add_parser("import", help="make a manifest of a folder, a table or a data set")
    )
    fetch_isic.add_arguments(
        commands.add_parser("fetch-isic", help="download a search of the ISIC archive")
    )
    _add_split(commands.add_parser("split", help="divide a manifest by patient and lesion"))
    check.add_arguments(
        commands.add_parser(
            "check", help="find what parts or manifests share: exit status 1 if any"
        )
    )
    return parser


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("manifest", type=Path, help="manifest CSV")
    parser.add_argument("--out", type=Path, required=True, help="the split to write, a .csv file")
    parser.add_argument("--seed", type=int, default=1, help="of the order of groups (default: 1)")
    parser.add_argument(
        "--share",
        action="append",
        metavar="PART=SHARE",
        help="a part and its share, repeated (default: train=0.65 tuning=0.15 test=0.2)",
    )
    parser.add_argument(
        "--join", type=Path, metavar="PAIRS", help="pairs of `check` to keep in one part"
    )
    _add_overwrite(parser)
    parser.set_defaults(run=_split)


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")


def _split(options: argparse.Namespace) -> int:
    refuse_existing(options.out, overwrite=options.overwrite)
    refuse_source(options.out, [options.manifest])
    shares = _shares(options.share)
    cases = read_manifest(options.manifest)
    cases["sha256"] = [file_sha256(Path(path)) for path in cases["path"]]
    same = _pairs(options.join) if options.join else []
    parts = split(cases, fractions=shares, seed=options.seed, same=same)
    check_leaks(cases, parts)
    write_split(cases["case_id"], parts, options.out, seed=options.seed, fractions=shares)
    print(describe_split(cases, parts, group_ids(cases, same=same), list(shares)))
    print(f"Written to {options.out}.")
    return EXIT_OK


def _shares(given: list[str] | None) -> dict[str, float]:
    if not given:
        return SHARES
    try:
        pairs = [text.split("=") for text in given]
        shares = {name.strip(): float(share) for name, share in pairs}
    except ValueError:
        shares = {}
    if not all(shares) or len(shares) < len(given):
        raise SplitError(
            f"Expected shares such as train=0.8 of parts with different names, but got "
            f"{' '.join(given)}; mend them."
        )
    return shares


def _pairs(path: Path) -> list[tuple[str, str]]:
    table = read_csv(path)
    missing = [name for name in ("case_a", "case_b") if name not in table.columns]
    if missing:
        raise SplitError(
            f"Expected the pairs that `python -m data check` writes, but {path.name} has no "
            f"{' and no '.join(missing)}; give that file."
        )
    return list(zip(table["case_a"], table["case_b"], strict=True))


def describe_split(
    cases: pd.DataFrame, parts: pd.Series, groups: pd.Series, names: list[str]
) -> str:
    """The parts for people: cases per class and part, groups, and what is missing."""
    table = pd.crosstab(cases["label"], parts).reindex(columns=names, fill_value=0)
    absent = {
        label: [name for name in names if not table.loc[label, name]] for label in table.index
    }
    sizes = groups.value_counts()
    table.loc["all"] = table.sum()
    lines = [
        table.to_string(),
        f"{len(cases)} cases in {len(sizes)} groups; the largest has {sizes.iloc[0]}.",
    ]
    gaps = "; ".join(
        f"{label}: none in {', '.join(lacking)}" for label, lacking in absent.items() if lacking
    )
    if gaps:
        lines.append(f"Too few groups for every part: {gaps}.")
    return "\n".join(lines)
