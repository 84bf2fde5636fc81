"""What a pilot study tells a plan: variance components of every endpoint, and what it cannot."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Ints
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.study import Model, Study
from readerstudy.stats.methods.confusion import Cells, metric_cells
from readerstudy.stats.methods.moments import Moments, moments, proportion_influence
from readerstudy.stats.methods.obuchowski_rockette import CLAMPED, ONE_READER, or_inference
from readerstudy.stats.methods.reader_area import (
    Covariance,
    area,
    area_moments,
    model_raters,
    reader_ratings,
)
from readerstudy.stats.power.power import Components, components
from readerstudy.stats.records import ALL
from readerstudy.stats.sections.rates import Metric, metrics, model_right, stacked

PRIMARY_ENDPOINT = "balanced_accuracy"
NO_SPREAD = "the pilot's readers differ no more than by chance: their variance is counted as 0"
NEVER_DIFFER = "model and readers never differ here in the pilot: no power can be planned"
ROUGH_READERS = "only {} pilot readers: how much readers differ is known very roughly"
ROUGH_CASES = "only {} pilot cases of the rarest kind: the variance over cases is about a guess"
NOT_SHARED = "no case was read by two pilot readers: what they share is unknown"
INCOMPLETE = "not every pilot reader read every case: variances brought to a complete study"
_FEW_READERS, _FEW_CASES, _NOISE = 10, 10, 1e-15


@dataclass(frozen=True)
class Endpoint:
    """One quantity of one model in the pilot.

    `share`: of the study's cases, the part that enters the quantity. `difference`: model minus
    mean reader in the pilot, with its interval. `smallest`: cases of the rarest class that enters.
    """

    quantity: str
    class_: str
    model: str
    share: float
    rarest: float
    components: Components
    difference: tuple[float, float, float]
    notes: tuple[str, ...]


def endpoints(study: Study, *, covariance: Covariance | None = None) -> list[Endpoint]:
    """Balanced accuracy, accuracy, and each class's sensitivity, specificity and AUC, per model.

    AUC where readers gave confidence, by the `covariance` named, or without one by DeLong's, and
    the jackknife's where not everybody read everything. Raises StatsError without a model or with
    a single reader.
    """
    if not study.models:
        raise StatsError(
            "Expected the pilot to have a model, but got readers alone; add its predictions, a CSV "
            "with case_id and p_<class>."
        )
    if study.n_readers < 2:
        raise StatsError(
            "Expected a pilot of at least two readers, but got one; how much readers differ cannot "
            "be known from one. Plan from published variances with --components instead."
        )
    return [endpoint for model in study.models for endpoint in _of_model(study, model, covariance)]


def _of_model(study: Study, model: Model, covariance: Covariance | None) -> Iterator[Endpoint]:
    endpoints = [_balanced(study, model)]
    *of_classes, accuracy = [_rate(study, model, metric) for metric in metrics(study)]
    endpoints += [accuracy, *of_classes]
    endpoints += [_area(study, model, class_, covariance) for class_ in study.targets]
    return (endpoint for endpoint in endpoints if endpoint is not None)


def _balanced(study: Study, model: Model) -> Endpoint | None:
    """Mean sensitivity over the classes that have cases; they are independent strata."""
    present = [c for c in range(len(study.classes)) if (study.truth == c).any()]
    parts = [metric_cells(study, "sensitivity", target=c) for c in present]
    keep = np.all([cells.there.any(axis=1) for cells in parts], axis=0)
    if not keep.any():
        return None
    gaps = [
        proportion_influence((model.calls[p.at] == c) - p.right[keep], p.there[keep])
        for c, p in zip(present, parts, strict=True)
    ]
    there = np.concatenate([p.there[keep] for p in parts], axis=1)
    theta, influence = stacked(gaps)
    gap = moments(theta, influence, n_cases=int(there.any(axis=0).sum()))
    return _endpoint(study, (PRIMARY_ENDPOINT, ALL, model.name), gap, there, study.truth)


def _rate(study: Study, model: Model, metric: Metric) -> Endpoint | None:
    cells = metric_cells(study, metric.quantity, target=metric.target)
    keep = cells.there.any(axis=1)
    if not keep.any():
        return None
    there = cells.there[keep]
    its = model_right(study, model, metric, cells.at)
    theta, influence = proportion_influence(its - cells.right[keep], there)
    gap = moments(theta, influence, n_cases=int(there.any(axis=0).sum()))
    name = (metric.quantity, metric.class_, model.name)
    return _endpoint(study, name, gap, there, _kinds(study, metric, cells))


def _kinds(study: Study, metric: Metric, cells: Cells) -> Ints:
    """What must not be rare: cases of the class, or all others together."""
    truth = study.truth[cells.at]
    return truth if metric.quantity == "accuracy" else np.zeros(len(truth), dtype=np.intp)


def _area(
    study: Study, model: Model, class_: str, covariance: Covariance | None
) -> Endpoint | None:
    target = study.classes.index(class_)
    is_class = study.truth == target
    ratings = reader_ratings(study, target=target)
    of_readers = None if ratings is None else area(ratings, is_class)
    if ratings is None or of_readers is None:
        return None
    its, keep, used = of_readers
    against = model_raters(model.scores[used, target], its.readers, is_class[used])
    usual: Covariance = "delong" if its.complete else "jackknife"
    gap = area_moments(its, covariance or usual, model=against)
    if gap is None:
        return None
    there = ~np.isnan(ratings[np.ix_(keep, used)])
    kinds = is_class[used].astype(np.intp)
    return _endpoint(study, ("auc", class_, model.name), gap, there, kinds)


def _endpoint(
    study: Study, name: tuple[str, str, str], gap: Moments, there: Bools, kinds: Ints
) -> Endpoint:
    """`kinds`: (n,) of the cases that enter; the rarest kind limits what the pilot knows."""
    quantity, class_, model = name
    inference = or_inference(gap, design="or-rrrc-capped")
    smallest = int(np.unique(kinds, return_counts=True)[1].min())
    whole = components(gap, None if there.all() else there)
    notes = [
        *_notes(gap, smallest),
        *_design_notes(whole, gap.n_readers, complete=bool(there.all())),
    ]
    return Endpoint(
        quantity,
        class_,
        model,
        share=gap.n_cases / study.n_cases,
        rarest=smallest / study.n_cases,
        components=whole,
        difference=(inference.estimate, inference.ci_low, inference.ci_high),
        notes=tuple(notes),
    )


def _notes(gap: Moments, smallest: int) -> Iterator[str]:
    if not gap.var > 0:
        yield NEVER_DIFFER
    if gap.n_readers == 1:
        yield ONE_READER
    elif gap.n_readers < _FEW_READERS:
        yield ROUGH_READERS.format(gap.n_readers)
    if smallest < _FEW_CASES:
        yield ROUGH_CASES.format(smallest)
    if gap.ms - gap.var + gap.cov2 < -_NOISE:
        yield NO_SPREAD
    if gap.cov2 < -_NOISE:
        yield CLAMPED


def _design_notes(whole: Components, n_readers: int, *, complete: bool) -> Iterator[str]:
    if not complete:
        yield INCOMPLETE
    if n_readers > 1 and np.isnan(whole.cov2):
        yield NOT_SHARED
