"""What every adapter gives: rows of a manifest, and all that is wrong with the source."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from data.csv_tables import ManifestError, read_csv, readable
from data.manifest import IMAGE_SUFFIXES, find_images

Row = dict[str, str]

_SHOWN = 5


class Found(NamedTuple):
    """`rows` with manifest columns and "place" (line or file).

    `problems` forbid the import, `notes` tell what was left out; one sentence each.
    """

    rows: list[Row]
    problems: list[str]
    notes: Sequence[str] = ()


def sort_paths(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The tables and the folders among `paths`. Raises ManifestError for what is not there."""
    absent = [str(path) for path in paths if not path.exists()]
    if absent:
        raise ManifestError(
            f"Expected files and folders, but {', '.join(absent)} is not there; check the path."
        )
    folders = [path for path in paths if path.is_dir()]
    return [path for path in paths if path not in folders], folders


def read_table(
    path: Path, *, needed: Sequence[str], advice: str = "give the data set's own table"
) -> pd.DataFrame:
    """A CSV file whose index is the line. Raises ManifestError naming the columns it lacks."""
    table = read_csv(path)
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise ManifestError(
            f"Expected the columns {', '.join(needed)} in {path.name}, but {', '.join(missing)} is "
            f"missing (found: {', '.join(table.columns)}); {advice}."
        )
    return table


def listed(names: Sequence[str]) -> str:
    """The first few of many names, also of such as are no text."""
    return readable(", ".join(names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")


class Images:
    """The images below some folders, found by their name with or without the ending.

    An ending that differs counts only where the name as it stands is nowhere: copies of data sets
    are often saved anew.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        # Once each, also where one folder lies in another.
        found = (path for folder in folders for path in find_images(folder.resolve()))
        self.paths = list(dict.fromkeys(found))
        self.by_name: dict[str, list[Path]] = {}
        for path in self.paths:
            for name in {path.name, path.stem}:
                self.by_name.setdefault(_composed(name), []).append(path)

    def find(self, name: str) -> tuple[str, str]:
        """The path of the image called `name`, and what is wrong if there is not exactly one."""
        key = _composed(name)
        stem = Path(key).stem if Path(key).suffix.lower() in IMAGE_SUFFIXES else ""
        paths = self.by_name.get(key) or self.by_name.get(stem, [])
        if len(paths) == 1:
            return str(paths[0].resolve()), ""
        if not paths:
            return "", f"image {name!r} is in none of the folders"
        return "", f"image {name!r} is there {len(paths)} times ({paths[0]}, {paths[1]})"

    def unused(self, rows: Iterable[Row]) -> list[str]:
        """A sentence if images are in no row."""
        used = {row["path"] for row in rows}
        left = [path.name for path in self.paths if str(path.resolve()) not in used]
        if not left:
            return []
        return [f"{len(left)} images of the folders are in no row of the table: {listed(left)}."]


def _composed(name: str) -> str:
    """Some systems store ü as u and two dots."""
    return unicodedata.normalize("NFC", name)


def age_band(age: str) -> str:
    """Ten years, such as 40-49; "" for an age that is unknown or no number."""
    try:
        years = int(float(age))
    except (ValueError, OverflowError):
        return ""
    return f"{years // 10 * 10}-{years // 10 * 10 + 9}" if 0 <= years < 130 else ""
