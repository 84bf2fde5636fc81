"""Finding the readings and the models of a pilot in its folder."""

from pathlib import Path

import pandas as pd

from readerstudy.files.read_tables import column_names, read_predictions, read_readings
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.readings_table import REQUIRED
from readerstudy.stats.input.restriction import PREFIX

_READINGS = ("readings.csv", "readers.csv")


def read_pilot(folder: Path, *, encoding: str) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The readings, and every table of predictions by its model's name.

    Told by their columns, so that an exported bundle and files of other names both do.
    """
    if not folder.is_dir():
        raise StatsError(f"Expected --pilot to be a folder, but got {folder}; check the path.")
    columns = {p: column_names(p, encoding=encoding) for p in sorted(folder.glob("*.csv"))}
    readings = read_readings(_readings(folder, columns), encoding=encoding)
    models = {
        _model_name(path): read_predictions(path, encoding=encoding)
        for path, names in columns.items()
        if "case_id" in names and sum(name.startswith(PREFIX) for name in names) > 1
    }
    return readings, models


def _readings(folder: Path, columns: dict[Path, list[str]]) -> Path:
    complete = {p.name: p for p, names in columns.items() if set(REQUIRED) <= set(names)}
    named = [complete[name] for name in _READINGS if name in complete]
    if named or len(complete) == 1:
        return [*named, *complete.values()][0]
    if complete:
        raise StatsError(
            f"Expected one table of readings in {folder}, but got {', '.join(complete)}; name the "
            f"right one {_READINGS[0]}."
        )
    # A column may be misspelt: reading the likeliest file says which.
    likely = [folder / name for name in _READINGS if folder / name in columns]
    if likely:
        return likely[0]
    raise StatsError(
        f"Expected {folder} to hold readings, a CSV with the columns {', '.join(REQUIRED)}, but "
        f"got {', '.join(p.name for p in columns) or 'no CSV file'}; add it as {_READINGS[0]}."
    )


def _model_name(path: Path) -> str:
    return path.stem.removeprefix("predictions_")
