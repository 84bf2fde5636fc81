"""What every adapter gives: rows of a manifest, and all that is wrong with the source."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from data.manifest import find_images
from data.tables import ManifestError, read_csv

Row = dict[str, str]


class Found(NamedTuple):
    """`rows` with manifest columns and "place" (line or file); `problems`, one sentence each."""

    rows: list[Row]
    problems: list[str]


def sort_paths(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The tables and the folders among `paths`. Raises ManifestError for what is not there."""
    absent = [str(path) for path in paths if not path.exists()]
    if absent:
        raise ManifestError(
            f"Expected files and folders, but {', '.join(absent)} is not there; check the path."
        )
    folders = [path for path in paths if path.is_dir()]
    return [path for path in paths if path not in folders], folders


def read_table(path: Path, *, needed: Sequence[str]) -> pd.DataFrame:
    """A CSV file whose index is the line. Raises ManifestError naming the columns it lacks."""
    table = read_csv(path)
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise ManifestError(
            f"Expected the columns {', '.join(needed)} in {path.name}, but {', '.join(missing)} is "
            f"missing (found: {', '.join(table.columns)}); give the data set's own table."
        )
    return table


class Images:
    """The images below some folders, found by their name with or without the ending."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.by_name: dict[str, list[Path]] = {}
        for folder in folders:
            for path in find_images(folder):
                for name in {path.name, path.stem}:
                    self.by_name.setdefault(name, []).append(path)

    def find(self, name: str) -> tuple[str, str]:
        """The path of the image called `name`, and what is wrong if there is not exactly one."""
        paths = self.by_name.get(name, [])
        if len(paths) == 1:
            return str(paths[0].resolve()), ""
        if not paths:
            return "", f"image {name!r} is in none of the folders"
        return "", f"image {name!r} is there {len(paths)} times ({paths[0]}, {paths[1]})"


def age_band(age: str) -> str:
    """Ten years, such as 40-49; "" for an age that is unknown or no number."""
    try:
        years = int(float(age))
    except (ValueError, OverflowError):
        return ""
    return f"{years // 10 * 10}-{years // 10 * 10 + 9}" if 0 <= years < 130 else ""


def known(value: str) -> str:
    """The value, or "" for the words that data sets use for nothing."""
    return "" if value.lower() in ("", "unknown", "unk", "nan", "na", "n/a", "none") else value
