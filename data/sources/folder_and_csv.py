"""Any folder of images and any CSV table."""

from collections.abc import Mapping
from pathlib import Path

from data.csv_tables import ManifestError, known
from data.manifest import COLUMNS, FOREIGN_SUFFIXES, FURTHER, find_images
from data.sources.rows import Found, Images, Row, listed, read_table

_AS_THEY_ARE = ("case_id", "path", "label")
_ADVICE = (
    "say which column is which, such as --column path=COLUMN, and save the table with commas, "
    "semicolons or tabs"
)


def from_folder(folder: Path, *, patients: bool = False) -> Found:
    """`folder/<label>/…`, or with `patients` `folder/<label>/<patient>/…`; the path is the id."""
    rows: list[Row] = []
    problems = []
    depth = 3 if patients else 2
    for path in find_images(folder):
        inside = path.relative_to(folder)
        if len(inside.parts) < depth:
            expected = "<label>/<patient>/" if patients else "<label>/"
            problems.append(f"{inside.as_posix()}: is not in {expected}")
            continue
        rows.append(
            {
                "place": inside.as_posix(),
                "case_id": inside.as_posix(),
                "path": str(path.resolve()),
                "label": inside.parts[0].strip(),
                "patient_id": inside.parts[1].strip() if patients else "",
            }
        )
    if not rows and not problems:
        raise ManifestError(f"Expected images below {folder}, but found none; check the path.")
    return Found(rows, problems, _left_out(folder))


def _left_out(folder: Path) -> list[str]:
    names = [str(p.relative_to(folder)) for p in find_images(folder, suffixes=FOREIGN_SUFFIXES)]
    if not names:
        return []
    return [
        f"{len(names)} files are left out, since they are of kinds that cannot be read here: "
        f"{listed(names)}. Save them as JPEG or PNG to take them in."
    ]


def from_csv(file: Path, folders: list[Path], columns: Mapping[str, str]) -> Found:
    """Any table: `columns` says which of its columns is which of the manifest's.

    A column that is not named keeps its name; case_id is the path where there is none. With
    `folders`, the path may be an image's bare name, with or without its ending.
    """
    names = (*COLUMNS, *FURTHER)
    foreign = sorted(set(columns) - set(names))
    if foreign:
        raise ManifestError(
            f"Expected --column to name columns of a manifest ({', '.join(names)}), but got "
            f"{', '.join(foreign)}; write it as MANIFEST_COLUMN=COLUMN_OF_THE_TABLE."
        )
    source = {name: columns.get(name, name) for name in names}
    needed = [source["path"], source["label"], *columns.values()]
    table = read_table(file, needed=list(dict.fromkeys(needed)), advice=_ADVICE)
    images = Images(folders)
    rows: list[Row] = []
    problems = []
    for line, cells in table.iterrows():
        row: Row = {name: str(cells.get(column, "")) for name, column in source.items()}
        row |= {name: known(row[name]) for name in names if name not in _AS_THEY_ARE}
        name = row["path"]
        row["path"], problem = _locate(name, file.parent, images)
        row |= {"place": f"line {line}", "case_id": row["case_id"] or name}
        problems += [f"line {line}: {problem}"] if problem else []
        rows.append(row)
    return Found(rows, problems, images.unused(rows))


def _locate(name: str, folder: Path, images: Images) -> tuple[str, str]:
    if not name:
        return "", "has no path"
    path = (folder / name).resolve()
    if path.is_file():
        return str(path), ""
    return images.find(name) if images.by_name else ("", f"image {name!r} is not there")
