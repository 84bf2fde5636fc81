"""Cases from a manifest: every row is checked before any is stored, and all faults are told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.images import ImageError
from data.manifest import is_inside, read_manifest
from data.taxonomy import Taxonomy
from readerstudy.db import queries_studies as queries
from readerstudy.db.tables import Case, FurtherView
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


_OF_A_STUDY = ("role", "repeat", "clinical_text", "basis", "views", "view_captions")
_SEPARATOR = "|"
_MAX_VIEWS = 8
_MAX_CAPTION = 200
_MAX_BASIS = 200
_YES_NO = {"": False, "no": False, "yes": True}


@dataclass(frozen=True)
class Known:
    """What a study holds before an import: names of cases, and cases by the hash of an image."""

    names: frozenset[str]
    images: Mapping[str, str]


def read_rows(manifest: Path, taxonomy: Taxonomy, *, is_closed_folder: bool = False) -> list[Row]:
    table = read_manifest(
        manifest, taxonomy=taxonomy, further=_OF_A_STUDY, is_closed_folder=is_closed_folder
    )
    rows = [{str(k): str(v) for k, v in row.items()} for row in table.to_dict("records")]
    if is_closed_folder:
        _refuse(
            [
                f"{row['case_id']}: the view {view!r} lies outside the folder of the manifest"
                for row in rows
                for view in views_of(row)
                if not is_inside(manifest.parent / view, manifest.parent)
            ]
        )
    return rows


def store_images(
    rows: Sequence[Row], *, known: Known, source: Path, folder: Path
) -> list[list[images.StoredImage]]:
    """Of each row in order its image and its further views, whose paths start at `source`.

    Raises ImportRefused with all that is wrong.
    """
    seen = dict(known.images)
    stored, problems = [], []
    for row in rows:
        case_id = row["case_id"]
        found = _problems(row, known.names)
        own = []
        for path in (Path(row["path"]), *(source / view for view in views_of(row))):
            try:
                image = images.store(path, folder=folder)
            except ImageError as error:
                found.append(f"{path.name}: {error}")
                continue
            if image in own:
                found.append(f"{path.name} is the same image as another of this case")
            elif seen.setdefault(image.sha256, case_id) != case_id:
                found.append(f"the same image as {seen[image.sha256]}")
            own.append(image)
        problems += [f"{case_id}: {problem}" for problem in found]
        stored.append(own)
    _refuse(problems)
    return stored


def views_of(row: Row) -> list[str]:
    return [part.strip() for part in row["views"].split(_SEPARATOR) if part.strip()]


def further_views(row: Row, stored: Sequence[images.StoredImage]) -> list[FurtherView]:
    """`stored`: the case's own image, which is view 1, and those after it."""
    captions = _captions(row) or [""] * len(stored[1:])
    return [
        FurtherView(
            position=position, image_file=image.file, image_sha256=image.sha256, caption=caption
        )
        for position, (image, caption) in enumerate(zip(stored[1:], captions, strict=True), start=2)
    ]


def _captions(row: Row) -> list[str]:
    given = row["view_captions"]
    return [part.strip() for part in given.split(_SEPARATOR)] if given.strip() else []


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


def _problems(row: Row, names: Collection[str]) -> list[str]:
    problems = [
        f"{column} has {len(row[column])} characters, at most {most} fit"
        for column, most in queries.case_limits().items()
        if len(row.get(column, "")) > most
    ]
    if row["case_id"] in names:
        problems.append("the study has a case of this name")
    problems += _role_problems(row["role"] or CaseRole.TEST, row["repeat"])
    problems += _view_problems(len(views_of(row)), _captions(row))
    if len(row["basis"]) > _MAX_BASIS:
        problems.append(f"basis has {len(row['basis'])} characters, at most {_MAX_BASIS} fit")
    return problems


def _view_problems(n_views: int, captions: Sequence[str]) -> list[str]:
    problems = []
    if n_views > _MAX_VIEWS:
        problems.append(f"views names {n_views} images, at most {_MAX_VIEWS} fit")
    if captions and len(captions) != n_views:
        problems.append(f"view_captions has {len(captions)} parts, but views {n_views}")
    if any(len(caption) > _MAX_CAPTION for caption in captions):
        problems.append(f"a caption of a view has more than {_MAX_CAPTION} characters")
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
