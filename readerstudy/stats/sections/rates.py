"""Sensitivity, specificity, accuracy and balanced accuracy of models, readers and their mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.clusters import design_effects
from readerstudy.stats.confusion import Cells, is_right, metric_cells
from readerstudy.stats.moments import proportion_influence
from readerstudy.stats.proportions import METHODS, interval, ratio
from readerstudy.stats.records import ALL, MEAN_READER, Record
from readerstudy.stats.sections.common import (
    MEANS,
    RANDOM_DESIGNS,
    Label,
    Options,
    design_records,
    difference,
    from_inference,
    margin_records,
    mean_moments,
)
from readerstudy.stats.study import BoolArray, FloatArray, IntArray, Model, Study
from readerstudy.stats.ustat import conditional_variance, ustat, ustat_inference

EFFECT = "cases of one cluster are not independent: design effect {:.2f}"
NO_CASES = "no case of this kind"
ONLY_SE = "a second estimate of ustat's standard error"
_MOST_FOR_CONDITIONAL = 2000
DROPPED = "{} readers without such a case left out"


@dataclass(frozen=True)
class Metric:
    """A proportion of right cells: of one class one-vs-rest, or of all cases."""

    quantity: str
    target: int | None
    class_: str


def metrics(study: Study) -> list[Metric]:
    """Every proportion that is reported, in order."""
    found = [
        Metric(quantity, study.classes.index(c), c)
        for c in study.targets
        for quantity in ("sensitivity", "specificity")
    ]
    return [*found, Metric("accuracy", None, ALL)]


def records(study: Study, options: Options) -> Iterator[Record]:
    """All records of proportions."""
    for metric in metrics(study):
        cells = metric_cells(study, metric.quantity, target=metric.target)
        yield from _of_models(study, metric, cells, options)
        yield from of_readers(study, metric, cells, options)
        yield from of_mean(study, metric, cells, options)
    yield from _balanced(study, options)


def model_right(study: Study, model: Model, metric: Metric, at: IntArray) -> FloatArray:
    """(m,) float64, 1 where the model is right."""
    right = is_right(study.truth[at], model.calls[at], metric.quantity, metric.target)
    return right.astype(np.float64)


def proportion_records(
    quantity: str,
    class_: str,
    subjects: Sequence[str],
    right: FloatArray,
    count: FloatArray,
    *,
    level: float,
    effects: FloatArray | None = None,
) -> Iterator[Record]:
    """Three intervals for each subject's right of count, divided by its design effect if any."""
    estimate = ratio(right, count).tolist()
    divisor = np.ones(len(count)) if effects is None else effects
    notes = [""] * len(count) if effects is None else [EFFECT.format(e) for e in effects]
    for method in METHODS:
        low, high = interval(right / divisor, count / divisor, method=method, level=level)
        columns = (estimate, low.tolist(), high.tolist(), count.tolist(), notes)
        for subject, value, lower, upper, n, note in zip(subjects, *columns, strict=True):
            yield Record(
                quantity,
                class_,
                subject,
                method,
                value,
                ci_low=lower,
                ci_high=upper,
                n_cases=int(n),
                note=note if n else NO_CASES,
            )


def _of_models(study: Study, metric: Metric, cells: Cells, options: Options) -> Iterator[Record]:
    for model in study.models:
        right = model_right(study, model, metric, cells.at)[None]
        there = np.ones(right.shape, dtype=bool)
        yield from proportion_records(
            metric.quantity,
            metric.class_,
            [f"model:{model.name}"],
            right.sum(axis=1),
            there.sum(axis=1).astype(np.float64),
            level=options.level,
            effects=effects_of(study, right, there, cells.at),
        )


def effects_of(
    study: Study, right: FloatArray, there: BoolArray, at: IntArray
) -> FloatArray | None:
    """Design effects of each row's cells on the cases `at`; None where cases are independent."""
    return None if study.cluster is None else design_effects(right, there, study.cluster[at])


def of_readers(
    study: Study, metric: Metric, cells: Cells, options: Options, *, arm: str = ""
) -> Iterator[Record]:
    """Every reader's rate in one arm, which is named after the reader."""
    subjects = [f"reader:{r}{arm}" for r in study.reader_ids]
    right = (cells.right * cells.there).sum(axis=1)
    count = cells.there.sum(axis=1).astype(np.float64)
    yield from proportion_records(
        metric.quantity,
        metric.class_,
        subjects,
        right,
        count,
        level=options.level,
        effects=effects_of(study, cells.right, cells.there, cells.at),
    )


def of_mean(
    study: Study, metric: Metric, cells: Cells, options: Options, *, mean: str = MEAN_READER
) -> Iterator[Record]:
    """The mean reader, called `mean`, and each model minus it."""
    keep = cells.there.any(axis=1)
    if not keep.any():
        return
    right, there = cells.right[keep], cells.there[keep]
    at = cells.at[there.any(axis=0)]
    note = DROPPED.format(int((~keep).sum())) if not keep.all() else ""
    theta, influence = proportion_influence(right, there)
    label = Label(metric.quantity, metric.class_, mean)
    found = mean_moments(study, theta, influence, at)
    yield from design_records(label, found, designs=RANDOM_DESIGNS, options=options, note=note)
    if study.cluster is None:
        yield from _pooled(label, right, np.zeros(right.shape), there, options, note)
    for model in study.models:
        label = Label(metric.quantity, metric.class_, difference(model.name, mean))
        its = np.broadcast_to(model_right(study, model, metric, cells.at), right.shape)
        its_theta, its_influence = proportion_influence(its, there)
        found = mean_moments(study, its_theta - theta, its_influence - influence, at)
        yield from design_records(label, found, options=options, note=note)
        yield from margin_records(label, found, options=options)
        if study.cluster is None:
            yield from _pooled(label, its, right, there, options, note)


def _pooled(
    label: Label,
    first: FloatArray,
    second: FloatArray,
    there: BoolArray,
    options: Options,
    note: str,
) -> Iterator[Record]:
    """U-statistic of first - second; in incomplete designs also the conditional variance."""
    found = ustat(first - second, there)
    inference = ustat_inference(found, level=options.level, clip=label.subject in MEANS)
    n_cases, n_readers = int(there.any(axis=0).sum()), len(there)
    yield from_inference(label, "ustat", inference, n_cases=n_cases, n_readers=n_readers, note=note)
    if not there.all() and 1 < n_readers <= _MOST_FOR_CONDITIONAL:
        variance = conditional_variance(first, second, there)
        se = float(np.sqrt(variance)) if variance >= 0 else np.nan
        yield Record(
            label.quantity,
            label.class_,
            label.subject,
            "ustat-conditional",
            found.mean,
            se,
            n_cases=n_cases,
            n_readers=n_readers,
            note="; ".join(n for n in (ONLY_SE, note) if n),
        )


def _balanced(study: Study, options: Options) -> Iterator[Record]:
    """Mean recall over the classes that have cases; classes are independent strata."""
    present = [c for c in range(len(study.classes)) if (study.truth == c).any()]
    parts = [metric_cells(study, "sensitivity", target=c) for c in present]
    keep = np.asarray(np.all([cells.there.any(axis=1) for cells in parts], axis=0))
    absent = len(study.classes) - len(present)
    note = f"{absent} classes without a case left out" if absent else ""
    if not keep.all():
        note = "; ".join(n for n in (note, DROPPED.format(int((~keep).sum()))) if n)
    for model in study.models:
        recalls = [
            float((model.calls[cells.at] == c).mean())
            for c, cells in zip(present, parts, strict=True)
        ]
        yield Record(
            "balanced_accuracy",
            ALL,
            f"model:{model.name}",
            "mean-recall",
            float(np.mean(recalls)),
            n_cases=study.n_cases,
            note=note,
        )
    yield from _balanced_readers(study, parts, note)
    if keep.any():
        yield from _balanced_mean(study, parts, present, keep, options, note)


def _balanced_readers(study: Study, parts: list[Cells], note: str) -> Iterator[Record]:
    recalls = np.array([ratio((c.right * c.there).sum(axis=1), c.there.sum(axis=1)) for c in parts])
    counts = sum(c.there.sum(axis=1) for c in parts)
    for reader, value, n in zip(study.reader_ids, recalls.mean(axis=0), counts, strict=True):
        subject = f"reader:{reader}"
        yield Record(
            "balanced_accuracy",
            ALL,
            subject,
            "mean-recall",
            float(value),
            n_cases=int(n),
            note=note,
        )


def _balanced_mean(
    study: Study,
    parts: list[Cells],
    present: list[int],
    keep: BoolArray,
    options: Options,
    note: str,
) -> Iterator[Record]:
    readers = [proportion_influence(c.right[keep], c.there[keep]) for c in parts]
    theta, influence = stacked(readers)
    at = np.concatenate([c.at[c.there[keep].any(axis=0)] for c in parts])
    label = Label("balanced_accuracy", ALL, MEAN_READER)
    found = mean_moments(study, theta, influence, at)
    yield from design_records(label, found, designs=RANDOM_DESIGNS, options=options, note=note)
    for model in study.models:
        its = [
            proportion_influence(
                np.broadcast_to((model.calls[c.at] == k).astype(float), c.there[keep].shape),
                c.there[keep],
            )
            for k, c in zip(present, parts, strict=True)
        ]
        its_theta, its_influence = stacked(its)
        found = mean_moments(study, its_theta - theta, its_influence - influence, at)
        label = Label("balanced_accuracy", ALL, difference(model.name))
        yield from design_records(label, found, options=options, note=note)
        yield from margin_records(label, found, options=options)


def stacked(parts: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    """Mean over k classes of figures (J,), and the influence (J, n) of all their cases on it."""
    k = len(parts)
    theta = np.mean([part[0] for part in parts], axis=0)
    return np.asarray(theta), np.concatenate([part[1] for part in parts], axis=1) / k
