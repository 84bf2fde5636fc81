"""Descriptions of all pictures: ROC, forest, confusion, agreement, learning, readers by cases."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.arrays import Ints
from data.measures.confusion import confusion_matrix
from readerstudy.stats.figures.roc import RocFigure, study_of, study_roc_figure
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.learning import BY_TRIAL
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.subjects_and_methods import (
    MEAN_READER,
    PRIMARY,
    PRIMARY_OF_AREAS,
    READERS,
    Subject,
)

FOREST_QUANTITIES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "auc")
FOREST_AXIS = "Difference, 95% interval (right: the model is better)"
FEW_CASES_MARK = "circles: few cases or mistakes, or-rrrc-mover"


@dataclass(frozen=True)
class ForestRow:
    """One difference; nan limits are drawn as a point alone. `few`: limits of or-rrrc-mover."""

    quantity: str
    class_: str
    estimate: float
    low: float
    high: float
    n_cases: int
    few: bool = False


@dataclass(frozen=True)
class Forest:
    """Model minus mean reader, with the margin (or None) of non-inferiority."""

    title: str
    rows: tuple[ForestRow, ...]
    margin: float | None


@dataclass(frozen=True)
class Confusion:
    """Counts, rows truth and columns answers; `beside` counts answers outside the classes."""

    title: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    beside: int


@dataclass(frozen=True)
class HeatMap:
    """Readers (best first) by cases (hardest first within their class).

    `cells`: 1 right, 0 wrong, -1 no answer. `breaks`: where a new class begins.
    """

    title: str
    classes: tuple[str, ...]
    breaks: tuple[int, ...]
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Coefficient:
    """One agreement coefficient among the readers; nan limits are drawn as a point alone."""

    name: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class AgreementFigure:
    """Agreement among readers, and Cohen's kappa of each reader with each model."""

    title: str
    n_readers: int
    n_cases: int
    among: tuple[Coefficient, ...]
    with_models: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class TrialsPoint:
    """The mean reader over some trials; nan limits are drawn as a point alone."""

    trials: str
    estimate: float
    low: float
    high: float
    n_readers: int


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy by place in the readers' own order."""

    title: str
    points: tuple[TrialsPoint, ...]


Picture = RocFigure | Forest | Confusion | AgreementFigure | HeatMap | LearningCurve


def describe(
    readings: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], analysis: Analysis
) -> dict[str, Picture]:
    """Every picture of an analysis of these tables, by the name of its file."""
    study = study_of(readings, predictions, analysis)
    figures: dict[str, Picture] = {
        f"roc_{c}": study_roc_figure(study, analysis, class_=c) for c in study.targets
    }
    figures |= {
        f"forest_{model.name}": forest(analysis, model=model.name) for model in study.models
    }
    figures |= {f"confusion_{name}": table for name, table in confusions(study).items()}
    agreed = agreement(analysis)
    if agreed is not None:
        figures["agreement"] = agreed
    curve = learning_curve(analysis)
    if curve.points:
        figures["learning"] = curve
    return {**figures, "readers_by_cases": heat_map(study)}


def simulated_words(meta: Mapping[str, Any]) -> str:
    """What every title says where readers are simulated; else nothing."""
    n, of = meta["n_simulated"], meta["n_readers"]
    if not n:
        return ""
    return " (simulated readers)" if n == of else f" ({n} of {of} readers simulated)"


def agreement(analysis: Analysis) -> AgreementFigure | None:
    """From the records alone; None with fewer than two readers."""
    records = analysis.find(subject=READERS, method="available-cases")
    if not records:
        return None
    kappas = analysis.find(quantity="kappa_cohen", method="cohen")
    with_models = [
        (m, tuple(k.estimate for k in kappas if k.subject.name == m))
        for m in analysis.meta["models"]
    ]
    return AgreementFigure(
        "Agreement among readers" + simulated_words(analysis.meta),
        records[0].n_readers or 0,
        records[0].n_cases or 0,
        tuple(Coefficient(r.quantity, r.estimate, r.ci_low, r.ci_high) for r in records),
        tuple((m, tuple(v for v in values if math.isfinite(v))) for m, values in with_models),
    )


def learning_curve(analysis: Analysis) -> LearningCurve:
    """From the records alone; no points where the order is not known."""
    points = tuple(
        TrialsPoint(r.subject.name, r.estimate, r.ci_low, r.ci_high, r.n_readers or 0)
        for r in analysis.find(quantity=BY_TRIAL)
    )
    return LearningCurve(f"Accuracy by trial{simulated_words(analysis.meta)}", points)


def forest(analysis: Analysis, *, model: str) -> Forest:
    """All differences of one model, in the order of the records.

    By the primary method, or by the one to rely on where few cases or mistakes stand behind it.
    """
    gap = Subject.model(model) - MEAN_READER
    differences = [r for r in analysis.find(subject=gap) if _is_primary(r)]
    ordered = sorted(differences, key=lambda r: FOREST_QUANTITIES.index(r.quantity))
    rows = tuple(_row(analysis, r) for r in ordered if math.isfinite(r.estimate))
    title = f"{model} minus mean reader{simulated_words(analysis.meta)}"
    return Forest(title, rows, analysis.meta["margin"])


def _row(analysis: Analysis, record: Record) -> ForestRow:
    better = analysis.advised(record)
    shown = better or record
    limits = (shown.ci_low, shown.ci_high)
    size = record.n_cases or 0
    return ForestRow(record.quantity, record.class_, record.estimate, *limits, size, bool(better))


def _is_primary(record: Record) -> bool:
    is_primary = record.method in (PRIMARY, PRIMARY_OF_AREAS)
    return record.quantity in FOREST_QUANTITIES and is_primary


def confusions(study: Study) -> dict[str, Confusion]:
    """One of the readers together and one of each model, by name."""
    tables = {"readers": _confusion(study, f"Readers{_simulated(study)}", study.answers)}
    for model in study.models:
        tables[model.name] = _confusion(study, model.name, model.calls)
    return tables


def _simulated(study: Study) -> str:
    counts = {"n_simulated": int(study.simulated.sum()), "n_readers": study.n_readers}
    return simulated_words(counts)


def _confusion(study: Study, title: str, answers: Ints) -> Confusion:
    counts = confusion_matrix(study.truth, answers, n_classes=len(study.classes))
    beside = int((answers < 0).sum())
    return Confusion(title, study.classes, tuple(map(tuple, counts.tolist())), beside)


def heat_map(study: Study) -> HeatMap:
    """Who was right on what, sorted so that patterns show."""
    right = np.where(study.answered, (study.answers == study.truth).astype(int), -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (right == 1).sum(axis=1) / study.answered.sum(axis=1)
        ease = (right == 1).sum(axis=0) / study.answered.sum(axis=0)
    readers = np.argsort(-np.nan_to_num(share), kind="stable")
    cases = np.lexsort((np.nan_to_num(ease), study.truth))
    present = [i for i in range(len(study.classes)) if (study.truth == i).any()]
    counts = [int((study.truth == i).sum()) for i in present]
    breaks = tuple(int(x) for x in np.cumsum([0, *counts[:-1]]))
    cells = right[np.ix_(readers, cases)].tolist()
    names = tuple(study.classes[i] for i in present)
    return HeatMap(f"Readers by cases{_simulated(study)}", names, breaks, tuple(map(tuple, cells)))
