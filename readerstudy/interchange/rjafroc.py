"""RJafroc's Excel workbook of ROC data, with whole numbers for names and a file that explains them.

Reference: RJafroc Quick Start, chapter "JAFROC ROC data format" (Chakraborty, the new format with
the columns ReaderID, ModalityID and Paradigm in the sheet Truth).
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.xml.functions import tostring

from readerstudy.files.csvio import write_csv
from readerstudy.interchange.ratings import COLUMNS, Ratings, checked
from readerstudy.stats.errors import StatsError

_SHEETS = {
    "Truth": ("CaseID", "LesionID", "Weight", "ReaderID", "ModalityID", "Paradigm"),
    "FP": ("ReaderID", "ModalityID", "CaseID", "FP_Rating"),
    "TP": ("ReaderID", "ModalityID", "CaseID", "LesionID", "TP_Rating"),
}
_OTHER_NAMES = {"FP": "NL", "TP": "LL"}
IDS = ".ids.csv"  # what a list of names ends with, in place of the workbook's ending
_KINDS = ("reader", "modality", "case")
_MOST_ROWS = 2**20  # Excel's own
_MOST_COLUMNS = max(map(len, _SHEETS.values()))
_MOST_GROWTH = 100
_SMALL_BYTES = 10_000
_NO_TIME = datetime(1980, 1, 1)  # noqa: DTZ001 -- a workbook's times have no zone


def workbook_and_ids(ratings: Ratings) -> tuple[bytes, str]:
    """The workbook, and as CSV which of its numbers stands for which name.

    The format holds crossed designs: every reader rated every case in every modality. Raises
    StatsError otherwise.
    """
    rows = ratings.rows
    numbers = {
        "reader": _numbered(rows["reader"]),
        "modality": _numbered(rows["modality"]),
        "case": _numbered(ratings.truth),
    }
    full = len(numbers["reader"]) * len(numbers["modality"]) * len(numbers["case"])
    if len(rows) != full:
        raise StatsError(
            f"Expected every reader to have rated every case in every modality for RJafroc ({full} "
            f"ratings), but got {len(rows)}; use the other formats, or take these cases out."
        )
    book = Workbook()
    book.remove(book.active)
    for name, content in _contents(ratings, numbers).items():
        sheet = book.create_sheet(name)
        sheet.append(_SHEETS[name])
        for row in content:
            sheet.append(row)
    columns = ("kind", "number", "name")
    ids = (
        dict(zip(columns, (kind, n, name), strict=True))
        for kind in _KINDS
        for name, n in numbers[kind].items()
    )
    return _saved(book), write_csv(columns, ids)


def _saved(book: Workbook) -> bytes:
    """Without the time of saving, so that the same ratings give the same bytes."""
    written, timeless = BytesIO(), BytesIO()
    book.save(written)
    book.properties.created = book.properties.modified = _NO_TIME
    properties = tostring(book.properties.to_tree())
    with ZipFile(written) as source, ZipFile(timeless, "w") as target:
        for name in source.namelist():
            info = ZipInfo(name, date_time=_NO_TIME.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            is_properties = name == "docProps/core.xml"
            target.writestr(info, properties if is_properties else source.read(name))
    return timeless.getvalue()


def read_rjafroc(path: Path) -> Ratings:
    """Sheets begin with names of columns; NAME.ids.csv gives names back if it is there."""
    sheets = _sheets(path)
    truth: dict[str, int] = {}
    for line, (case, lesion, *_) in _rows(sheets, "Truth", path, needed=2):
        if truth.setdefault(_id(case), int(bool(lesion))) != int(bool(lesion)):
            raise StatsError(
                f"Expected one truth per case in {path}, but sheet Truth has another one for case "
                f"{case} in line {line}."
            )
    found, index = [], []
    for sheet, is_present in (("FP", 0), ("TP", 1)):
        for line, cells in _rows(sheets, sheet, path, needed=len(_SHEETS[sheet])):
            reader, modality, case = map(_id, cells[:3])
            if truth.get(case, is_present) != is_present:
                raise StatsError(
                    f"Expected {'diseased' if is_present else 'healthy'} cases in sheet {sheet} of "
                    f"{path}, but case {case} of line {line} is not, by sheet Truth."
                )
            found.append((reader, modality, case, _rating(cells[-1], sheet, line, path)))
            index.append(line)
    frame = pd.DataFrame(found, columns=list(COLUMNS), index=index)
    return _with_names(checked(frame, truth, source=str(path)), _ids_path(path))


def _contents(
    ratings: Ratings, numbers: dict[str, dict[str, int]]
) -> dict[str, list[Sequence[object]]]:
    readers = ", ".join(map(str, numbers["reader"].values()))
    modalities = ", ".join(map(str, numbers["modality"].values()))
    # The paradigm and the design stand in the first two rows of their column.
    words = ["ROC", "FCTRL"]
    truth = [
        (numbers["case"][case], t, 0, readers, modalities, words[i] if i < len(words) else None)
        for i, (case, t) in enumerate(ratings.truth.items())
    ]
    absent: list[Sequence[object]] = []
    present: list[Sequence[object]] = []
    for reader, modality, case, rating in ratings.rows[list(COLUMNS)].itertuples(index=False):
        key = (numbers["reader"][reader], numbers["modality"][modality], numbers["case"][case])
        if ratings.truth[case]:
            present.append((*key, 1, rating))
        else:
            absent.append((*key, rating))
    return {"Truth": [*truth], "FP": absent, "TP": present}


def _numbered(names: Any) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}


def _ids_path(path: Path) -> Path:
    return path.with_suffix(IDS)


def _sheets(path: Path) -> dict[str, list[tuple[object, ...]]]:
    if not path.is_file():
        raise StatsError(f"Expected a file at {path}, but there is none; check the path.")
    try:
        _check_growth(path)
        book = load_workbook(path, read_only=True, data_only=True)
        return {name.casefold(): _cells(book[name], path) for name in book.sheetnames}
    except StatsError:
        raise
    # openpyxl raises of any kind at a damaged part.
    except Exception as error:
        raise StatsError(
            f"Expected {path} to be an Excel workbook (.xlsx), but reading it failed "
            f"({type(error).__name__}); save it again as .xlsx."
        ) from error


def _check_growth(path: Path) -> None:
    """Tables shrink by ten times or so: what shrinks more fills the memory and not a sheet."""
    with ZipFile(path) as packed:
        for part in packed.infolist():
            if part.file_size > _MOST_GROWTH * max(part.compress_size, _SMALL_BYTES):
                raise StatsError(
                    f"Expected {path} to be an Excel workbook, but {part.filename} in it grows "
                    f"to {part.file_size:,} bytes, more than a table can; save it again as .xlsx."
                )


def _cells(sheet: Any, path: Path) -> list[tuple[object, ...]]:
    """No row beyond what a sheet can have, however far down the file puts one."""
    rows = list(islice(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True), _MOST_ROWS + 1))
    if len(rows) > _MOST_ROWS:
        raise StatsError(
            f"Expected at most {_MOST_ROWS:,} rows in each sheet of {path}, but got more in "
            f"{sheet.title}; save it again as .xlsx."
        )
    return rows


def _rows(
    sheets: dict[str, list[tuple[object, ...]]], name: str, path: Path, *, needed: int
) -> Iterator[tuple[int, list[object]]]:
    sheet = sheets.get(name.casefold(), sheets.get(_OTHER_NAMES.get(name, name).casefold()))
    if not sheet:
        raise StatsError(
            f"Expected {path} to have the sheets Truth, FP and TP, but {name} is missing or empty "
            f"(found: {', '.join(sheets)})."
        )
    for line, cells in enumerate(sheet[1:], start=2):
        filled = list(cells[: len(_SHEETS[name])])
        if all(cell is None for cell in filled):
            continue
        if len(filled) < needed or any(cell is None for cell in filled[:needed]):
            raise StatsError(
                f"Expected {', '.join(_SHEETS[name][:needed])} in every line of sheet {name} of "
                f"{path}, but line {line} lacks one; complete it."
            )
        yield line, filled


def _id(value: object) -> str:
    return (
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    )


def _rating(value: object, sheet: str, line: int, path: Path) -> float:
    try:
        return float(str(value))
    except ValueError as error:
        raise StatsError(
            f"Expected a number as rating in line {line} of sheet {sheet} of {path}, but got "
            f"{value!r}; correct it."
        ) from error


def _with_names(ratings: Ratings, path: Path) -> Ratings:
    if not path.is_file():
        return ratings
    with path.open(encoding="utf-8", newline="") as file:
        known = {(row["kind"], row["number"]): row["name"] for row in csv.DictReader(file)}

    def name(kind: str, number: str) -> str:
        return known.get((kind, number), number)

    rows = ratings.rows.assign(
        **{kind: [name(kind, n) for n in ratings.rows[kind]] for kind in _KINDS}
    )
    return Ratings(rows, {name("case", n): t for n, t in ratings.truth.items()})
