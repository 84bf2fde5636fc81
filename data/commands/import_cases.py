"""`python -m data import`: from a source to a manifest, with its labels mapped and counted."""

import argparse
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data.csv_tables import ManifestError, refuse, refuse_existing, refuse_source
from data.label_maps import LabelMap, Match, Target, follow, load_map, shipped
from data.manifest import file_sha256, name_problem, write_manifest
from data.sources.challenges import from_ham10000, from_isic_challenge
from data.sources.folder_and_csv import from_csv, from_folder
from data.sources.isic_records import from_isic_records
from data.sources.pad_ufes import from_pad_ufes
from data.sources.rows import Found, Row, sort_paths
from data.taxonomy import load_taxonomy
from data.texts import is_formula

SOURCES = ("folder", "csv", "ham10000", "isic2018", "isic2019", "isic-archive", "pad-ufes")


class Labelled(NamedTuple):
    """Rows whose labels are mapped, rows that lie outside, and what each label became."""

    inside: list[Row]
    outside: list[Row]
    counts: Counter[tuple[str, Target]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("kind", choices=SOURCES, metavar="SOURCE", help=", ".join(SOURCES))
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="its tables and image folders"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the manifest to write, a .csv file"
    )
    parser.add_argument(
        "--map",
        dest="maps",
        action="append",
        default=[],
        help=f"label map, in turn if repeated: a CSV file or {', '.join(shipped())}",
    )
    parser.add_argument("--taxonomy", help="refuse labels that are none of its classes")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="csv: which column of the table is which of the manifest (case_id=image, …)",
    )
    parser.add_argument(
        "--patients", action="store_true", help="folder: <label>/<patient>/ instead of <label>/"
    )
    parser.add_argument("--source", default="", help="source of all rows, if the data has none")
    parser.add_argument("--licence", default="", help="licence of all rows, if the data has none")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read, map, check everything, and only then write. Returns 0; what is wrong is raised."""
    refuse_existing(options.out, overwrite=options.overwrite)
    refuse_source(options.out, options.paths)
    maps = [load_map(name) for name in options.maps]
    found = _read(options)
    problems = found.problems + _problems(found.rows, maps, options.taxonomy)
    refuse(problems, table_name=" ".join(map(str, options.paths)))
    labelled = _mapped(found.rows, maps)
    write_rows(labelled.inside, options.out, source=options.source, licence=options.licence)
    print(f"{len(labelled.inside)} cases written to {options.out}.")
    if maps:
        print(describe(labelled.counts))
    if labelled.outside:
        left = options.out.with_name(f"{options.out.stem}.outside{options.out.suffix}")
        write_rows(labelled.outside, left, source=options.source, licence=options.licence)
        print(f"{len(labelled.outside)} cases lie outside, with their own labels in {left}.")
    print(*found.notes, sep="\n", end="\n" if found.notes else "")
    return 0


def _read(options: argparse.Namespace) -> Found:
    tables, folders = sort_paths(options.paths)
    if options.kind == "folder":
        if tables or len(folders) != 1:
            raise ManifestError("Expected one folder of images; give just that.")
        return from_folder(folders[0], patients=options.patients)
    if options.kind == "isic-archive":
        if tables or len(folders) != 1:
            raise ManifestError("Expected one folder of `fetch-isic`; give just that.")
        return from_isic_records(folders[0])
    if options.kind.startswith("isic"):
        return from_isic_challenge(tables, folders, year=int(options.kind[4:]))
    if len(tables) != 1:
        raise ManifestError(
            f"Expected one table and its image folders, but got {len(tables)} tables; give one."
        )
    if options.kind == "csv":
        return from_csv(tables[0], folders, _columns(options.column))
    adapters: dict[str, Callable[[Path, list[Path]], Found]] = {
        "ham10000": from_ham10000,
        "pad-ufes": from_pad_ufes,
    }
    return adapters[options.kind](tables[0], folders)


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [text.split("=", 1) for text in given]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise ManifestError(
            f"Expected --column NAME=COLUMN, but got {' '.join(given)}; such as case_id=image_name."
        )
    return dict(pairs)


def _problems(rows: list[Row], maps: list[LabelMap], taxonomy: str | None) -> list[str]:
    ids = Counter(row["case_id"] for row in rows)
    classes = load_taxonomy(taxonomy).codes if taxonomy else None
    return [
        f"{row['place']}: {problem}"
        for row in rows
        for problem in (
            _id_problem(row["case_id"], ids),
            name_problem(row["path"]),
            _hash_problem(row),
            _label_problem(row["label"], maps, classes),
        )
        if problem
    ]


def _id_problem(case_id: str, ids: Counter[str]) -> str:
    if not case_id:
        return "has no case_id"
    if is_formula(case_id):
        return f"case_id {case_id!r} would run as a formula in a spreadsheet"
    return f"repeats case_id {case_id!r}" if ids[case_id] > 1 else ""


def _hash_problem(row: Row) -> str:
    told = row.get("sha256", "").lower()
    if not told or not row["path"] or told == file_sha256(Path(row["path"])):
        return ""
    return "the image is not the one that the table's sha256 is of"


def _label_problem(label: str, maps: list[LabelMap], classes: tuple[str, ...] | None) -> str:
    if not label:
        return "has no label"
    target = follow(maps, label)
    if target is None:
        return f"label {label!r} is not in {' and '.join(m.name for m in maps)}; add it there"
    if classes and target.match != Match.OUTSIDE and target.label not in classes:
        return f"label {target.label!r} is not a class ({', '.join(classes)})"
    return ""


def _mapped(rows: list[Row], maps: list[LabelMap]) -> Labelled:
    result = Labelled([], [], Counter())
    for row in rows:
        target = follow(maps, row["label"])
        if target is None:  # refused before
            continue
        result.counts[row["label"], target] += 1
        if target.match == Match.OUTSIDE:
            result.outside.append(row)
        else:
            result.inside.append(row | {"label": target.label})
    return result


def describe(counts: Counter[tuple[str, Target]]) -> str:
    """One line per label: how many, what it became, how good the match is, and why."""
    return "\n".join(
        f"  {n:6} {label} -> {target.label or '–'} ({target.match})"
        + (f": {target.note}" if target.note else "")
        for (label, target), n in sorted(counts.items())
    )


def write_rows(rows: list[Row], out: Path, *, source: str, licence: str) -> None:
    """Write a manifest with hashes; paths are relative to it where the images lie below it."""
    home = out.parent.resolve()

    def finished(row: Row) -> Row:
        path = Path(row["path"])
        near = path.is_relative_to(home)
        shown = os.path.relpath(path, home) if near else str(path)
        # Tables are read without the spaces around a cell.
        needs_dot = is_formula(shown) or shown != shown.strip()
        row = row | {"path": f".{os.sep}{shown}" if needs_dot else shown}
        row["sha256"] = row.get("sha256") or file_sha256(path)
        row["source"], row["licence"] = row.get("source") or source, row.get("licence") or licence
        return row

    write_manifest([finished(row) for row in rows], out)
