"""What a figure shows, as numbers and words; drawing is somebody else's."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from data.arrays import Bools, Floats
from data.measures.proportions import interval, ratio
from readerstudy.stats.input.frames import build_study
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.confusion import metric_cells
from readerstudy.stats.methods.majority_vote import vote_shares
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.subjects_and_methods import (
    AREA_METHODS,
    MAJORITY,
    MEAN_READER,
    PRIMARY,
    Method,
    Subject,
)

Kind = Literal["reader", "mean_reader", "model"]
Interval = tuple[float, float]
RARE = 20


@dataclass(frozen=True)
class RocCurve:
    """An empirical ROC curve from (0, 0) to (1, 1) with a pointwise band of sensitivity."""

    subject: Subject
    fpr: tuple[float, ...]
    tpr: tuple[float, ...]
    tpr_low: tuple[float, ...]
    tpr_high: tuple[float, ...]
    auc: Record | None


@dataclass(frozen=True)
class RocPoint:
    """One operating point; `stacked` readers share it. Intervals are None where undefined."""

    subject: Subject
    kind: Kind
    fpr: float
    tpr: float
    n: int
    simulated: bool = False
    stacked: int = 1
    fpr_interval: Interval | None = None
    tpr_interval: Interval | None = None


@dataclass(frozen=True)
class RocFigure:
    """One class against all others: curves, operating points and what to know about them."""

    class_: str
    title: str
    n_positive: int
    n_negative: int
    curves: tuple[RocCurve, ...]
    points: tuple[RocPoint, ...]
    notes: tuple[str, ...]


def roc_figure(
    readings: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    analysis: Analysis,
    *,
    class_: str,
) -> RocFigure:
    """Describe the ROC picture of one class; `analysis` is that of the same tables."""
    return study_roc_figure(study_of(readings, predictions, analysis), analysis, class_=class_)


def study_of(
    readings: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], analysis: Analysis
) -> Study:
    """The checked arrays that `analysis` was made from."""
    return build_study(
        readings,
        predictions,
        classes=analysis.meta["classes"],
        positive=analysis.meta["positive"],
        rule=analysis.meta["rule"],
        missing=analysis.meta["missing"],
        cluster=analysis.meta["cluster"],
    )


def study_roc_figure(study: Study, analysis: Analysis, *, class_: str) -> RocFigure:
    """The same from checked arrays."""
    target = study.classes.index(class_)
    is_class = study.truth == target
    curves = tuple(_curves(study, analysis, target, is_class))
    points = (
        *_reader_points(study, target),
        *_mean_point(study, analysis, class_),
        *_model_points(study, analysis, class_),
    )
    return RocFigure(
        class_=class_,
        title=f"{class_} against all other classes",
        n_positive=int(is_class.sum()),
        n_negative=int((~is_class).sum()),
        curves=curves,
        points=points,
        notes=tuple(_notes(study, curves, points, is_class)),
    )


def roc_points(scores: Floats, is_class: Bools) -> tuple[Floats, Floats]:
    """False and true positive rates at every threshold, from 0 to 1, ties joined.

    `scores`: (n,) float64. `is_class`: (n,) bool. Without a case of either kind the rate is nan.

    >>> fpr, tpr = roc_points(np.array([0.9, 0.4, 0.4]), np.array([True, True, False]))
    >>> fpr.tolist(), tpr.tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0])
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], is_class[order]
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    true, false = np.cumsum(hits)[last], np.cumsum(~hits)[last]
    tpr = ratio(np.append(0, true), is_class.sum())
    return ratio(np.append(0, false), (~is_class).sum()), tpr


def _curves(study: Study, analysis: Analysis, target: int, is_class: Bools) -> list[RocCurve]:
    class_ = study.classes[target]
    sources = [(Subject.model(m.name), m.scores[:, target]) for m in study.models]
    if study.n_readers > 1:
        sources.append(
            (MAJORITY, vote_shares(study.answers, n_classes=len(study.classes))[:, target])
        )
    curves = []
    for subject, scores in sources:
        known = ~np.isnan(scores)
        if not known.any():  # cases were shown and nobody has answered: there is no crowd yet
            continue
        fpr, tpr = roc_points(scores[known], is_class[known])
        m = int(is_class[known].sum())
        if study.cluster is not None:  # so many are independent
            m = len(np.unique(study.cluster[known & is_class]))
        low, high = interval(tpr * m, np.full(len(tpr), m)) if m else (tpr, tpr)
        auc = analysis.best("auc", class_, subject, AREA_METHODS)
        curves.append(RocCurve(subject, _plain(fpr), _plain(tpr), _plain(low), _plain(high), auc))
    return curves


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())


def _reader_points(study: Study, target: int) -> list[RocPoint]:
    tpr = _right_share(study, "sensitivity", target)
    fpr = 1 - _right_share(study, "specificity", target)
    counts = study.scored.sum(axis=1)
    drawn = np.isfinite(tpr) & np.isfinite(fpr)
    stacked = Counter((float(f), float(t)) for f, t in zip(fpr[drawn], tpr[drawn], strict=True))
    return [
        RocPoint(
            Subject.reader(study.reader_ids[j]),
            "reader",
            float(fpr[j]),
            float(tpr[j]),
            int(counts[j]),
            simulated=bool(study.simulated[j]),
            stacked=stacked[float(fpr[j]), float(tpr[j])],
        )
        for j in np.flatnonzero(drawn)
    ]


def _right_share(study: Study, quantity: str, target: int) -> Floats:
    cells = metric_cells(study, quantity, target=target)
    return ratio((cells.right * cells.there).sum(axis=1), cells.there.sum(axis=1))


def _mean_point(study: Study, analysis: Analysis, class_: str) -> list[RocPoint]:
    return _point(study, analysis, class_, MEAN_READER, "mean_reader", PRIMARY)


def _model_points(study: Study, analysis: Analysis, class_: str) -> list[RocPoint]:
    wilson = Method("wilson")
    groups = (
        _point(study, analysis, class_, Subject.model(m.name), "model", wilson)
        for m in study.models
    )
    return [point for points in groups for point in points]


def _point(
    study: Study, analysis: Analysis, class_: str, subject: Subject, kind: Kind, method: Method
) -> list[RocPoint]:
    sens = analysis.get("sensitivity", class_, subject, method)
    spec = analysis.get("specificity", class_, subject, method)
    if sens is None or spec is None or not np.isfinite(sens.estimate + spec.estimate):
        return []
    tpr_interval = (sens.ci_low, sens.ci_high)
    fpr_interval = (1 - spec.ci_high, 1 - spec.ci_low)
    return [
        RocPoint(
            subject,
            kind,
            1 - spec.estimate,
            sens.estimate,
            (sens.n_cases or 0) + (spec.n_cases or 0),
            simulated=bool(kind == "mean_reader" and study.simulated.any()),
            fpr_interval=fpr_interval if np.isfinite(fpr_interval).all() else None,
            tpr_interval=tpr_interval if np.isfinite(tpr_interval).all() else None,
        )
    ]


def _notes(
    study: Study, curves: tuple[RocCurve, ...], points: tuple[RocPoint, ...], is_class: Bools
) -> list[str]:
    notes = []
    readers = [p for p in points if p.kind == "reader"]
    for curve in curves:
        if curve.subject != MAJORITY and readers:
            above = [np.interp(p.fpr, curve.fpr, curve.tpr) for p in readers]
            below = sum(p.tpr < a for p, a in zip(readers, above, strict=True))
            words = f"{below} of {len(readers)} readers lie below the curve of"
            notes.append(f"{words} {curve.subject.name}.")
    if study.simulated.any():
        notes.append(f"{int(study.simulated.sum())} of {study.n_readers} readers are simulated.")
    if is_class.sum() < RARE:
        notes.append(f"Only {int(is_class.sum())} cases of this class: intervals are not reliable.")
    if not study.models:
        notes.append("No model has been compared: the readers alone.")
    return notes
