"""`python -m data check`: which cases count as parted, and what is said about them."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from data.csv_tables import refuse_source
from data.duplicates.fingerprints import fingerprints
from data.duplicates.leaks import describe, find_leaks, write_findings
from data.manifest import read_manifest
from data.split_file import read_split
from data.splits import SplitError, group_ids

EXIT_CLEAN, EXIT_LEAKS, EXIT_SOME_UNREADABLE = 0, 1, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("manifests", type=Path, nargs="+", metavar="MANIFEST")
    parser.add_argument("--split", type=Path, help="stored split of the one manifest given")
    parser.add_argument("--out", type=Path, help="table of all pairs found, a .csv file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, print, write. Returns 0 for clean, 1 for anything found, 3 for unreadable images."""
    if options.out:
        refuse_source(options.out, [*options.manifests, *filter(None, [options.split])])
    cases, units = _read(options.manifests, options.split)
    prints, unreadable = fingerprints([Path(path) for path in cases["path"]])
    findings = find_leaks(cases, units, prints)
    if options.out:
        write_findings(findings, cases, units, options.out)
    if findings:
        print(describe(findings, cases, units))
    print(
        f"{len(findings)} finding(s) in {len(cases)} cases of {units.nunique()} {_what(options)}."
        + (f" All pairs are in {options.out}." if options.out else "")
    )
    for line in unreadable:
        sys.stderr.write(f"not compared: {line}\n")
    if findings:
        return EXIT_LEAKS
    return EXIT_SOME_UNREADABLE if unreadable else EXIT_CLEAN


def _what(options: argparse.Namespace) -> str:
    if len(options.manifests) > 1:
        return "manifests"
    return "parts" if options.split else "groups (nothing is split yet)"


def _read(manifests: list[Path], split: Path | None) -> tuple[pd.DataFrame, pd.Series]:
    """All cases with the unit of each: its manifest, its part, or else its own group."""
    tables = [read_manifest(path) for path in manifests]
    if len(tables) == 1:
        cases = tables[0]
        return cases, read_split(split, cases) if split else group_ids(cases)
    if split:
        raise SplitError(
            f"Expected one manifest with --split, but got {len(manifests)}; check them one by one, "
            "or without --split against each other."
        )
    names = [str(path) for path in manifests]
    if len(set(names)) < len(names):
        raise SplitError(
            f"Expected different manifests, but got {', '.join(names)}; name each once."
        )
    units = [name for name, table in zip(names, tables, strict=True) for _ in range(len(table))]
    return pd.concat(tables, ignore_index=True), pd.Series(units)
