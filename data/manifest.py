"""The case table: one row per image, read from a CSV file or from a folder per class."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from data.errors import UserError
from data.taxonomy import Taxonomy

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
IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif"}
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
_DELIMITERS = (",", ";", "\t")
_SHOWN = 20


class ManifestError(UserError):
    """The case table cannot be used; the text lists every row that is wrong."""


def read_manifest(
    path: Path, *, taxonomy: Taxonomy | None = None, further: Sequence[str] = ()
) -> pd.DataFrame:
    """Read and check a manifest.

    The CSV file (UTF-8 or UTF-16; comma, semicolon or tab) needs the columns case_id, path and
    label; the others of COLUMNS and those of `further` are added empty, all else is dropped.
    Relative paths start at the manifest's
    folder. Returns one row per case, all columns str, `path` absolute. Raises ManifestError naming
    all wrong rows at once: missing or repeated case_id, missing file, a hash that differs, and,
    with `taxonomy`, an unknown label.
    """
    table = _read_csv(path)
    missing = [name for name in ("case_id", "path", "label") if name not in table.columns]
    if missing:
        raise ManifestError(
            f"Expected the columns case_id, path and label in {path.name}, but {', '.join(missing)}"
            f" is missing (found: {', '.join(table.columns)}); rename or add it."
        )
    table = table.reindex(columns=[*COLUMNS, *further], fill_value="")
    table["path"] = [str((path.parent / p).resolve()) if p else "" for p in table["path"]]
    refuse(find_problems(table, taxonomy=taxonomy), table_name=path.name)
    return table.reset_index(drop=True)


def _read_csv(path: Path) -> pd.DataFrame:
    """All cells as text, stripped; the index is the line of the file on which a row begins."""
    if not path.is_file():
        raise ManifestError(f"Expected a manifest file, but {path} is not there; check the path.")
    header, *rows = _lines(path)
    names = [name.strip() for name in header.cells]
    if len(set(names)) < len(names):
        raise ManifestError(
            f"Expected each column of {path.name} once, but got {', '.join(names)}; "
            "rename or remove the repeated one."
        )
    if not rows:
        raise ManifestError(
            f"Expected at least one case in {path.name}, but it has none; add rows."
        )
    long = [row for row in rows if any(cell.strip() for cell in row.cells[len(names) :])]
    refuse(
        [f"line {r.line}: {len(r.cells)} cells, but {len(names)} columns" for r in long],
        table_name=path.name,
    )
    cells = [(*map(str.strip, row.cells), *[""] * len(names))[: len(names)] for row in rows]
    lines = pd.Index([row.line for row in rows], name="line")
    return pd.DataFrame(cells, columns=names, index=lines, dtype=str)


class _Line(NamedTuple):
    line: int
    cells: list[str]


def _lines(path: Path) -> list[_Line]:
    """Every line that is not blank, with its number; the first is the header."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    # Counted outside quotes: a name in the header may hold a comma.
    bare = re.sub(r'"[^"]*"', "", first)
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=bare.count))
    found, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(_Line(begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(
            f"Expected {path.name} to be a CSV file, but line {begins} cannot be read ({error}); "
            "correct it, or save the table again as CSV."
        ) from error
    if not found:
        raise ManifestError(f"Expected {path.name} to be a CSV file of cases, but it is empty.")
    return found


def _text(path: Path) -> str:
    content = path.read_bytes()
    # Spreadsheets' "Unicode text" begins with this mark.
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ManifestError(
            f"Expected {path.name} to be a CSV file in UTF-8, but line {line} holds other "
            'characters; save it in the spreadsheet as "CSV UTF-8".'
        ) from error


def find_problems(table: pd.DataFrame, *, taxonomy: Taxonomy | None = None) -> list[str]:
    """All that is wrong with the rows, one sentence each.

    A row is named by the line of its file if the index is called "line", else by its case_id.
    """
    repeated = set(table["case_id"][table["case_id"].duplicated(keep=False)])
    checks: tuple[Callable[[pd.Series], str], ...] = (
        lambda row: "" if row["case_id"] else "has no case_id",
        lambda row: f"repeats case_id {row['case_id']!r}" if row["case_id"] in repeated else "",
        lambda row: _label_problem(row["label"], taxonomy),
        lambda row: _file_problem(row["path"], row["sha256"]),
    )
    return [
        f"{_place(row, table.index)}: {problem}"
        for _, row in table.iterrows()
        for problem in (check(row) for check in checks)
        if problem
    ]


def _place(row: "pd.Series[str]", index: pd.Index) -> str:
    return f"line {row.name}" if index.name == "line" else row["case_id"]


def _label_problem(label: str, taxonomy: Taxonomy | None) -> str:
    if not label:
        return "has no label"
    if taxonomy is not None and label not in taxonomy.codes:
        return f"label {label!r} is not a class of {taxonomy.name} ({', '.join(taxonomy.codes)})"
    return ""


def _file_problem(path: str, sha256: str) -> str:
    if not path or not Path(path).is_file():
        return f"image {path!r} is not there" if path else "has no path"
    if sha256 and sha256.lower() != file_sha256(Path(path)):
        return f"image {Path(path).name!r} is not the one that was hashed (sha256 differs)"
    return ""


def refuse(problems: list[str], *, table_name: str) -> None:
    """Raise ManifestError when there are problems; the first twenty are written out."""
    if not problems:
        return
    rest = len(problems) - _SHOWN
    more = f"\n… and {rest} more" if rest > 0 else ""
    raise ManifestError(
        f"Expected every row of {table_name} to be a usable case, but {len(problems)} problem(s) "
        "were found; mend them and try again:\n" + "\n".join(problems[:_SHOWN]) + more
    )


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
    rows = [_row(path, folder) for path in find_images(folder)]
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
    """Write rows as a manifest with all COLUMNS, paths as given."""
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS), fill_value="")
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, encoding="utf-8")
