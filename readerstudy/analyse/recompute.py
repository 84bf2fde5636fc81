"""What recompute.py of an export calls: every number again, from the files beside it alone."""

import csv
import hashlib
import re
import sys
from pathlib import Path

import pandas as pd

from data.texts import unguarded
from readerstudy.commands.outcome import outcome
from readerstudy.files.read_tables import read_predictions, read_readings
from readerstudy.files.study_analysis import (
    Settings,
    analyse_study,
    named,
    readings_frame,
    result_tables,
)
from readerstudy.stats import StatsError

EXIT_DIFFERENT = 1
_FOLDER = "again"
# Until December 2026 the number of readers, the last column but the note, was written 3.0.
_READERS_THEN = re.compile(rb'(?m),(\d+)\.0(,(?:"(?:[^"]|"")*"|[^",\r\n]*))$')


def main(folder: Path) -> int:
    """Exit status: 0 the same bytes, 1 other numbers, 2 refused with the reason."""
    different: list[str] = []
    status = outcome(lambda: _recompute(folder, different))
    return status or (EXIT_DIFFERENT if different else 0)


def _recompute(folder: Path, different: list[str]) -> str:
    _check_sums(folder)
    settings = Settings.from_json((folder / "settings.json").read_text("utf-8"))
    analysis = analyse_study(_readings(folder, settings), _predictions(folder, settings), settings)
    (folder / _FOLDER).mkdir(exist_ok=True)
    said = []
    for name, content in result_tables(analysis).items():
        (folder / _FOLDER / name).write_bytes(content)
        is_same = content == _as_now(name, (folder / name).read_bytes())
        said.append(f"{_FOLDER}/{name}: {'the same bytes' if is_same else 'DIFFERENT'}\n")
        if not is_same:
            different.append(name)
    if different:
        said.append("versions.json names the versions that made the first numbers.\n")
    return "".join(said)


def _as_now(name: str, content: bytes) -> bytes:
    return _READERS_THEN.sub(rb",\1\2", content) if name == "results.csv" else content


def _check_sums(folder: Path) -> None:
    """A file that was altered must not be taken for the study's."""
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise StatsError(f"Expected {name} in {folder}, but it is missing; unzip everything.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise StatsError(
                f"Expected {name} as it was exported, but it has been altered; unzip it again."
            )


def _readings(folder: Path, settings: Settings) -> pd.DataFrame:
    if settings.has_readings:
        return named(_plain(read_readings(folder / "readings.csv")))
    # Spreadsheets' apostrophes matter nowhere else: the other columns are codes and numbers.
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        cases = [row | {"case_id": unguarded(row["case_id"])} for row in csv.DictReader(file)]
    return readings_frame([], cases=cases)


def _predictions(folder: Path, settings: Settings) -> dict[str, pd.DataFrame]:
    if not settings.models or _is_empty(folder / "cases.csv"):
        return {}
    return {
        name: _plain(read_predictions(folder / f"predictions_{name}.csv"))
        for name in settings.models
    }


def _is_empty(path: Path) -> bool:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file), None) is None


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    frame["case_id"] = [unguarded(str(name)) for name in frame["case_id"]]
    return frame


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
