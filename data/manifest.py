"""The case table: one row per image, read from a CSV file or from a folder per class."""

import hashlib
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from data.csv_tables import MAX_ROWS, ManifestError, is_text, known, read_csv, refuse, write_csv
from data.taxonomy import Taxonomy
from data.texts import listed, problem, quoted

COLUMNS = (
    "case_id",
    "path",
    "sha256",
    "label",
    "lesion_id",
    "patient_id",
    "site",
    "age_band",
    "skin_tone",
    "source",
    "licence",
)
# What a manifest may have too: for subgroups, and what the reference standard rests on.
FURTHER = ("sex", "modality", "basis")
_MOST_OF_STRANGERS = 10_000  # rows, as many as a zip may have files
_MAX_PATH, _MAX_PART = 4_000, 255
_JOINING = ["lesion_id", "patient_id"]
IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"),
        *(".tif", ".tiff", ".bmp", ".heic", ".heif"),
    }
)
# Pictures of other kinds, which a folder may hold and nothing here can read.
FOREIGN_SUFFIXES = frozenset(
    {
        ".gif",
        ".avif",
        ".jp2",
        ".j2k",
        ".jxl",
        ".dcm",
        ".svg",
        ".psd",
        ".raw",
        ".nef",
        ".cr2",
        ".dng",
    }
)


def read_manifest(
    path: Path,
    *,
    taxonomy: Taxonomy | None = None,
    further: Sequence[str] = (),
    is_closed_folder: bool = False,
) -> pd.DataFrame:
    """Read and check a manifest.

    The CSV file (UTF-8 or UTF-16; comma, semicolon or tab) needs the columns case_id, path and
    label; the others of COLUMNS and those of `further` are added empty, all else is dropped.
    Relative paths start at the manifest's folder; with `is_closed_folder`, for a manifest of a
    stranger, none may leave it and nothing beyond it is looked at. Returns one row per case, all
    columns str, `path` absolute. Raises ManifestError naming all wrong rows at once: missing or
    repeated case_id, missing file, a hash that differs, and, with `taxonomy`, an unknown label.
    """
    table, problems = check_manifest(
        path, taxonomy=taxonomy, further=further, is_closed_folder=is_closed_folder
    )
    refuse(
        [f"line {line}: {problem}" for line, found in problems.items() for problem in found],
        table_name=path.name,
    )
    return table.reset_index(drop=True)


def check_manifest(
    path: Path,
    *,
    taxonomy: Taxonomy | None = None,
    further: Sequence[str] = (),
    is_closed_folder: bool = False,
) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """As `read_manifest`, for who looks for more: the table by line, and what is wrong by line.

    Raises ManifestError only where there is no table, or one without case_id, path and label.
    """
    table = read_csv(path, most_rows=_MOST_OF_STRANGERS if is_closed_folder else MAX_ROWS)
    missing = [name for name in ("case_id", "path", "label") if name not in table.columns]
    if missing:
        raise ManifestError(
            f"Expected the columns case_id, path and label in {path.name}, but {', '.join(missing)}"
            f" is missing (found: {listed(table.columns)}); rename or add it."
        )
    table = table.reindex(columns=[*COLUMNS, *further], fill_value="")
    # "NA" of many rows is not one patient.
    table[_JOINING] = table[_JOINING].map(known)
    table["path"] = [_absolute(path.parent, p) for p in table["path"]]
    found = _find(table, taxonomy, inside=path.parent if is_closed_folder else None)
    return table, {int(str(line)): problems for line, problems in found.items()}


def _absolute(folder: Path, path: str) -> str:
    """Left as it is where no path can be so."""
    return str((folder / path).resolve()) if path and not name_problem(path) else path


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path stays in the folder, all links and `..` followed."""
    return path.resolve().is_relative_to(folder.resolve())


def find_problems(table: pd.DataFrame, *, taxonomy: Taxonomy | None = None) -> list[str]:
    """All that is wrong with the rows, one sentence each, named by their case_id."""
    found = _find(table, taxonomy)
    ids = dict(zip(table.index, table["case_id"], strict=True))
    return [f"{ids[row]}: {problem}" for row, problems in found.items() for problem in problems]


def _find(
    table: pd.DataFrame, taxonomy: Taxonomy | None, *, inside: Path | None = None
) -> dict[Hashable, list[str]]:
    """By the table's index. `inside`: the folder that no path may leave."""
    repeated = set(table["case_id"][table["case_id"].duplicated(keep=False)])
    checks: tuple[Callable[[pd.Series], str], ...] = (
        lambda row: "" if row["case_id"] else "has no case_id",
        lambda row: name_problem(row["path"]),
        lambda row: (
            f"repeats case_id {quoted(row['case_id'])}" if row["case_id"] in repeated else ""
        ),
        lambda row: _label_problem(row["label"], taxonomy),
        lambda row: _file_problem(row["path"], row["sha256"], inside),
    )
    found = {
        name: [problem for check in checks if (problem := check(row))]
        for name, row in table.iterrows()
    }
    return {name: problems for name, problems in found.items() if problems}


def name_problem(path: str) -> str:
    """What is wrong with a path that no table or no disk can hold."""
    if not is_text(path):
        return "the name of the file or folder is not UTF-8; rename it"
    wrong = problem(path, most=_MAX_PATH) or max(map(len, path.encode().split(b"/"))) > _MAX_PART
    return f"the path {quoted(path)} cannot be: it is too long or has odd signs" if wrong else ""


def _label_problem(label: str, taxonomy: Taxonomy | None) -> str:
    if not label:
        return "has no label"
    if taxonomy is not None and label not in taxonomy.codes:
        return f"label {quoted(label)} is not a class of {taxonomy.name} ({listed(taxonomy.codes)})"
    return ""


def _file_problem(path: str, sha256: str, inside: Path | None) -> str:
    if name_problem(path):
        return ""  # said already
    if path and inside is not None and not is_inside(Path(path), inside):
        return "the image lies outside the folder of the manifest"
    if not path:
        return "has no path"
    if not Path(path).is_file():
        # Who sent a folder does not know, and need not know, where it lies here.
        name = path if inside is None else os.path.relpath(path, inside.resolve())
        return f"image {quoted(name)} is not there"
    if sha256 and sha256.lower() != file_sha256(Path(path)):
        return f"image {Path(path).name!r} is not the one that was hashed (sha256 differs)"
    return ""


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_images(folder: Path, *, suffixes: frozenset[str] = IMAGE_SUFFIXES) -> list[Path]:
    """Every file below `folder` whose name ends like an image, sorted; hidden ones left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def scan_folder(folder: Path, *, taxonomy: Taxonomy) -> pd.DataFrame:
    """Make a manifest of `folder/<label>/…` images; case_id is the path inside the folder.

    Raises ManifestError when the folder holds no image or a sub-folder is not a class.
    """
    if not folder.is_dir():
        raise ManifestError(f"Expected a folder of images, but {folder} is none; check the path.")
    # Pictures that nothing here can read are named later, not passed over.
    found = find_images(folder, suffixes=IMAGE_SUFFIXES | FOREIGN_SUFFIXES)
    rows = [_row(path, folder) for path in found]
    if not rows:
        raise ManifestError(
            f"Expected images in {folder}, one sub-folder per class, but found none; "
            f"accepted endings: {', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS), fill_value="")
    refuse(find_problems(table, taxonomy=taxonomy), table_name=str(folder))
    return table


def _row(path: Path, folder: Path) -> dict[str, str]:
    inside = path.relative_to(folder)
    label = inside.parts[0] if len(inside.parts) > 1 else ""
    return {"case_id": inside.as_posix(), "path": str(path.resolve()), "label": label}


def write_manifest(rows: Iterable[dict[str, str]], path: Path) -> None:
    """Write rows as a manifest, paths as given; the whole file or none.

    It has all COLUMNS, and those of FURTHER that any row knows.
    """
    rows = list(rows)
    known_too = [name for name in FURTHER if any(row.get(name) for row in rows)]
    write_csv(rows, [*COLUMNS, *known_too], path, as_they_are=("case_id", "path"))
