"""Matched operating points, and two-way bootstrap of the rates, areas and matched points."""

from collections.abc import Iterator

import numpy as np

from data.arrays import Floats
from data.measures.resampling import percentile_interval
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.bootstrap import Draws, draw, rate_at, resampled_mean, resampled_roc
from readerstudy.stats.methods.confusion import metric_cells
from readerstudy.stats.records import ALL, NAN, Record
from readerstudy.stats.sections.common import Label, Options
from readerstudy.stats.sections.rates import Metric, metrics, model_right
from readerstudy.stats.sections.resampled_areas import areas
from readerstudy.stats.subjects_and_methods import MEAN_READER, Method, Subject

MATCHED = {
    "sensitivity": "specificity_at_reader_sensitivity",
    "specificity": "sensitivity_at_reader_specificity",
}
ONE_READER = "one reader: only cases are drawn anew"
CONSTANT = "every replicate is the same"
MOST_DRAWS = 50_000_000
NO_REPLICATES = "no interval asked for"

Values = dict[Subject, Floats]
Found = dict[Metric, tuple[Values, Values]]


def records(
    study: Study, options: Options, *, replicates: int, rng: np.random.Generator
) -> Iterator[Record]:
    """All of them; without replicates only the matched points, and without an interval."""
    both = (
        Draws(np.ones((1, study.n_readers)), np.ones((1, study.n_cases))),
        draw(
            study.truth,
            n_readers=study.n_readers,
            replicates=replicates,
            rng=rng,
            cluster=study.cluster,
        ),
    )
    rates = {m: (_values(study, m, both[0]), _values(study, m, both[1])) for m in metrics(study)}
    if replicates:
        yield from _rates(study, options, rates)
        yield from _balanced(study, options, _recalls(study, rates, both))
        for label, (observed, drawn) in areas(study, both):
            yield _record(study, options, label, observed, drawn)
    for class_ in study.targets:
        yield from _matched(study, options, class_, rates, both)


def check_size(study: Study, replicates: int) -> None:
    """Refuse more replicates than the memory can hold, before anything is computed."""
    larger = max(study.n_readers, study.n_cases)
    if replicates * larger > MOST_DRAWS:
        raise StatsError(
            f"Expected at most {MOST_DRAWS // larger:,} replicates, because what is drawn of "
            f"{study.n_readers:,} readers and {study.n_cases:,} cases is held in memory, but got "
            f"{replicates:,}; give fewer, or 0 for none."
        )


def _rates(study: Study, options: Options, values: Found) -> Iterator[Record]:
    for metric, (observed, drawn) in values.items():
        for subject, value in observed.items():
            label = Label(metric.quantity, metric.class_, subject)
            yield _record(study, options, label, value, drawn[subject])


def _recalls(study: Study, values: Found, both: tuple[Draws, Draws]) -> list[tuple[Values, Values]]:
    """Sensitivity of every class, also of those that are not reported by themselves."""
    recalls = [Metric("sensitivity", c, name) for c, name in enumerate(study.classes)]
    return [
        values[m] if m in values else (_values(study, m, both[0]), _values(study, m, both[1]))
        for m in recalls
    ]


def _values(study: Study, metric: Metric, draws: Draws) -> Values:
    """(B,) per subject: mean reader, each model, and their difference on the readers' cells."""
    cells = metric_cells(study, metric.quantity, target=metric.target)
    mean = resampled_mean(draws, cells.right, cells.there, cells.at)
    values = {MEAN_READER: mean}
    weight = draws.cases[:, cells.at]
    for model in study.models:
        right = model_right(study, model, metric, cells.at)
        subject = Subject.model(model.name)
        with np.errstate(divide="ignore", invalid="ignore"):
            values[subject] = (weight @ right) / weight.sum(axis=1)
        own = np.broadcast_to(right, cells.right.shape)
        complete = bool(cells.there.all())
        its = values[subject] if complete else resampled_mean(draws, own, cells.there, cells.at)
        values[subject - MEAN_READER] = its - mean
    return values


def _record(
    study: Study, options: Options, label: Label, observed: Floats, replicates: Floats
) -> Record:
    se, low, high = percentile_interval(replicates, level=options.level)
    is_of_readers = "mean_reader" in label.subject.kinds
    with_readers = is_of_readers or label.quantity in MATCHED.values()
    notes = [f"percentile, {len(replicates)} replicates" if len(replicates) else NO_REPLICATES]
    if study.n_readers == 1 and with_readers:
        notes.append(ONE_READER)
    if se == 0:
        low, high = NAN, NAN
        notes.append(CONSTANT)
    return Record(
        label.quantity,
        label.class_,
        label.subject,
        Method("bootstrap-2way"),
        float(observed[0]),
        se,
        ci_low=low,
        ci_high=high,
        n_cases=_n_cases(study, label),
        n_readers=study.n_readers if with_readers else None,
        notes=tuple(notes),
    )


def _n_cases(study: Study, label: Label) -> int:
    if label.quantity not in ("sensitivity", "specificity"):
        return study.n_cases
    of_class = int((study.truth == study.classes.index(label.class_)).sum())
    return of_class if label.quantity == "sensitivity" else study.n_cases - of_class


def _matched(
    study: Study, options: Options, class_: str, rates: Found, both: tuple[Draws, Draws]
) -> Iterator[Record]:
    """The model's specificity where its sensitivity is the mean reader's, and the reverse."""
    target = study.classes.index(class_)
    is_class = study.truth == target
    if not 0 < is_class.sum() < len(is_class):
        return
    mean = {
        m.quantity: [values[MEAN_READER] for values in pair]
        for m, pair in rates.items()
        if m.target == target
    }
    for model in study.models:
        curves = [resampled_roc(d, model.scores[:, target], is_class) for d in both]
        for matched_on, quantity in MATCHED.items():
            other = "specificity" if matched_on == "sensitivity" else "sensitivity"
            values = [
                _at_same(matched_on, *curve, at)
                for curve, at in zip(curves, mean[matched_on], strict=True)
            ]
            subject = Subject.model(model.name)
            label = Label(quantity, class_, subject)
            yield _record(study, options, label, values[0], values[1])
            gap = [v - m for v, m in zip(values, mean[other], strict=True)]
            label = Label(quantity, class_, subject - MEAN_READER)
            yield _record(study, options, label, gap[0], gap[1])


def _at_same(quantity: str, fpr: Floats, tpr: Floats, target: Floats) -> Floats:
    if quantity == "sensitivity":
        # Read backwards the curve rises in -sensitivity, and the best specificity is met last.
        return rate_at(-tpr[:, ::-1], 1 - fpr[:, ::-1], -target)
    return rate_at(fpr, tpr, 1 - target)


def _balanced(
    study: Study, options: Options, recalls: list[tuple[Values, Values]]
) -> Iterator[Record]:
    for subject in recalls[0][0]:
        known = [pair for pair in recalls if np.isfinite(pair[0][subject]).all()]
        if known:
            observed, drawn = (np.mean([p[i][subject] for p in known], axis=0) for i in (0, 1))
            label = Label("balanced_accuracy", ALL, subject)
            yield _record(study, options, label, observed, drawn)
