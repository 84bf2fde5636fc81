"""Readers' areas under the ROC curve, from confidence or from their calls."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import norm

from data.arrays import Floats
from data.measures.auc import normal_interval
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.moments import Moments
from readerstudy.stats.methods.obuchowski_rockette import DESIGNS
from readerstudy.stats.methods.pairs import PairSums, Raters, auc_ustat, pair_sums
from readerstudy.stats.methods.reader_area import (
    COVARIANCES,
    Area,
    Covariance,
    area,
    area_moments,
    model_moments,
    model_raters,
    reader_influence,
    reader_ratings,
)
from readerstudy.stats.methods.ustat import ustat_inference
from readerstudy.stats.records import Record
from readerstudy.stats.sections.common import (
    RANDOM_DESIGNS,
    Label,
    Options,
    Size,
    design_records,
    from_inference,
    margin_records,
)
from readerstudy.stats.sections.pooled import OUTSIDE
from readerstudy.stats.sections.variances import component_records, variance_records
from readerstudy.stats.subjects_and_methods import MEAN_READER, Method, Subject

INCOMPLETE = "DeLong's covariance is undefined where readers judged different cases"
NO_CONFIDENCE = "{} answers without a confidence left out of readers' AUC"
MOST_PAIRS = 50_000
Found = dict[Covariance, Moments | None]
MOST_CELLS = 20_000_000
MANY_CELLS = "unbiased covariance and ustat left out: too many pairs of cases to compute them"
MANY_PAIRS = "unbiased covariance and ustat left out: with so many cases they agree with DeLong's"


def records(study: Study, options: Options) -> Iterator[Record]:
    """AUC from confidence for every class, and (sensitivity + specificity) / 2 from calls."""
    for class_ in study.targets:
        target = study.classes.index(class_)
        ratings = reader_ratings(study, target=target)
        if ratings is not None:
            yield from _auc(study, target, ratings, options)
        yield from _call_area(study, target, options)


def _auc(study: Study, target: int, ratings: Floats, options: Options) -> Iterator[Record]:
    is_class = study.truth == target
    of_readers = area(ratings, is_class, study.cluster)
    if of_readers is None:
        return
    its, keep, used = of_readers
    unrated = int((study.answered & np.isnan(ratings)).sum())
    many = _many_pairs(its, positives=int(is_class[used].sum()))
    added = (NO_CONFIDENCE.format(unrated),) if unrated else ()
    its = replace(its, notes=its.notes + added + many)
    class_ = study.classes[target]
    names = [r for r, k in zip(study.reader_ids, keep, strict=True) if k]
    yield from _reader_records(class_, names, its, options)
    # The unbiased covariance, and the pooled statistic, are of independent cases.
    alone = study.cluster is None and not many
    covariances = COVARIANCES if alone else COVARIANCES[:2]
    models = [
        (model.name, model_raters(model.scores[used, target], its.readers, is_class[used]))
        for model in study.models
    ]
    yield from _means("auc", class_, its, models, covariances, options, pooled=alone)
    for name, against in models:
        yield from _paired_records(class_, name, names, its, against, options)


def _many_pairs(its: Area, *, positives: int) -> tuple[str, ...]:
    """Why the unbiased covariance, whose cost grows with the square of the cases, is left out."""
    pairs = positives * (its.n_cases - positives)
    if its.complete:
        return (MANY_PAIRS,) if pairs > MOST_PAIRS else ()
    # Nothing else allows for a pooled mean where readers judged different cases.
    return (MANY_CELLS,) if pairs * len(its.readers.positives) > MOST_CELLS else ()


def _call_area(study: Study, target: int, options: Options) -> Iterator[Record]:
    """(sensitivity + specificity) / 2 is the AUC of a yes-or-no call."""
    is_class = study.truth == target
    calls = np.where(study.answered, (study.answers == target).astype(np.float64), np.nan)
    of_calls = area(calls, is_class, study.cluster)
    if of_calls is None:
        return
    its, _, used = of_calls
    models = []
    for model in study.models:
        model_calls = (model.calls == target).astype(np.float64)[used]
        models.append((model.name, model_raters(model_calls, its.readers, is_class[used])))
    class_ = study.classes[target]
    yield from _means("sens_spec_mean", class_, its, models, ("jackknife",), options, pooled=False)


def _means(
    quantity: str,
    class_: str,
    its: Area,
    models: Sequence[tuple[str, Raters]],
    covariances: Sequence[Covariance],
    options: Options,
    *,
    pooled: bool,
) -> Iterator[Record]:
    """The mean reader and each model minus it, by every covariance; pooled too if asked."""
    readers: Found = {}
    sources: list[tuple[Subject, Raters | None]] = [(MEAN_READER, None)]
    sources += [(Subject.model(name) - MEAN_READER, raters) for name, raters in models]
    for subject, model in sources:
        label = Label(quantity, class_, subject)
        sums = pair_sums(its.readers, model) if pooled else None
        moments = {c: area_moments(its, c, model=model, sums=sums) for c in covariances}
        readers = readers or moments
        yield from _by_covariance(label, its, model, moments, options)
        for covariance, gap in moments.items():
            yield from _components(label, its, covariance, gap, model, readers[covariance])
        if sums is not None:
            yield from _pooled(label, its, model, sums, options)


def _by_covariance(
    label: Label, its: Area, model: Raters | None, all_found: Found, options: Options
) -> Iterator[Record]:
    designs = RANDOM_DESIGNS if model is None else DESIGNS
    for covariance, moments in all_found.items():
        if moments is None:
            yield _undefined(label, its, model, covariance)
            continue
        yield from design_records(
            label, moments, designs=designs, options=options, covariance=covariance, notes=its.notes
        )
        if model is not None:
            yield from margin_records(label, moments, options=options, covariance=covariance)
    known = [moments for moments in all_found.values() if moments is not None]
    if model is not None:
        # No covariance between cases enters it.
        yield from design_records(
            label, known[0], designs=["or-rrfc"], options=options, notes=its.notes
        )


def _components(
    label: Label,
    its: Area,
    covariance: Covariance,
    moments: Moments | None,
    model: Raters | None,
    readers: Moments | None,
) -> Iterator[Record]:
    if moments is None or readers is None:
        return
    own = None if model is None else model_moments(its, model, covariance)
    against = None if own is None else (readers, own)
    yield from component_records(label, moments, against=against, covariance=covariance)


def _pooled(
    label: Label, its: Area, model: Raters | None, sums: PairSums, options: Options
) -> Iterator[Record]:
    statistic = auc_ustat(sums, mean=_pooled_mean(its, model))
    inference = ustat_inference(statistic, level=options.level)
    size = Size(n_cases=its.n_cases, n_readers=len(its.readers.positives))
    outside = model is None and (inference.ci_low < 0 or inference.ci_high > 1)
    notes = (OUTSIDE, *its.notes) if outside else its.notes
    yield from_inference(label, Method("ustat"), inference, **size, notes=notes)
    values = {"ustat": statistic.variance, "ustat-mle": statistic.variance_biased}
    variances = {Method(name, quantity=label.quantity): value for name, value in values.items()}
    yield from variance_records(label, variances, **size)


def _pooled_mean(its: Area, model: Raters | None) -> float:
    placed = its.readers.placements
    weight = placed.n_positive * placed.n_negative
    theta = placed.auc if model is None else model.placements.auc - placed.auc
    return float((weight * theta).sum() / weight.sum())


def _undefined(label: Label, its: Area, model: Raters | None, covariance: str) -> Record:
    theta = (
        its.readers.placements.auc
        if model is None
        else model.placements.auc - its.readers.placements.auc
    )
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        Method("or-rrrc", covariance=covariance),
        float(theta.mean()),
        n_cases=its.n_cases,
        n_readers=len(theta),
        notes=(INCOMPLETE,),
    )


def _reader_records(class_: str, names: list[str], its: Area, options: Options) -> Iterator[Record]:
    placed = its.readers.placements
    se = np.sqrt((reader_influence(its, placed, "delong") ** 2).sum(axis=1))
    low, high = normal_interval(placed.auc, se, level=options.level)
    count = placed.n_positive + placed.n_negative
    for row in zip(names, *(x.tolist() for x in (placed.auc, se, low, high, count)), strict=True):
        name, auc, error, lower, upper, n = row
        yield Record(
            "auc", class_, Subject.reader(name), Method("delong"), auc, error,
            ci_low=lower, ci_high=upper, n_cases=int(n),
        )  # fmt: skip


def _paired_records(
    class_: str, model: str, names: list[str], its: Area, against: Raters, options: Options
) -> Iterator[Record]:
    """Paired DeLong of the model against each reader on the reader's own cells."""
    own = reader_influence(its, its.readers.placements, "delong")
    influence = reader_influence(its, against.placements, "delong") - own
    se = np.sqrt((influence**2).sum(axis=1))
    gap = against.placements.auc - its.readers.placements.auc
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 1e-12, gap / se, np.where(gap == 0, 0.0, np.nan))
    p, half = 2 * norm.sf(np.abs(z)), norm.isf((1 - options.level) / 2) * se
    count = its.readers.placements.n_positive + its.readers.placements.n_negative
    columns = (gap, se, z, p, gap - half, gap + half, count)
    for name, *values in zip(names, *(x.tolist() for x in columns), strict=True):
        estimate, error, statistic, value, lower, upper, n = values
        subject = Subject.model(model) - Subject.reader(name)
        yield Record(
            "auc", class_, subject, Method("delong"), estimate, error, np.nan, statistic, value,
            lower, upper, int(n),
        )  # fmt: skip
