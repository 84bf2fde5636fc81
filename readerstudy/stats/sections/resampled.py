"""Matched operating points, and two-way bootstrap of the rates, areas and matched points."""

from collections.abc import Iterator

import numpy as np

from readerstudy.stats.bootstrap import (
    Draws,
    area_under,
    draw,
    percentile_interval,
    rate_at,
    resampled_mean,
    resampled_roc,
)
from readerstudy.stats.confusion import metric_cells
from readerstudy.stats.records import ALL, MEAN_READER, NAN, Record
from readerstudy.stats.sections.common import Options, difference
from readerstudy.stats.sections.rates import Metric, metrics, model_right
from readerstudy.stats.study import FloatArray, Study

MATCHED = {
    "sensitivity": "specificity_at_reader_sensitivity",
    "specificity": "sensitivity_at_reader_specificity",
}
ONE_READER = "one reader: only cases are drawn anew"
CONSTANT = "every replicate is the same"


def records(
    study: Study, options: Options, *, replicates: int, rng: np.random.Generator
) -> Iterator[Record]:
    """All of them; without replicates the matched points have no interval."""
    drawn = draw(study.truth, n_readers=study.n_readers, replicates=replicates, rng=rng)
    plain = Draws(np.ones((1, study.n_readers)), np.ones((1, study.n_cases)))
    recalls: dict[str, list[tuple[FloatArray, FloatArray]]] = {}
    for metric in metrics(study):
        both = [_values(study, metric, d) for d in (plain, drawn)]
        for subject, observed in both[0].items():
            its = both[1][subject]
            if replicates:
                yield _record(
                    study, options, metric.quantity, metric.class_, subject, observed, its
                )
            if metric.quantity == "sensitivity":
                recalls.setdefault(subject, []).append((observed, its))
        if metric.target is not None:
            mean = [b[MEAN_READER] for b in both]
            yield from _matched(study, options, metric, mean, (plain, drawn))
    if replicates and study.positive is None:
        yield from _balanced(study, options, recalls)
    if replicates:
        yield from _areas(study, options, drawn)


def _values(study: Study, metric: Metric, draws: Draws) -> dict[str, FloatArray]:
    """(B,) per subject: mean reader, each model, and their difference on the readers' cells."""
    cells = metric_cells(study, metric.quantity, target=metric.target)
    mean = resampled_mean(draws, cells.right, cells.there, cells.at)
    found = {MEAN_READER: mean}
    weight = draws.cases[:, cells.at]
    for model in study.models:
        right = model_right(study, model, metric, cells.at)
        with np.errstate(divide="ignore", invalid="ignore"):
            found[f"model:{model.name}"] = (weight @ right) / weight.sum(axis=1)
        own = np.broadcast_to(right, cells.right.shape)
        complete = bool(cells.there.all())
        its = (
            found[f"model:{model.name}"]
            if complete
            else resampled_mean(draws, own, cells.there, cells.at)
        )
        found[difference(model.name)] = its - mean
    return found


def _record(
    study: Study,
    options: Options,
    quantity: str,
    class_: str,
    subject: str,
    observed: FloatArray,
    replicates: FloatArray,
) -> Record:
    se, low, high = percentile_interval(replicates, level=options.level)
    note = (
        f"percentile, {len(replicates)} replicates" if len(replicates) else "no interval asked for"
    )
    if study.n_readers == 1 and MEAN_READER in subject:
        note += f"; {ONE_READER}"
    if se == 0:
        low, high, note = NAN, NAN, f"{note}; {CONSTANT}"
    return Record(
        quantity,
        class_,
        subject,
        "bootstrap-2way",
        float(observed[0]),
        se,
        ci_low=low,
        ci_high=high,
        n_cases=study.n_cases,
        n_readers=None
        if subject.startswith("model:") and " - " not in subject
        else study.n_readers,
        note=note,
    )


def _matched(
    study: Study,
    options: Options,
    metric: Metric,
    mean: list[FloatArray],
    both: tuple[Draws, Draws],
) -> Iterator[Record]:
    """The model's specificity where its sensitivity is the mean reader's, and the reverse."""
    is_class = study.truth == metric.target
    if not 0 < is_class.sum() < len(is_class):
        return
    for model in study.models:
        scores = model.scores[:, study.classes.index(metric.class_)]
        values = []
        for target, draws in zip(mean, both, strict=True):
            fpr, tpr = resampled_roc(draws, scores, is_class)
            values.append(_at_same(metric.quantity, fpr, tpr, target))
        quantity = MATCHED[metric.quantity]
        subject = f"model:{model.name}"
        yield _record(study, options, quantity, metric.class_, subject, values[0], values[1])


def _at_same(quantity: str, fpr: FloatArray, tpr: FloatArray, target: FloatArray) -> FloatArray:
    if quantity == "sensitivity":
        # Read backwards the curve rises in -sensitivity, and the best specificity is met last.
        return rate_at(-tpr[:, ::-1], 1 - fpr[:, ::-1], -target)
    return rate_at(fpr, tpr, 1 - target)


def _balanced(
    study: Study, options: Options, recalls: dict[str, list[tuple[FloatArray, FloatArray]]]
) -> Iterator[Record]:
    for subject, parts in recalls.items():
        known = [p for p in parts if np.isfinite(p[0]).all()]
        if known:
            observed = np.mean([p[0] for p in known], axis=0)
            its = np.mean([p[1] for p in known], axis=0)
            yield _record(study, options, "balanced_accuracy", ALL, subject, observed, its)


def _areas(study: Study, options: Options, drawn: Draws) -> Iterator[Record]:
    plain = Draws(np.ones((1, study.n_readers)), np.ones((1, study.n_cases)))
    for class_ in study.targets:
        is_class = study.truth == study.classes.index(class_)
        if not 0 < is_class.sum() < len(is_class):
            continue
        for model in study.models:
            scores = model.scores[:, study.classes.index(class_)]
            observed, its = (
                area_under(*resampled_roc(draws, scores, is_class)) for draws in (plain, drawn)
            )
            yield _record(study, options, "auc", class_, f"model:{model.name}", observed, its)
