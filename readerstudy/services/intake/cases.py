"""Cases from a manifest: every row is checked before any is stored, and all faults are told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.images import ImageError
from data.manifest import check_manifest, is_inside, name_problem
from data.taxonomy import Taxonomy
from data.texts import listed, problem, quoted
from readerstudy.db import Session
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import Case, FurtherView
from readerstudy.domain import CaseRole
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.intake import image_store as images

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
# Of the columns that a case does not have as text of its own.
_LIMITS = {"basis": 200, "clinical_text": 10_000, "views": 4_000, "view_captions": 2_000}
_WITH_LINES = ("clinical_text",)
_SHOWN = 100
_YES_NO = {"": False, "no": False, "yes": True}


@dataclass(frozen=True)
class Known:
    """What a study holds before an import: names of cases, and cases by the hash of an image."""

    names: frozenset[str]
    images: Mapping[str, str]


@dataclass(frozen=True)
class ReadCase:
    """A row of the manifest, and its images as they are stored: its own, then further views."""

    row: Row
    images: list[images.StoredImage]


def known(session: Session, study_id: int) -> Known:
    cases = queries.cases(session, study_id)
    names = {case.id: case.case_id for case in cases}
    images = {case.image_sha256: case.case_id for case in cases}
    for case_id, views in queries.further_views(session, study_id).items():
        images |= {view.image_sha256: names[case_id] for view in views}
    return Known(frozenset(names.values()), images)


def read_cases(
    manifest: Path,
    taxonomy: Taxonomy,
    *,
    known: Known,
    folder: Path,
    is_closed_folder: bool = False,
) -> list[ReadCase]:
    """Every row with its images, stored in `folder`.

    Raises ImportRefused with all that is wrong in the table and with the pictures.
    """
    table, problems = check_manifest(
        manifest, taxonomy=taxonomy, further=_OF_A_STUDY, is_closed_folder=is_closed_folder
    )
    pictures = _Pictures(folder, known.images, manifest.parent if is_closed_folder else None)
    cases, told = [], []
    for line, row in zip(map(int, table.index), table.to_dict("records"), strict=True):
        case = ReadCase({str(k): str(v) for k, v in row.items()}, [])
        odd = _text_problems(case.row)
        found = odd + _problems(case.row, known.names)
        found += [] if odd else pictures.store(case, source=manifest.parent)
        told += [f"line {line}: {problem}" for problem in problems.get(line, [])]
        told += [f"line {line}, {listed([case.row['case_id']])}: {problem}" for problem in found]
        cases.append(case)
    refuse(told, expected="every case to be new with a readable image")
    return cases


class _Pictures:
    """Stores the images of one import. `inside`: the folder that none may come from beyond."""

    def __init__(self, folder: Path, known: Mapping[str, str], inside: Path | None) -> None:
        self._folder = folder
        self._seen = dict(known)
        self._inside = inside

    def store(self, case: ReadCase, *, source: Path) -> list[str]:
        """Adds them to the case; returns what is wrong. Views' paths start at `source`."""
        own = Path(case.row["path"])
        views = [source / view for view in views_of(case.row)]
        found = [
            f"the view {quoted(view.name)} lies outside the folder of the manifest"
            for view in views
            if not self._may_read(view)
        ]
        # What is wrong with the path of the case's own image was said with the table.
        is_there = not name_problem(str(own)) and own.is_file()
        for path in filter(self._may_read, [own, *views] if is_there else views):
            try:
                image = images.store(path, folder=self._folder)
            except ImageError as error:
                found.append(f"{listed([path.name])}: {error}")
                continue
            found += self._again(image, path, case)
            case.images.append(image)
        return found

    def _may_read(self, path: Path) -> bool:
        return self._inside is None or is_inside(path, self._inside)

    def _again(self, image: images.StoredImage, path: Path, case: ReadCase) -> list[str]:
        if image in case.images:
            return [f"{path.name} is the same image as another of this case"]
        case_id = case.row["case_id"]
        first = self._seen.setdefault(image.sha256, case_id)
        return [] if first == case_id else [f"the same image as {first}"]


def views_of(row: Row) -> list[str]:
    return [part.strip() for part in row["views"].split(_SEPARATOR) if part.strip()]


def further_views(case: ReadCase) -> list[FurtherView]:
    """The case's own image is view 1."""
    stored = case.images
    captions = _captions(case.row) or [""] * len(stored[1:])
    return [
        FurtherView(
            position=position, image_file=image.file, image_sha256=image.sha256, caption=caption
        )
        for position, (image, caption) in enumerate(zip(stored[1:], captions, strict=True), start=2)
    ]


def _captions(row: Row) -> list[str]:
    given = row["view_captions"]
    return [part.strip() for part in given.split(_SEPARATOR)] if given.strip() else []


def new_case(study_id: int, case: ReadCase) -> Case:
    row, image = case.row, case.images[0]
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
    problems = []
    if row["case_id"] in names:
        problems.append("the study has a case of this name")
    problems += _role_problems(row["role"] or CaseRole.TEST, row["repeat"])
    problems += _view_problems(len(views_of(row)), _captions(row))
    return problems


def _text_problems(row: Row) -> list[str]:
    return [
        f"{column} {wrong}"
        for column, most in {**queries.case_limits(), **_LIMITS}.items()
        if (wrong := problem(row.get(column, ""), most=most, has_lines=column in _WITH_LINES))
    ]


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
        problems.append(f"role is one of {', '.join(CaseRole)}, but here {quoted(role)}")
    if repeat not in _YES_NO:
        problems.append(f"repeat is yes, no or empty, but here {quoted(repeat)}")
    elif _YES_NO[repeat] and role in (CaseRole.PRACTICE, CaseRole.ATTENTION):
        problems.append(f"only a test case can be repeated, but this is for {role}")
    return problems


def refuse(problems: Sequence[str], *, expected: str) -> None:
    """Raises ImportRefused that lists them; does nothing where there are none."""
    if not problems:
        return
    more = f"\nand {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    raise ImportRefused(
        f"Expected {expected}, but {len(problems)} faults were found; mend them and import "
        "again:\n" + "\n".join(problems[:_SHOWN]) + more
    )
