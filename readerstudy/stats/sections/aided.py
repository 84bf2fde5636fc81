"""Aided against unaided reading: what a model's advice did to the readers' answers."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from data.arrays import Bools, Floats, Ints
from readerstudy.stats.input.study import UNANSWERED, Aided, Study
from readerstudy.stats.methods.clusters import clustered_mcnemar
from readerstudy.stats.methods.confusion import metric_cells
from readerstudy.stats.methods.mcnemar import adjusted, discordant, exact_p
from readerstudy.stats.methods.moments import proportion_influence
from readerstudy.stats.records import ALL, Record
from readerstudy.stats.sections.common import (
    RANDOM_DESIGNS,
    Label,
    Options,
    design_records,
    margin_records,
    mean_moments,
)
from readerstudy.stats.sections.rates import (
    Metric,
    dropped,
    metrics,
    of_mean,
    of_readers,
    stacked,
)
from readerstudy.stats.subjects_and_methods import AIDED_READER, MEAN_READER, Method, Subject

DIFFERENCE = AIDED_READER - MEAN_READER
FROM_MODEL = "advice: what model {} decides for"


def records(study: Study, options: Options) -> Iterator[Record]:
    """All of them; none without a second reading."""
    if study.aided is None:
        return
    second = replace(study, answers=study.aided.answers, shown=study.aided.shown)
    for metric in metrics(study):
        cells = metric_cells(second, metric.quantity, target=metric.target)
        yield from of_readers(second, metric, cells, options, is_aided=True)
        yield from of_mean(second, metric, cells, options, mean=AIDED_READER)
        yield from _gain(study, second, metric, options)
    yield from _balanced_gain(study, second, options)
    yield from _changes(study, study.aided, options)
    yield from _each_reader(study, second)


def _gain(study: Study, second: Study, metric: Metric, options: Options) -> Iterator[Record]:
    """Aided minus unaided of the mean reader, over readers with such cases in both arms."""
    keep = _in_both(study, second, metric)
    if not keep.any():
        return
    theta, influence, at = _difference(study, second, metric, keep)
    label = Label(metric.quantity, metric.class_, DIFFERENCE)
    moments = mean_moments(study, theta, influence, at)
    yield from design_records(label, moments, options=options, notes=dropped(keep))
    yield from margin_records(label, moments, options=options)


def _balanced_gain(study: Study, second: Study, options: Options) -> Iterator[Record]:
    parts = [
        Metric("sensitivity", c, name)
        for c, name in enumerate(study.classes)
        if (study.truth == c).any()
    ]
    keep = np.all([_in_both(study, second, metric) for metric in parts], axis=0)
    if not keep.any():
        return
    differences = [_difference(study, second, metric, keep) for metric in parts]
    theta, influence = stacked([(theta, influence) for theta, influence, _ in differences])
    at = np.concatenate([its for *_, its in differences])
    whole = mean_moments(study, theta, influence, at)
    label = Label("balanced_accuracy", ALL, DIFFERENCE)
    yield from design_records(label, whole, options=options, notes=dropped(keep))
    yield from margin_records(label, whole, options=options)


def _in_both(study: Study, second: Study, metric: Metric) -> Bools:
    there = [metric_cells(s, metric.quantity, target=metric.target).there for s in (study, second)]
    return np.asarray(there[0].any(axis=1) & there[1].any(axis=1))


def _difference(
    study: Study, second: Study, metric: Metric, keep: Bools
) -> tuple[Floats, Floats, Ints]:
    """Per kept reader the gain and its influence over cases, and the cases of either arm.

    The arms may hold other cases: a case that is in one arm alone has influence there alone.
    """
    arms = [metric_cells(s, metric.quantity, target=metric.target) for s in (second, study)]
    passes = []
    for cells in arms:
        there = cells.there[keep]
        theta, own = proportion_influence(cells.right[keep], there)
        influence = np.zeros(there.shape)
        influence[:, there.any(axis=0)] = own
        passes.append((theta, influence))
    used = np.any([cells.there[keep].any(axis=0) for cells in arms], axis=0)
    (theta, influence), (theta_first, influence_first) = passes
    return theta - theta_first, (influence - influence_first)[:, used], arms[0].at[used]


def _changes(study: Study, aided: Aided, options: Options) -> Iterator[Record]:
    """Shares of answers given twice: changed, to right, to wrong, and with or against advice."""
    both = study.answered & aided.answered
    first, then = study.answers == study.truth, aided.answers == study.truth
    yield from _share(study, "changed", study.answers != aided.answers, both, options)
    yield from _share(study, "changed_to_right", ~first & then, both, options)
    yield from _share(study, "changed_to_wrong", first & ~then, both, options)
    advice, source = _advice(study, aided)
    if advice is None:
        return
    told = both & (advice != UNANSWERED)
    took, good = aided.answers == advice, advice == study.truth
    yield from _share(study, "took_right_advice", took, told & good & ~first, options, source)
    yield from _share(study, "took_wrong_advice", took, told & ~good & first, options, source)
    yield from _share(study, "overrode_wrong_advice", ~took, told & ~good, options, source)


def _advice(study: Study, aided: Aided) -> tuple[Ints | None, tuple[str, ...]]:
    """The advice that was recorded, else what the only model decides for."""
    if aided.advice is not None:
        return aided.advice, ()
    if len(study.models) != 1:
        return None, ()
    model = study.models[0]
    return np.broadcast_to(model.calls, study.answers.shape), (FROM_MODEL.format(model.name),)


def _share(
    study: Study,
    quantity: str,
    hit: Bools,
    there: Bools,
    options: Options,
    notes: tuple[str, ...] = (),
) -> Iterator[Record]:
    """Mean over readers of the share of hits among their cells."""
    keep = np.asarray(there.any(axis=1))
    label = Label(quantity, ALL, AIDED_READER)
    if not keep.any():
        return
    notes += dropped(keep)
    there = there[keep]
    theta, influence = proportion_influence((hit[keep] & there).astype(np.float64), there)
    moments = mean_moments(study, theta, influence, np.flatnonzero(there.any(axis=0)))
    yield from design_records(label, moments, designs=RANDOM_DESIGNS, options=options, notes=notes)


def _each_reader(study: Study, second: Study) -> Iterator[Record]:
    """McNemar of each reader's second answers against the first, over cases answered twice."""
    both = study.answered & second.answered
    first = (study.answers == study.truth).astype(np.float64)
    then = (second.answers == study.truth).astype(np.float64)
    table = discordant(then, first, both)
    b, c, n = table.model_only, table.reader_only, both.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = np.where(n > 0, (b - c) / n, np.nan)
    exact: Floats = np.where(n > 0, exact_p(b, c), np.nan)
    name = "mcnemar-exact"
    if study.cluster is not None:
        difference = np.where(both, then - first, 0.0)
        exact = chi2.sf(clustered_mcnemar(difference, study.cluster), 1)
        name = "mcnemar-clustered"
    for method, p in (
        (name, exact),
        (f"{name}-holm", adjusted(exact, method="holm")),
        (f"{name}-bh", adjusted(exact, method="fdr_bh")),
    ):
        rows = zip(study.reader_ids, gain.tolist(), p.tolist(), n.tolist(), strict=True)
        for reader, estimate, probability, count in rows:
            subject = Subject.reader(reader, is_aided=True) - Subject.reader(reader)
            yield Record(
                "mcnemar", ALL, subject, Method(method), estimate, p=probability, n_cases=count
            )  # fmt: skip
