"""Maps of labels from one class list to another, as files that say how good each match is."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from data.csv_tables import ManifestError, read_csv, refuse

FOLDER = Path(__file__).parent / "label_maps"


class Match(StrEnum):
    """How good a match is; `outside`: the other class list has no such class."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    OUTSIDE = "outside"


_ORDER = [str(match) for match in Match]


class Target(NamedTuple):
    """The label on the other side ("" if outside), how good the match is, and why."""

    label: str
    match: str
    note: str


class LabelMap(NamedTuple):
    """From each known label to its target."""

    name: str
    targets: dict[str, Target]


def shipped() -> list[str]:
    """The names of the maps that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def load_map(name_or_path: str) -> LabelMap:
    """A shipped map by name, or one from a CSV file with the columns from, to, match and note.

    Raises ManifestError naming every line that is wrong: a label mapped twice, an unknown match, a
    target that is missing, or one that stands although the match is outside.
    """
    path = FOLDER / f"{name_or_path}.csv" if name_or_path in shipped() else Path(name_or_path)
    if not path.is_file():
        raise ManifestError(
            f"Expected the name of a label map ({', '.join(shipped())}) or a CSV file, but got "
            f"{name_or_path!r}; check the name or the path."
        )
    table = read_csv(path)
    missing = [name for name in ("from", "to", "match") if name not in table.columns]
    if missing:
        raise ManifestError(
            f"Expected the columns from, to and match in {path.name}, but {', '.join(missing)} is "
            f"missing (found: {', '.join(table.columns)}); see docs/data.md."
        )
    table = table.reindex(columns=["from", "to", "match", "note"], fill_value="")
    entries = {
        str(line): (str(row["from"]), Target(str(row["to"]), str(row["match"]), str(row["note"])))
        for line, row in table.iterrows()
    }
    seen: set[str] = set()
    wrong = {line: _problem(*entry, seen) for line, entry in entries.items()}
    refuse([f"line {line}: {text}" for line, text in wrong.items() if text], table_name=path.name)
    return LabelMap(path.stem, dict(entries.values()))


def _problem(source: str, target: Target, seen: set[str]) -> str:
    if source in seen:
        return f"maps {source!r} a second time"
    seen.add(source)
    if target.match not in list(Match):
        return f"match is {target.match!r}, not one of {', '.join(Match)}"
    if bool(target.label) == (target.match == Match.OUTSIDE):
        return "needs a target, unless its match is outside"
    return ""


def follow(maps: Sequence[LabelMap], label: str) -> Target | None:
    """The target after all maps in turn; approximate if any step is; None where one is unknown."""
    match: str = Match.EXACT
    notes: list[str] = []
    for step in maps:
        target = step.targets.get(label)
        if target is None:
            return None
        notes += [target.note] if target.note else []
        if target.match == Match.OUTSIDE:
            return Target("", Match.OUTSIDE, "; ".join(notes))
        label, match = target.label, max(match, target.match, key=_ORDER.index)
    return Target(label, match, "; ".join(notes))
