"""Pictures beside a model's advice: its saliency map of a case, and similar known cases."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data.csv_tables import read_csv
from data.images import ImageError
from data.manifest import is_inside, name_problem
from data.texts import listed, problem, quoted
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import studies as queries
from readerstudy.db.queries import supports
from readerstudy.db.tables import Model, Study, Support
from readerstudy.domain import Actor, StudyState, SupportKind
from readerstudy.domain.errors import ImportRefused, StateError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.services.intake import cases as importing
from readerstudy.services.intake import image_store
from readerstudy.services.intake.staging import staged

_COLUMNS = ("case_id", "kind", "path", "caption")
_MOST = {SupportKind.SALIENCY: 1, SupportKind.SIMILAR: 6}
_MAX_CAPTION = 200
_MAX_ROWS = 100_000


@dataclass(frozen=True)
class _Row:
    """One line of the table; `place` names it in what is said about it."""

    place: str
    case_id: str
    kind: str
    path: str
    caption: str


def import_supports(
    db: Database,
    *,
    actor: Actor,
    slug: str,
    model: str,
    csv: Path,
    is_closed_folder: bool = False,
) -> int:
    """All or none, once for each model, while the study is a draft. Returns their number.

    Similar cases come in the order of the table. `is_closed_folder`: the table comes from outside
    and may name nothing beyond its own folder.
    """
    with db.reading() as session:
        study = queries.study_by_slug(session, slug)
        _model(session, study, actor, model)
        known = importing.known(session, study.id)
    rows = _rows(csv)
    inside = csv.parent if is_closed_folder else None
    with staged(db.images, min_free=db.min_free) as folder:
        stored = _store(rows, known=known, source=csv.parent, folder=folder, inside=inside)
    with db.transaction() as session:
        study = queries.lock_study(session, slug)
        its = _model(session, study, actor, model)
        cases = {case.case_id: case.id for case in queries.cases(session, study.id)}
        session.add_all(_supports(its, cases, rows, stored))
        counts = Counter(row.kind for row in rows)
        audit.record(
            session,
            actor=actor,
            verb="import_supports",
            subject=study.slug,
            study_id=study.id,
            new={"model": model, **counts},
        )
    return len(rows)


def shown(session: Session, study: Study, case_id: int) -> list[Support]:
    """What the protocol shows beside the advice on a case, given by its row id."""
    aid = study.protocol.aid
    if not aid.support:
        return []
    kinds = [SupportKind(kind) for kind in aid.support]
    found = supports.of_case(session, study.id, case_id, model=aid.model, kinds=kinds)
    return list(found)


def _model(session: Session, study: Study, actor: Actor, name: str) -> Model:
    """The model, if the actor may add pictures to its advice, and it has none."""
    authorise(actor, Permission.MANAGE, study_id=study.id)
    require_state(study.state, StudyState.DRAFT, doing="import pictures")
    models = {model.name: model for model in queries.models(session, study.id)}
    if name not in models:
        raise ImportRefused(
            f"Expected pictures of one of the study's models ({', '.join(models) or 'none yet'}), "
            f"but got {quoted(name)}; import its predictions first."
        )
    if supports.of_model(session, models[name].id):
        raise StateError(
            f"Expected a model without pictures, but {name} has some; import all of them at once, "
            "into a copy of the study."
        )
    return models[name]


def _rows(csv: Path) -> list[_Row]:
    table = read_csv(csv, most_rows=_MAX_ROWS)
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise ImportRefused(
            f"Expected the columns {', '.join(_COLUMNS)} in {csv.name}, but "
            f"{', '.join(missing)} is missing; add it."
        )
    lines = table[list(_COLUMNS)].to_dict("records")
    return [
        _Row(f"line {line}", **{str(k): str(v) for k, v in row.items()})
        for line, row in zip(table.index, lines, strict=True)
    ]


def _store(
    rows: list[_Row], *, known: importing.Known, source: Path, folder: Path, inside: Path | None
) -> list[image_store.StoredImage]:
    """The image of each row in order. Raises ImportRefused with all that is wrong."""
    count = Counter((row.case_id, row.kind) for row in rows)
    stored, problems = [], []
    for row in rows:
        found = _problems(row, known, count)
        try:
            image = _read(source, row.path, folder=folder, inside=inside)
        except ImageError as error:
            found.append(f"{listed([Path(row.path).name]) or 'no path'}: {error}")
        else:
            found += _told(row, image, known)
            stored.append(image)
        problems += [f"{row.place}: {problem}" for problem in found]
    importing.refuse(problems, expected="every row to be a picture of a case's advice")
    return stored


def _read(source: Path, name: str, *, folder: Path, inside: Path | None) -> image_store.StoredImage:
    if wrong := name_problem(name):
        raise ImageError(wrong)
    path = source / name
    if inside is not None and not is_inside(path, inside):
        raise ImageError("it lies outside the folder of the table; pack it beside the table.")
    return image_store.store(path, folder=folder)


def _problems(row: _Row, known: importing.Known, count: Mapping[tuple[str, str], int]) -> list[str]:
    problems = []
    if row.case_id not in known.names:
        problems.append(f"the study has no case {quoted(row.case_id)}")
    if row.kind not in list(SupportKind):
        problems.append(f"kind is {' or '.join(SupportKind)}, but here {quoted(row.kind)}")
    elif count[row.case_id, row.kind] > (most := _MOST[SupportKind(row.kind)]):
        problems.append(
            f"at most {most} {row.kind} for a case, here {count[row.case_id, row.kind]}"
        )
    if wrong := problem(row.caption, most=_MAX_CAPTION):
        problems.append(f"caption {wrong}")
    return problems


def _told(row: _Row, image: image_store.StoredImage, known: importing.Known) -> list[str]:
    """A similar case says a diagnosis: shown of a case of the study it would tell the reference."""
    same = known.images.get(image.sha256)
    if same is None or row.kind != SupportKind.SIMILAR:
        return []
    return [f"{Path(row.path).name} is the image of {same}, a case of this study"]


def _supports(
    model: Model,
    cases: Mapping[str, int],
    rows: list[_Row],
    stored: list[image_store.StoredImage],
) -> list[Support]:
    place: Counter[tuple[str, str]] = Counter()
    found = []
    for row, image in zip(rows, stored, strict=True):
        place[row.case_id, row.kind] += 1
        found.append(
            Support(
                model_id=model.id,
                case_id=cases[row.case_id],
                kind=SupportKind(row.kind),
                position=place[row.case_id, row.kind],
                image_file=image.file,
                image_sha256=image.sha256,
                caption=row.caption,
            )
        )
    return found
