"""HAM10000 and the classification tasks of the ISIC challenges of 2018 and 2019."""

from pathlib import Path

import pandas as pd

from data.csv_tables import ManifestError, known
from data.sources.rows import Found, Images, Row, age_band, read_table

LICENCE = "CC BY-NC 4.0"
_HAM_COLUMNS = ("lesion_id", "image_id", "dx", "age", "localization")
_BASIS = {"histo": "histopathology", "follow_up": "follow-up"}
_CLASSES = ("MEL", "NV", "BCC", "AK", "AKIEC", "BKL", "DF", "VASC", "SCC", "UNK")


def from_ham10000(metadata: Path, folders: list[Path]) -> Found:
    """HAM10000_metadata (CSV or tab) and its image folders; labels are its own (nv, mel, …)."""
    images = Images(folders)
    rows: list[Row] = []
    problems = []
    for line, cells in read_table(metadata, needed=_HAM_COLUMNS).iterrows():
        path, problem = images.find(str(cells["image_id"]))
        problems += [f"line {line}: {problem}"] if problem else []
        rows.append(
            {
                "place": f"line {line}",
                "case_id": cells["image_id"],
                "path": path,
                "label": cells["dx"],
                "lesion_id": cells["lesion_id"],
                "site": known(cells["localization"]),
                "age_band": age_band(cells["age"]),
                "sex": known(cells.get("sex", "")),
                "basis": _BASIS.get(cells.get("dx_type", ""), known(cells.get("dx_type", ""))),
                "source": "HAM10000",
                "licence": LICENCE,
            }
        )
    return Found(rows, problems, images.unused(rows))


def from_isic_challenge(tables: list[Path], folders: list[Path], *, year: int) -> Found:
    """The ground truth (one column of 0 and 1 per class), and tables with more facts per image.

    Of the further tables (metadata of 2019, lesion groupings of 2018), lesion_id, age_approx,
    anatom_site_general, sex and diagnosis_confirm_type are taken. Labels are the names of the
    columns.
    """
    read = [(path, read_table(path, needed=["image"])) for path in tables]
    truths = [(path, table) for path, table in read if len(_classes(table)) > 1]
    if len(truths) != 1:
        raise ManifestError(
            f"Expected one ground-truth table with a column per class ({', '.join(_CLASSES)}), but "
            f"got {len(truths)}; give the challenge's GroundTruth CSV and, if any, its metadata."
        )
    others = [(path, table.drop_duplicates()) for path, table in read if path != truths[0][0]]
    problems = [
        f"{path.name}, line {line}: says something else of {image!r} than another line"
        for path, table in others
        for line, image in table.loc[table["image"].duplicated(), "image"].items()
    ]
    facts = [table.drop_duplicates("image").set_index("image") for _, table in others]
    images = Images(folders)
    rows: list[Row] = []
    for line, cells in truths[0][1].iterrows():
        row, wrong = _challenge_row(cells, facts, images)
        problems += [f"line {line}: {problem}" for problem in wrong]
        row |= {"place": f"line {line}", "source": f"ISIC {year}", "licence": LICENCE}
        rows += [row] if row["label"] else []  # what is wrong with the others was just said
    return Found(rows, problems, images.unused(rows))


def _classes(table: pd.DataFrame) -> list[str]:
    return [name for name in _CLASSES if name in table.columns]


def _challenge_row(
    cells: pd.Series, facts: list[pd.DataFrame], images: Images
) -> tuple[Row, list[str]]:
    name = str(cells["image"])
    path, problem = images.find(name)
    labels = [c for c in _CLASSES if c in cells.index and _is_one(cells[c])]
    problems = [problem] if problem else []
    if len(labels) != 1:
        problems.append(f"has {len(labels)} classes marked with 1, not one")

    def fact(column: str) -> str:
        values = (t[column].get(name, "") for t in facts if column in t.columns)
        return known(str(next((value for value in values if value), "")))

    row = {
        "case_id": name,
        "path": path,
        "label": labels[0] if len(labels) == 1 else "",
        "lesion_id": fact("lesion_id"),
        "site": fact("anatom_site_general"),
        "age_band": age_band(fact("age_approx")),
        "sex": fact("sex"),
        "basis": fact("diagnosis_confirm_type"),
    }
    return row, problems


def _is_one(cell: str) -> bool:
    try:
        return float(cell) == 1
    except ValueError:
        return False
