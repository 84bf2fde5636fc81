"""Reading CSV files of readings and predictions as people really have them."""

import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pandas.errors import EmptyDataError, ParserError, ParserWarning

from data.texts import problem, quoted
from readerstudy.files.csv_faults import check_lengths, undecodable_line
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.readings_table import REQUIRED

MOST_BYTES = 2_000_000_000
_ENOUGH, _SMALL = (
    20,
    10,
)  # answers that tell a scale; confidence that nobody stays below on 0 to 100
_SEPARATORS = (",", ";", "\t", "|")
_OPTIONAL = (
    "confidence",
    "reader_kind",
    "arm",
    "advice",
    "patient_id",
    "lesion_id",
    "position",
    "active_ms",
)
_NAMES = frozenset(("reader_id", "case_id", "truth", "answer", "advice"))
_MAX_NAME = 500
_WANTED = frozenset((*REQUIRED, *_OPTIONAL))


def read_readings(
    path: Path, *, encoding: str = "utf-8", cluster: str | None = None
) -> pd.DataFrame:
    """The columns an analysis uses, as text, indexed by line of the file."""
    wanted = _WANTED | {cluster} if cluster else _WANTED
    frame = _read(path, encoding=encoding, wanted=wanted, needed=cluster)
    _check_scale(frame)
    return frame


def read_predictions(path: Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    """The whole table, indexed by line of the file."""
    return _read(path, encoding=encoding, wanted=None)


def column_names(path: Path, *, encoding: str = "utf-8") -> list[str]:
    """The names in the first line."""
    return _names(_header(path, encoding)[1])[1]


def _read(
    path: Path, *, encoding: str, wanted: frozenset[str] | None, needed: str | None = None
) -> pd.DataFrame:
    encoding, header = _header(path, encoding)
    separator, names = _names(header)
    _check_names(path, names)
    frame = _parse(path, encoding, separator, names, as_text=wanted is not None)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="line")
    frame = frame[~_blank_rows(frame)]
    _check_short_rows(path, frame, encoding, separator)
    if wanted is not None:
        # A column that is missing may be misspelt: then all are kept, to say which.
        complete = {*REQUIRED, *([needed] if needed else [])} <= set(names)
        frame = frame[[n for n in names if n in wanted]] if complete else frame
    frame.attrs["source"] = str(path)
    return frame


def check_names(frame: pd.DataFrame) -> None:
    """Of a table of strangers: they go into figures, reports and tables.

    Not part of reading, since an export must be read whatever a study holds.
    """
    for column in set(frame.columns) & _NAMES:
        names = frame[column].dropna().astype(str).unique()
        refuse_odd(names, what=f"a {column}", source=frame.attrs["source"], most=_MAX_NAME)


def refuse_odd(names: Iterable[str], *, what: str, source: str, most: int) -> None:
    """Raises StatsError for the first name that is too long, or has signs that are not taken."""
    for name in names:
        if wrong := problem(name, most=most):
            raise StatsError(
                f"Expected {what} that can be taken in {source}, but {quoted(name)} {wrong}; "
                "rename it."
            )


def _check_scale(frame: pd.DataFrame) -> None:
    """Of another scale 100 minus the confidence would turn the readers' areas round."""
    if "confidence" not in frame:
        return
    rated = pd.to_numeric(frame["confidence"], errors="coerce").dropna()
    if len(rated) >= _ENOUGH and 0 < rated.max() <= _SMALL:
        raise StatsError(
            f"Expected {frame.attrs['source']} to have a confidence from 0 to 100, but none of "
            f"{len(rated)} is above {rated.max():g}, as on another scale; rescale them so that "
            "100 is sure, or take the column out."
        )


def _header(path: Path, encoding: str) -> tuple[str, str]:
    """The encoding, corrected by a byte order mark, and the first line."""
    if path.is_dir():
        raise StatsError(f"Expected a file at {path}, but got a folder; name the CSV file in it.")
    if not path.is_file():
        raise StatsError(f"Expected a file at {path}, but there is none; check the path.")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise StatsError(
            f"Expected {path} to have at most {MOST_BYTES // 10**6} MB, because the whole table "
            f"is held in memory, but got {size // 10**6} MB; remove columns that are not needed."
        )
    with path.open("rb") as file:
        mark = file.read(3)
    if mark[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif mark == b"\xef\xbb\xbf":
        encoding = "utf-8-sig"
    elif b"\0" in mark and encoding == "utf-8":
        likely = "utf-16-be" if mark[:1] == b"\0" else "utf-16-le"
        raise StatsError(
            f"Expected {path} to be text in utf-8, but got zero bytes between the letters; "
            f"save it as CSV in UTF-8, or write --encoding {likely}."
        )
    try:
        with path.open(encoding=encoding) as text:
            header = text.readline()
    except (UnicodeError, LookupError) as error:
        raise _encoding_error(path, encoding, error) from error
    if not header.strip():
        raise StatsError(
            f"Expected {path} to begin with column names, but got an empty line or file."
        )
    return encoding, header


def _names(header: str) -> tuple[str, list[str]]:
    """The separator and the column names of a first line."""
    separator = max(_SEPARATORS, key=header.count)
    found = header.rstrip("\r\n").split(separator)
    return separator, [name.strip().strip('"').strip() for name in found]


def _check_names(path: Path, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise StatsError(
            f"Expected every column of {path} to have its own name, but got "
            f"{', '.join(map(repr, repeated))} more than once; rename or remove one."
        )


def _check_short_rows(path: Path, frame: pd.DataFrame, encoding: str, separator: str) -> None:
    """A field that is not there is not the same as an empty one, though pandas reads both so."""
    last = frame.iloc[:, -1]
    if (last.isna() | (last.astype(str) == "")).any():
        check_lengths(path, encoding, separator, frame.shape[1])


def _parse(
    path: Path, encoding: str, separator: str, names: list[str], *, as_text: bool
) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # A first line with too many fields is only warned of, and cut.
            warnings.simplefilter("error", ParserWarning)
            return _read_csv(path, encoding, separator, names, as_text=as_text)
    except EmptyDataError as error:
        raise StatsError(f"Expected {path} to be a table, but got an empty file.") from error
    except UnicodeError as error:
        raise _encoding_error(path, encoding, error) from error
    except (ParserError, ParserWarning) as error:
        opened = re.search(r"EOF inside string starting at row (\d+)", str(error))
        if opened:
            raise StatsError(
                f"Expected every quotation mark in {path} to be closed, but the one in line "
                f"{int(opened[1]) + 1} is not; close it, or take it away."
            ) from error
        check_lengths(path, encoding, separator, len(names))
        raise StatsError(
            f"Expected {path} to be a table, but reading it failed ({str(error).strip()}); save it "
            "as CSV again."
        ) from error


def _read_csv(
    path: Path, encoding: str, separator: str, names: list[str], *, as_text: bool
) -> pd.DataFrame:
    comma = separator == ";"
    frame = pd.read_csv(
        path,
        sep=separator,
        encoding=encoding,
        header=0,
        names=names,
        # As a number 001 would be another case than 001 of the readings.
        dtype=str if as_text else {"case_id": str},
        decimal="," if comma else ".",
        keep_default_na=False,
        skip_blank_lines=False,
        index_col=False,
    )
    if comma and as_text and "confidence" in frame:
        frame["confidence"] = frame["confidence"].str.replace(",", ".")
    return frame


def _encoding_error(path: Path, encoding: str, error: Exception) -> StatsError:
    line = undecodable_line(path, encoding) if isinstance(error, UnicodeError) else None
    got = f"other bytes in line {line}" if line else str(error)
    return StatsError(
        f"Expected {path} to be text in {encoding}, but got {got}; save it as CSV in UTF-8, or "
        "name its encoding, for example --encoding cp1252 or --encoding gb18030."
    )


def _blank_rows(frame: pd.DataFrame) -> "pd.Series[bool]":
    first = frame.iloc[:, 0]
    maybe = first.isna() | (first.astype(str).str.strip() == "")
    if not maybe.any():
        return maybe
    rest = frame[maybe].isna() | (frame[maybe].astype(str) == "")
    maybe.loc[maybe] = rest.all(axis=1)
    return maybe
