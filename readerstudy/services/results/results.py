"""Results of a study: the same call of `stats.analyse` feeds the page, the command and the file."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, TypeVar

import pandas as pd

from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import readings as queries_results
from readerstudy.db.queries import studies, trail
from readerstudy.db.tables import Study
from readerstudy.domain import Actor, ReaderKind
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.files.study_analysis import Settings, analyse_study, readings_frame
from readerstudy.report.report import render_report
from readerstudy.services.results import bundle
from readerstudy.services.results.cache_key import state_of
from readerstudy.services.results.interchange import interchange_files
from readerstudy.services.results.readings import (
    Kinds,
    Readings,
    choose_kinds,
    classes_of,
    collect_readings,
    has_answers,
    predictions_frames,
)
from readerstudy.services.results.report_facts import about_of
from readerstudy.services.results.subgroups import Group, groups_of
from readerstudy.services.study import amendments
from readerstudy.stats import Analysis
from readerstudy.stats.figures.roc import RocFigure
from readerstudy.stats.figures.study_figures import Picture, describe
from readerstudy.stats.subgroups import analyse_groups

_Key = tuple[Hashable, ...]
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Results:
    """`key` names everything that the numbers were computed from."""

    key: _Key
    readings: Readings
    frame: pd.DataFrame
    predictions: dict[str, pd.DataFrame]
    settings: Settings
    analysis: Analysis


def study_results(
    db: Database, *, actor: Actor, slug: str, kinds: Collection[ReaderKind] | None = None
) -> Analysis:
    """`kinds` None: humans as soon as one has answered, else simulated; meta says which."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        return _results(db, session, study, kinds).analysis


def pictures(
    db: Database, *, actor: Actor, slug: str, kinds: Collection[ReaderKind] | None = None
) -> dict[str, Picture]:
    """Descriptions by name; before the first answer the models' ROC curves alone."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        return _pictures(db, _results(db, session, study, kinds))


def model_curves(session: Session, study: Study, *, db: Database) -> dict[str, RocFigure]:
    """The models on all test cases by class, without any reader. For a study that is over."""
    n_amended = trail.n_amendments(session, study.id)
    key = (study.id, (), n_amended, study.seal_hash)
    results = _cached(db, "results", key, lambda: _compute(session, study, (), {}, key))
    drawn = _pictures(db, results).values()
    return {its.class_: its for its in drawn if isinstance(its, RocFigure)}


def subgroups(
    db: Database,
    *,
    actor: Actor,
    slug: str,
    factor: str,
    kinds: Collection[ReaderKind] | None = None,
) -> list[Group]:
    """Results of groups of readers or cases; none before the first answer."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        by, groups = groups_of(session, study, factor)
        results = _results(db, session, study, kinds)
        key = (*results.key, str(groups))  # a profile may be saved without an answer
        return _cached(db, f"groups by {factor}", key, lambda: _compute_groups(results, by, groups))


def _compute_groups(
    results: _Results,
    by: Literal["reader_id", "case_id"],
    groups: dict[str, list[str]],
) -> list[Group]:
    if not results.readings.kept:
        return []
    found = analyse_groups(
        results.frame,
        results.predictions,
        groups,
        by=by,
        classes=results.settings.classes,
        rule=results.settings.rule,
        missing=results.settings.missing,
    )
    return [Group(name, analysis) for name, analysis in found.items()]


def export_bundle(
    db: Database, *, actor: Actor, slug: str, kinds: Collection[ReaderKind] | None = None
) -> bytes:
    """The zip; readings of kinds that are not analysed are in a file of their own."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        results = _results(db, session, study, kinds)
        files = bundle.study_files(
            session, study, readings=results.readings, settings=results.settings
        )
        files |= bundle.prediction_files(session, study, frames=results.predictions)
        made = _result_files(db, results)
        files |= made | {"report.html": _report(session, study, results, made).encode()}
        study_id = study.id
    with db.transaction() as session:
        audit.record(session, actor=actor, verb="export", subject=slug, study_id=study_id)
    return bundle.pack(files)


def study_report(
    db: Database, *, actor: Actor, slug: str, kinds: Collection[ReaderKind] | None = None
) -> str:
    """One self-contained page: flow, readers, figures, numbers, methods, checklists."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        results = _results(db, session, study, kinds)
        return _report(session, study, results, _result_files(db, results))


def _report(session: Session, study: Study, results: _Results, files: bundle.Files) -> str:
    about = about_of(session, study, readings=results.readings, settings=results.settings)
    drawn = {
        PurePosixPath(name).stem: content
        for name, content in files.items()
        if name.startswith("figures/") and name.endswith(".svg")
    }
    return render_report(results.analysis, drawn, about)


def _visible(session: Session, actor: Actor, slug: str) -> Study:
    authorise(actor, Permission.SEE_RESULTS, study_id=actor.study_id)
    study = studies.study_by_slug(session, slug)
    authorise(actor, Permission.SEE_RESULTS, study_id=study.id)
    return study


def _results(
    db: Database, session: Session, study: Study, asked: Collection[ReaderKind] | None
) -> _Results:
    counts = has_answers(session, study)
    kinds = choose_kinds(counts, asked)
    key = (study.id, kinds, *state_of(session, study))
    return _cached(db, "results", key, lambda: _compute(session, study, kinds, counts, key))


def _pictures(db: Database, results: _Results) -> dict[str, Picture]:
    def draw() -> dict[str, Picture]:
        if results.frame.empty:
            return {}
        found = describe(results.frame, results.predictions, results.analysis)
        if results.readings.kept:
            return found
        return {name: its for name, its in found.items() if isinstance(its, RocFigure)}

    return _cached(db, "pictures", results.key, draw)


def _result_files(db: Database, results: _Results) -> bundle.Files:
    """Drawing takes seconds, so that the pictures of the newest results are kept."""
    found = _pictures(db, results)

    def make() -> bundle.Files:
        files = bundle.result_files(results.analysis, found)
        return files | interchange_files(results.frame, results.predictions, results.settings)

    return _cached(db, "files", results.key, make)


def _cached(db: Database, kind: str, key: _Key, compute: Callable[[], _T]) -> _T:
    """Only the newest is kept: a study that is being read makes new results all the time."""
    return db.cache.get((kind, *key[:2]), key, compute)


def _compute(
    session: Session,
    study: Study,
    kinds: Kinds,
    counts: dict[ReaderKind, int],
    key: _Key,
) -> _Results:
    readings = collect_readings(session, study, kinds=kinds)
    frame = readings_frame(readings.kept, cases=queries_results.cases(session, study))
    predictions = predictions_frames(session, study)
    protocol = study.protocol.analysis
    n_amended = trail.n_amendments(session, study.id)
    settings = Settings(
        study=study.slug,
        seal=study.seal_hash,
        synthetic=study.synthetic,
        classes=classes_of(study),
        models=tuple(predictions),
        rule=study.rule.value,
        missing=protocol.missing,
        margin=protocol.margin,
        reader_kinds=tuple(kind.value for kind in readings.kinds),
        has_readings=bool(readings.kept),
        answers_left_out={kind.value: n for kind, n in counts.items() if kind not in kinds},
        excluded=readings.excluded,
        notes=(amendments.words(n_amended),) if n_amended else (),
    )
    analysis = analyse_study(frame, predictions, settings)
    return _Results(key, readings, frame, predictions, settings, analysis)
