"""The three text formats: .imrmc, iMRMC's data frame, and MRMCaov's data frame."""

import csv
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from readerstudy.files.csvio import write_csv
from readerstudy.interchange.ratings import COLUMNS, Ratings, check_ids, checked
from readerstudy.stats.errors import StatsError

_TRUTH = ("-1", "truth")
_COUNTS = ("N0", "N1", "NR", "NM")
IMRMC_COLUMNS = ("readerID", "caseID", "modalityID", "score")
MRMCAOV_COLUMNS = ("reader", "treatment", "case", "truth", "rating")
Lines = list[tuple[int, list[str]]]


def imrmc_text(ratings: Ratings, *, title: str) -> str:
    """Header, counts, BEGIN DATA, then truth and ratings as reader,case,modality,score."""
    _check_names(ratings)
    absent = sum(t == 0 for t in ratings.truth.values())
    counts = {
        "NR": ratings.rows["reader"].nunique(),
        "N0": absent,
        "N1": len(ratings.truth) - absent,
        "NM": len(ratings.modalities),
    }
    head = [title, "", *(f"{name}: {n}" for name, n in counts.items()), "", "BEGIN DATA:"]
    # "-1" is the truth's reader to every version of the program, "truth" to newer ones alone.
    rows = (
        f"{reader},{case},{modality},{_number(score)}"
        for reader, case, modality, score in _imrmc_rows(ratings, truth_reader="-1")
    )
    return "\n".join([*head, *rows]) + "\n"


def imrmc_frame(ratings: Ratings) -> str:
    """The data frame of `doIMRMC`, as CSV."""
    _check_names(ratings)
    return _csv(IMRMC_COLUMNS, _imrmc_rows(ratings, truth_reader="truth"))


def mrmcaov_frame(ratings: Ratings) -> str:
    """The long data frame of `mrmc`, as CSV: one row per rating, with the truth beside it."""
    rows = (
        (reader, modality, case, ratings.truth[case], rating)
        for reader, modality, case, rating in ratings.rows[list(COLUMNS)].itertuples(index=False)
    )
    return _csv(MRMCAOV_COLUMNS, rows)


def read_imrmc(path: Path) -> Ratings:
    """Counts in the header, where given, must be those of the data."""
    lines = _lines(path)
    begin = next(
        (i for i, (_, cells) in enumerate(lines) if cells[0].upper() == "BEGIN DATA:"), None
    )
    if begin is None:
        raise StatsError(
            f"Expected {path} to have a line 'BEGIN DATA:', but it has none; is it an .imrmc file?"
        )
    ratings = _from_imrmc(lines[begin + 1 :], path)
    _check_counts(lines[:begin], ratings, path)
    return ratings


def read_imrmc_frame(path: Path) -> Ratings:
    """Columns readerID, caseID, modalityID, score in any order."""
    return _from_imrmc(_named(path, IMRMC_COLUMNS), path)


def read_mrmcaov(path: Path) -> Ratings:
    """Columns reader, treatment (or test), case, truth, rating in any order."""
    truth: dict[str, int] = {}
    rows, index = [], []
    for line, (reader, modality, case, is_present, rating) in _named(path, MRMCAOV_COLUMNS):
        value = _truth(is_present, path, line)
        if truth.setdefault(case, value) != value:
            raise StatsError(
                f"Expected one truth per case in {path}, but case {case!r} has another one in line "
                f"{line}; make them the same."
            )
        rows.append((reader, modality, case, _rating(rating, path, line)))
        index.append(line)
    return checked(pd.DataFrame(rows, columns=list(COLUMNS), index=index), truth, source=str(path))


def _imrmc_rows(ratings: Ratings, *, truth_reader: str) -> Iterator[tuple[str, str, str, float]]:
    for case, is_present in ratings.truth.items():
        yield truth_reader, case, "truth", float(is_present)
    for reader, modality, case, rating in ratings.rows[list(COLUMNS)].itertuples(index=False):
        yield reader, case, modality, rating


def _check_names(ratings: Ratings) -> None:
    check_ids(
        ratings,
        is_bad=lambda name: bool(re.search(r'[,"\n\r]', name)) or name in _TRUTH,
        format_="iMRMC",
        what="commas, quotes and line ends, and other than -1 and truth,",
    )
    # The program takes all white space out of names.
    for kind in ("reader", "modality", "case"):
        seen: dict[str, str] = {}
        for name in ratings.rows[kind].unique():
            bare = "".join(name.split())
            if seen.setdefault(bare, name) != name:
                raise StatsError(
                    f"Expected names of a {kind} that differ in more than spaces for iMRMC, but "
                    f"got {seen[bare]!r} and {name!r}; rename one in the tables first."
                )


def _from_imrmc(lines: Lines, path: Path) -> Ratings:
    truth: dict[str, int] = {}
    rows, index = [], []
    for line, cells in lines:
        if len(cells) < 4 or any(cells[4:]):
            raise StatsError(
                f"Expected reader, case, modality and score in line {line} of {path}, but got "
                f"{len(cells)} cells; correct the line."
            )
        reader, case, modality, score = cells[:4]
        if reader.casefold() not in _TRUTH:
            rows.append((reader, modality, case, _rating(score, path, line)))
            index.append(line)
            continue
        if case in truth:
            raise StatsError(
                f"Expected the truth of case {case!r} once in {path}, but line {line} repeats it; "
                "remove one."
            )
        truth[case] = _truth(score, path, line)
    frame = pd.DataFrame(rows, columns=list(COLUMNS), index=index)
    return checked(frame, truth, source=str(path))


def _check_counts(head: Lines, ratings: Ratings, path: Path) -> None:
    present = sum(ratings.truth.values())
    found = {
        "N0": len(ratings.truth) - present,
        "N1": present,
        "NR": ratings.rows["reader"].nunique(),
        "NM": ratings.rows["modality"].nunique(),
    }
    for line, cells in head:
        name, colon, value = cells[0].partition(":")
        if colon and name.strip() in _COUNTS and value.strip() != str(found[name.strip()]):
            raise StatsError(
                f"Expected {name.strip()}: {found[name.strip()]} in line {line} of {path}, for so "
                f"many are in the data, but got {value.strip()!r}; is the file complete?"
            )


def _named(path: Path, columns: tuple[str, ...]) -> Lines:
    """Lines with their cells in the order of `columns`, whatever the file's."""
    lines = _lines(path, separators=(",", ";", "\t"))
    header = [_plain(cell) for cell in lines[0][1]]
    if "treatment" in columns and "test" in header:
        header[header.index("test")] = "treatment"
    missing = [name for name in columns if _plain(name) not in header]
    if missing:
        raise StatsError(
            f"Expected {path} to have the columns {', '.join(columns)}, but {', '.join(missing)} "
            f"is missing (found: {', '.join(lines[0][1])}); rename or add it."
        )
    places = [header.index(_plain(name)) for name in columns]
    short = [line for line, cells in lines[1:] if len(cells) <= max(places)]
    if short:
        raise StatsError(
            f"Expected {len(header)} cells in every line of {path}, but got fewer in line "
            f"{', '.join(map(str, short[:5]))}; complete them."
        )
    return [(line, [cells[place] for place in places]) for line, cells in lines[1:]]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _lines(path: Path, *, separators: tuple[str, ...] = (",",)) -> Lines:
    """Every line that is not blank, with its number; spreadsheets may have added commas.

    The separator is what the first line has most of; between semicolons a comma is the decimal one.
    """
    text = _text(path).splitlines()
    first = next((line for line in text if line.strip()), "")
    separator = max(separators, key=first.count)
    rows = csv.reader(text, delimiter=separator)
    try:
        numbered = [(rows.line_num, cells) for cells in rows]
    except csv.Error as error:
        raise StatsError(
            f"Expected every quotation mark in {path} to be closed, but one before line "
            f"{rows.line_num + 1} is not; close it, or take it away."
        ) from error
    found = [
        (line, [_cell(c, separator) for c in cells])
        for line, cells in numbered
        if any(map(str.strip, cells))
    ]
    if not found:
        raise StatsError(f"Expected a table in {path}, but it is empty.")
    return found


def _cell(text: str, separator: str) -> str:
    text = text.strip()
    is_decimal = separator == ";" and re.fullmatch(r"-?\d+,\d+", text)
    return text.replace(",", ".") if is_decimal else text


def _text(path: Path) -> str:
    if path.is_dir():
        raise StatsError(f"Expected a file at {path}, but got a folder; name the file in it.")
    if not path.is_file():
        raise StatsError(f"Expected a file at {path}, but there is none; check the path.")
    content = path.read_bytes()
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatsError(
            f"Expected {path} to be text in UTF-8, but it is not; save it so."
        ) from error


def _rating(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not math.isfinite(value):
        raise StatsError(
            f"Expected a number as rating in line {line} of {path}, but got {text!r}; correct it, "
            "or leave the line out if there was no rating."
        )
    return value


def _truth(text: str, path: Path, line: int) -> int:
    if not re.fullmatch(r"[01](\.0*)?(e[+-]?0+)?", text, re.IGNORECASE):
        raise StatsError(
            f"Expected a truth of 0 (absent) or 1 (present) in line {line} of {path}, but got "
            f"{text!r}; write 1 where the condition is present, else 0."
        )
    return int(text[0])


def _number(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() else repr(float(value))


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str | float, ...]]) -> str:
    return write_csv(columns, (dict(zip(columns, row, strict=True)) for row in rows))
