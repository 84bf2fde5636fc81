"""Descriptions of the figures beside the ROC: forest, confusion, agreement, readers by cases."""

import math
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.confusion import confusion_matrix
from readerstudy.stats.records import READERS, Analysis, Record
from readerstudy.stats.sections.common import difference
from readerstudy.stats.study import IntArray, Study

FOREST_QUANTITIES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "auc")
PRIMARY = "or-rrrc-capped"


@dataclass(frozen=True)
class ForestRow:
    """One difference; nan limits are drawn as a point alone."""

    quantity: str
    class_: str
    estimate: float
    low: float
    high: float
    n_cases: int


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


def agreement(analysis: Analysis) -> AgreementFigure | None:
    """From the records alone; None with fewer than two readers."""
    found = [r for r in analysis.find(subject=READERS) if r.method == "available-cases"]
    if not found:
        return None
    kappas = analysis.find(quantity="kappa_cohen", method="cohen")
    with_models = [
        (m, tuple(k.estimate for k in kappas if k.subject.startswith(f"model:{m} - reader:")))
        for m in analysis.meta["models"]
    ]
    return AgreementFigure(
        "Agreement among readers",
        found[0].n_readers or 0,
        found[0].n_cases or 0,
        tuple(Coefficient(r.quantity, r.estimate, r.ci_low, r.ci_high) for r in found),
        tuple((m, tuple(v for v in values if math.isfinite(v))) for m, values in with_models),
    )


def forest(analysis: Analysis, *, model: str) -> Forest:
    """All differences of one model by the primary method, in the order of the records."""
    found = [r for r in analysis.find(subject=difference(model)) if _is_primary(r)]
    rows = tuple(
        ForestRow(r.quantity, r.class_, r.estimate, r.ci_low, r.ci_high, r.n_cases or 0)
        for r in sorted(found, key=lambda r: FOREST_QUANTITIES.index(r.quantity))
        if math.isfinite(r.estimate)
    )
    return Forest(f"{model} minus mean reader", rows, analysis.meta["margin"])


def _is_primary(record: Record) -> bool:
    main = (PRIMARY, f"{PRIMARY}:delong")
    return record.quantity in FOREST_QUANTITIES and record.method in main


def confusions(study: Study) -> tuple[Confusion, ...]:
    """One of the readers together and one of each model."""
    sources = [("Readers", study.answers)]
    sources += [(model.name, model.calls) for model in study.models]
    return tuple(_confusion(study, title, answers) for title, answers in sources)


def _confusion(study: Study, title: str, answers: IntArray) -> Confusion:
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
    return HeatMap("Readers by cases", names, breaks, tuple(map(tuple, cells)))
