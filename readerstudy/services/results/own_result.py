"""What readers learn at the end: which advice misled, and after closing their own result."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from readerstudy.db import Database, Session
from readerstudy.db.queries import assignments as queries
from readerstudy.db.queries import readers as queries_own
from readerstudy.db.queries import readings
from readerstudy.db.tables import Reader, Study
from readerstudy.domain import Actor, Arm, CaseRole, Option, ReaderKind, Stage, StudyState
from readerstudy.domain.errors import NotFoundError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import reader_of
from readerstudy.services.intake import image_store
from readerstudy.services.reading.readers import options_of, stage_of
from readerstudy.services.results.readings import classes_of, predictions_frames
from readerstudy.services.results.results import model_curves
from readerstudy.stats.figures.roc import RocFigure
from readerstudy.stats.input.restriction import build_model

# Of fewer, the median and the range would tell one of them about another.
MIN_OTHERS = 3
OVER = (StudyState.CLOSED, StudyState.ARCHIVED)
_Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Share:
    """`hits` of `n`; undefined where `n` is 0."""

    hits: int
    n: int


@dataclass(frozen=True)
class Others:
    """Shares of the other readers for whom it is defined; nobody is named or ranked."""

    n: int
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One quantity of one class (`code` empty: all classes)."""

    code: str
    quantity: str
    own: Share
    models: dict[str, Share]
    others: Others | None


@dataclass(frozen=True)
class Missed:
    position: int
    case_token: str
    answer: str
    truth: str


@dataclass(frozen=True)
class OwnResult:
    """`missed` None: the protocol does not show them. `curves`: the models, by class."""

    study_title: str
    synthetic: bool
    options: tuple[Option, ...]
    lines: tuple[Line, ...]
    missed: tuple[Missed, ...] | None
    curves: dict[str, RocFigure]


def misled_at(db: Database, *, actor: Actor) -> list[int]:
    """Positions of the advice that was wrong on purpose; empty until the reader is done."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        if stage_of(session, reader, study) not in (Stage.DONE, Stage.CLOSED):
            return []
        shown = {assignment for assignment, _ in queries_own.readings(session, reader_id)}
        return sorted(
            assignment.position
            for assignment in shown
            if assignment.advice and assignment.advice["is_misled"]
        )


def own_result(db: Database, *, actor: Actor) -> OwnResult:
    """Of the unaided test cases, once the study is closed; nothing of it before."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        require_state(study.state, *OVER, doing="see the own result")
        pairs = _pairs_by_reader(session, study)
        models = _models(session, study)
        return OwnResult(
            study_title=study.title,
            synthetic=study.synthetic,
            options=options_of(study),
            lines=tuple(_lines(reader.code, pairs, models, classes_of(study))),
            missed=_missed(session, reader, study),
            curves=model_curves(session, study, db=db),
        )


def missed_image(db: Database, *, actor: Actor, case_token: str) -> bytes:
    """Of a case that the own result lists."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        require_state(study.state, *OVER, doing="see a missed case")
        listed = {missed.case_token for missed in _missed(session, reader, study) or ()}
        assignment = queries.assignment_by_token(session, reader_id, case_token)
        if assignment is None or case_token not in listed:
            raise NotFoundError("Expected a missed case of yours, but this is none.")
        file = queries.image_file(session, assignment.case_id, view=1) or ""
    return image_store.load(file, folder=db.images)


def _pairs_by_reader(session: Session, study: Study) -> dict[str, list[tuple[str, str]]]:
    """(answer, reference standard) of the people who read."""
    as_wrong = study.protocol.analysis.missing == "wrong"
    found: dict[str, list[tuple[str, str]]] = {}
    for row in readings.readings(session, study):
        is_counted = row["arm"] is Arm.UNAIDED and row["reader_kind"] is ReaderKind.HUMAN
        if is_counted and (row["answer"] or as_wrong):
            found.setdefault(row["reader_id"], []).append((row["answer"] or "", row["truth"]))
    return found


def _models(session: Session, study: Study) -> dict[str, _Pairs]:
    """Each model's most probable class, on all test cases."""
    classes = classes_of(study)
    tests = [c for c in readings.cases(session, study) if c["role"] is CaseRole.TEST]
    names = tuple(case["case_id"] for case in tests)
    found: dict[str, _Pairs] = {}
    for name, frame in predictions_frames(session, study).items():
        model = build_model(
            name, frame, cases=names, classes=classes, positive=None,
            rule=study.rule.value, notes=[],
        )  # fmt: skip
        calls = [classes[call] if call >= 0 else "" for call in model.calls]
        found[name] = [(call, case["truth"]) for call, case in zip(calls, tests, strict=True)]
    return found


def _lines(
    code: str, readers: dict[str, list[tuple[str, str]]], models: dict[str, _Pairs],
    classes: Sequence[str],
) -> list[Line]:  # fmt: skip
    own: _Pairs = readers.get(code, [])
    others = [pairs for name, pairs in readers.items() if name != code]
    wanted = [("", "accuracy")]
    wanted += [(class_, q) for class_ in classes for q in ("sensitivity", "specificity")]
    return [
        Line(
            code=class_,
            quantity=quantity,
            own=share(own, quantity, class_),
            models={name: share(pairs, quantity, class_) for name, pairs in models.items()},
            others=_others([share(pairs, quantity, class_) for pairs in others]),
        )
        for class_, quantity in wanted
    ]


def share(pairs: _Pairs, quantity: str, class_: str) -> Share:
    """Right decisions among those that the quantity is about; class against all others."""
    if quantity == "accuracy":
        return Share(sum(a == t for a, t in pairs), len(pairs))
    if quantity == "sensitivity":
        there = [a for a, t in pairs if t == class_]
        return Share(sum(a == class_ for a in there), len(there))
    absent = [a for a, t in pairs if t != class_]
    return Share(sum(a != class_ for a in absent), len(absent))


def _others(shares: Sequence[Share]) -> Others | None:
    values = [s.hits / s.n for s in shares if s.n]
    if len(values) < MIN_OTHERS:
        return None
    return Others(len(values), median(values), min(values), max(values))


def _missed(session: Session, reader: Reader, study: Study) -> tuple[Missed, ...] | None:
    if not study.protocol.feedback.missed_cases:
        return None
    rows: list[dict[str, Any]] = queries_own.with_truth(session, reader.id)
    return tuple(
        Missed(row["position"], row["token"], row["answer"], row["truth"])
        for row in rows
        if row["answer"] != row["truth"]
    )
