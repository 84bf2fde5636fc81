"""Cases from a manifest: every row is checked before any is stored, and all faults are told."""

from collections.abc import Sequence
from pathlib import Path

from data.images import ImageError
from data.manifest import read_manifest
from data.taxonomy import Taxonomy
from readerstudy.db import queries_studies as queries
from readerstudy.db.tables import Case
from readerstudy.entities import CaseRole
from readerstudy.errors import ImportRefused
from readerstudy.services import images

Row = dict[str, str]

_COPIED = (
    "lesion_id",
    "patient_id",
    "site",
    "age_band",
    "skin_tone",
    "source",
    "licence",
)


_OF_A_STUDY = ("role", "repeat", "clinical_text", "basis")
_MAX_BASIS = 200
_YES_NO = {"": False, "no": False, "yes": True}


def read_rows(manifest: Path, taxonomy: Taxonomy) -> list[Row]:
    table = read_manifest(manifest, taxonomy=taxonomy, further=_OF_A_STUDY)
    return [{str(k): str(v) for k, v in row.items()} for row in table.to_dict("records")]


def store_images(
    rows: Sequence[Row], *, existing: Sequence[Case], folder: Path
) -> list[images.StoredImage]:
    """One per row, in order. Raises ImportRefused with all that is wrong."""
    names = {case.case_id for case in existing}
    seen = {case.image_sha256: case.case_id for case in existing}
    stored, problems = [], []
    for row in rows:
        case_id = row["case_id"]
        problems += [f"{case_id}: {problem}" for problem in _problems(row, names)]
        try:
            image = images.store(Path(row["path"]), folder=folder)
        except ImageError as error:
            problems.append(f"{case_id}: {error}")
            continue
        if seen.setdefault(image.sha256, case_id) != case_id:
            problems.append(f"{case_id}: the same image as {seen[image.sha256]}")
        stored.append(image)
    _refuse(problems)
    return stored


def new_case(study_id: int, row: Row, image: images.StoredImage) -> Case:
    return Case(
        study_id=study_id,
        case_id=row["case_id"],
        image_file=image.file,
        image_sha256=image.sha256,
        role=CaseRole(row["role"] or CaseRole.TEST),
        is_repeated=_YES_NO[row["repeat"]],
        clinical_text=row["clinical_text"],
        **{column: row[column] for column in _COPIED},
    )


def _problems(row: Row, names: set[str]) -> list[str]:
    problems = [
        f"{column} has {len(row[column])} characters, at most {most} fit"
        for column, most in queries.case_limits().items()
        if len(row.get(column, "")) > most
    ]
    if row["case_id"] in names:
        problems.append("the study has a case of this name")
    problems += _role_problems(row["role"] or CaseRole.TEST, row["repeat"])
    if len(row["basis"]) > _MAX_BASIS:
        problems.append(f"basis has {len(row['basis'])} characters, at most {_MAX_BASIS} fit")
    return problems


def _role_problems(role: str, repeat: str) -> list[str]:
    problems = []
    if role not in list(CaseRole):
        problems.append(f"role is one of {', '.join(CaseRole)}, but here {role!r}")
    if repeat not in _YES_NO:
        problems.append(f"repeat is yes, no or empty, but here {repeat!r}")
    elif _YES_NO[repeat] and role in (CaseRole.PRACTICE, CaseRole.ATTENTION):
        problems.append(f"only a test case can be repeated, but this is for {role}")
    return problems


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ImportRefused(
            f"Expected every case to be new with a readable image, but {len(problems)} faults were "
            "found; mend them and import again:\n" + "\n".join(problems)
        )
