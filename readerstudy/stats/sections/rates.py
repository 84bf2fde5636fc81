"""Sensitivity, specificity, accuracy and balanced accuracy of models, readers and their mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.arrays import Bools, Floats, Ints
from data.measures.proportions import METHODS, interval, mean_interval, ratio
from readerstudy.stats.input.study import Model, Study
from readerstudy.stats.methods.clusters import design_effects
from readerstudy.stats.methods.confusion import Cells, is_right, metric_cells
from readerstudy.stats.methods.moments import Moments, proportion_influence
from readerstudy.stats.methods.mover import mean_rate, rate_gap
from readerstudy.stats.records import ALL, Record
from readerstudy.stats.sections.common import (
    RANDOM_DESIGNS,
    Label,
    Options,
    Size,
    design_records,
    margin_records,
    mean_moments,
    mover_records,
    raters_of,
)
from readerstudy.stats.sections.pooled import pooled_records
from readerstudy.stats.sections.variances import component_records
from readerstudy.stats.subjects_and_methods import MEAN_READER, MOVER, Method, Subject

EFFECT = "cases of one cluster are not independent: design effect {:.2f}"
NO_CASES = "no case of this kind"
DROPPED = "{} readers without such a case left out"
ONE_EACH = "{} readers have a single case of a class: no variance over cases, see bootstrap-2way"
_FEW_CASES, _FEW_OF_A_KIND = 20, 5
OWN_CELLS = "the model on the readers' own cases, each counted as often as it was read"


@dataclass(frozen=True)
class Metric:
    """A proportion of right cells: of one class one-vs-rest, or of all cases."""

    quantity: str
    target: int | None
    class_: str


def metrics(study: Study) -> list[Metric]:
    """Every proportion that is reported, in order."""
    recalls = [
        Metric(quantity, study.classes.index(c), c)
        for c in study.targets
        for quantity in ("sensitivity", "specificity")
    ]
    return [*recalls, Metric("accuracy", None, ALL)]


def records(study: Study, options: Options) -> Iterator[Record]:
    """All records of proportions."""
    for metric in metrics(study):
        cells = metric_cells(study, metric.quantity, target=metric.target)
        yield from _of_models(study, metric, cells, options)
        yield from of_readers(study, metric, cells, options)
        yield from of_mean(study, metric, cells, options)
    yield from _balanced(study, options)


def model_right(study: Study, model: Model, metric: Metric, at: Ints) -> Floats:
    """(m,) float64, 1 where the model is right."""
    right = is_right(study.truth[at], model.calls[at], metric.quantity, metric.target)
    return right.astype(np.float64)


def proportion_records(
    quantity: str,
    class_: str,
    subjects: Sequence[Subject],
    right: Floats,
    count: Floats,
    *,
    level: float,
    effects: Floats | None = None,
) -> Iterator[Record]:
    """Three intervals for each subject's right of count, divided by its design effect if any."""
    estimate = ratio(right, count).tolist()
    divisor = np.ones(len(count)) if effects is None else effects
    notes = [()] * len(count) if effects is None else [(EFFECT.format(e),) for e in effects]
    for method in METHODS:
        low, high = interval(right / divisor, count / divisor, method=method, level=level)
        columns = (estimate, low.tolist(), high.tolist(), count.tolist(), notes)
        for subject, value, lower, upper, n, own in zip(subjects, *columns, strict=True):
            yield Record(
                quantity,
                class_,
                subject,
                Method(method),
                value,
                ci_low=lower,
                ci_high=upper,
                n_cases=int(n),
                notes=own if n else (NO_CASES,),
            )


def _of_models(study: Study, metric: Metric, cells: Cells, options: Options) -> Iterator[Record]:
    for model in study.models:
        right = model_right(study, model, metric, cells.at)[None]
        there = np.ones(right.shape, dtype=bool)
        yield from proportion_records(
            metric.quantity,
            metric.class_,
            [Subject.model(model.name)],
            right.sum(axis=1),
            there.sum(axis=1).astype(np.float64),
            level=options.level,
            effects=effects_of(study, right, there, cells.at),
        )


def effects_of(study: Study, right: Floats, there: Bools, at: Ints) -> Floats | None:
    """Design effects of each row's cells on the cases `at`; None where cases are independent."""
    return None if study.cluster is None else design_effects(right, there, study.cluster[at])


def of_readers(
    study: Study, metric: Metric, cells: Cells, options: Options, *, is_aided: bool = False
) -> Iterator[Record]:
    """Every reader's rate in one arm."""
    subjects = [Subject.reader(r, is_aided=is_aided) for r in study.reader_ids]
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
    study: Study, metric: Metric, cells: Cells, options: Options, *, mean: Subject = MEAN_READER
) -> Iterator[Record]:
    """The mean reader, called `mean`, and each model minus it."""
    keep = np.asarray(cells.there.any(axis=1))
    if not keep.any():
        return
    right, there = cells.right[keep], cells.there[keep]
    at = cells.at[there.any(axis=0)]
    notes = (*dropped(keep), *_single(there))
    theta, influence = proportion_influence(right, there)
    moments = mean_moments(study, theta, influence, at)
    readers = MeanRate(mean, right, there, at, theta, influence, moments, notes)
    yield from _alone(study, metric, readers, options)
    for model in study.models:
        its = np.broadcast_to(model_right(study, model, metric, cells.at), right.shape)
        yield from _against(study, metric, readers, options, Subject.model(model.name), its)


@dataclass(frozen=True, eq=False)
class MeanRate:
    """Readers with a case of a metric: their cells, rates, influences and moments."""

    subject: Subject
    right: Floats
    there: Bools
    at: Ints
    theta: Floats
    influence: Floats
    moments: Moments
    notes: tuple[str, ...]

    @property
    def size(self) -> Size:
        """Of the records."""
        return Size(n_cases=self.moments.n_cases, n_readers=self.moments.n_readers)


def _alone(study: Study, metric: Metric, readers: MeanRate, options: Options) -> Iterator[Record]:
    label = Label(metric.quantity, metric.class_, readers.subject)
    yield from design_records(
        label,
        readers.moments,
        designs=RANDOM_DESIGNS,
        options=options,
        notes=readers.notes,
        rely_on=_rely_on(study, len(readers.at)),
    )
    yield from component_records(label, readers.moments)
    if study.cluster is not None:
        return
    rate = mean_rate(readers.moments)
    yield from mover_records(label, rate, size=readers.size, options=options, notes=readers.notes)
    yield from pooled_records(label, readers.right, None, readers.there, options, readers.notes)


def _against(
    study: Study,
    metric: Metric,
    readers: MeanRate,
    options: Options,
    model: Subject,
    its: Floats,
) -> Iterator[Record]:
    """One model, right in `its` (J, m) cells, minus the mean reader."""
    theta, influence = proportion_influence(its, readers.there)
    part = mean_moments(study, theta, influence, readers.at)
    theta, influence = theta - readers.theta, influence - readers.influence
    moments = mean_moments(study, theta, influence, readers.at)
    label = Label(metric.quantity, metric.class_, model - readers.subject)
    rely_on = _rely_on(study, len(readers.at), its[0])
    yield from design_records(label, moments, options=options, notes=readers.notes, rely_on=rely_on)
    yield from component_records(label, moments, against=(readers.moments, part))
    yield from margin_records(label, moments, options=options)
    if study.cluster is not None:
        return
    gap, size = rate_gap(part, readers.moments, moments), readers.size
    yield from mover_records(label, gap, size=size, options=options, notes=readers.notes)
    yield from pooled_records(label, its, readers.right, readers.there, options, readers.notes)
    if readers.subject == MEAN_READER:
        own = Label(metric.quantity, metric.class_, model)
        yield from pooled_records(own, its, None, readers.there, options, (OWN_CELLS,))


def dropped(keep: Bools) -> tuple[str, ...]:
    """Says how many readers are not kept."""
    return () if keep.all() else (DROPPED.format(int((~keep).sum())),)


def _rely_on(study: Study, n_cases: int, right: Floats | None = None) -> Method | None:
    """or-rrrc-mover with few cases or mistakes; it takes cases as independent."""
    few = n_cases < _FEW_CASES
    if right is not None:
        few = few or min(right.sum(), (1 - right).sum()) < _FEW_OF_A_KIND
    return MOVER if few and study.cluster is None else None


def _single(*there: Bools) -> tuple[str, ...]:
    """Says how many readers have one cell only where a variance over cases needs two."""
    single = np.any([cells.sum(axis=1) == 1 for cells in there], axis=0)
    return (ONE_EACH.format(int(single.sum())),) if single.any() else ()


def _balanced(study: Study, options: Options) -> Iterator[Record]:
    """Mean recall over the classes that have cases; classes are independent strata."""
    present = [c for c in range(len(study.classes)) if (study.truth == c).any()]
    parts = [metric_cells(study, "sensitivity", target=c) for c in present]
    keep = np.asarray(np.all([cells.there.any(axis=1) for cells in parts], axis=0))
    absent = len(study.classes) - len(present)
    absences = (f"{absent} classes without a case left out",) if absent else ()
    notes = (*absences, *dropped(keep))
    yield from _mean_recalls(study, parts, present, notes, options)
    notes = (*notes, *_single(*(cells.there[keep] for cells in parts)))
    if keep.any():
        yield from _balanced_mean(study, parts, present, keep, options, notes)


def _mean_recalls(
    study: Study, parts: list[Cells], present: list[int], notes: tuple[str, ...], options: Options
) -> Iterator[Record]:
    """Models and readers alone, with the interval of a mean of independent proportions."""
    subjects = raters_of(study)
    right, count = [], []
    for c, cells in zip(present, parts, strict=True):
        machine = np.array([model.calls[cells.at] == c for model in study.models], dtype=float)
        hit = np.vstack([machine.reshape(-1, len(cells.at)), cells.right])
        there = np.vstack([np.ones((len(study.models), len(cells.at)), bool), cells.there])
        effects = effects_of(study, hit, there, cells.at)
        divisor = np.ones(len(hit)) if effects is None else effects
        right.append((hit * there).sum(axis=1) / divisor)
        count.append(there.sum(axis=1) / divisor)
    low, high = mean_interval(np.array(right), np.array(count), level=options.level)
    value = ratio(right, count).mean(axis=0)
    n = [*(study.n_cases for _ in study.models), *study.scored.sum(axis=1).tolist()]
    columns = (value.tolist(), low.tolist(), high.tolist(), n)
    for subject, estimate, lower, upper, n_cases in zip(subjects, *columns, strict=True):
        yield Record(
            "balanced_accuracy", ALL, subject, Method("mean-recall"), estimate,
            ci_low=lower, ci_high=upper, n_cases=n_cases, notes=notes,
        )  # fmt: skip


def _balanced_mean(
    study: Study,
    parts: list[Cells],
    present: list[int],
    keep: Bools,
    options: Options,
    notes: tuple[str, ...],
) -> Iterator[Record]:
    readers = [proportion_influence(c.right[keep], c.there[keep]) for c in parts]
    theta, influence = stacked(readers)
    at = np.concatenate([c.at[c.there[keep].any(axis=0)] for c in parts])
    label = Label("balanced_accuracy", ALL, MEAN_READER)
    mean = mean_moments(study, theta, influence, at)
    yield from design_records(label, mean, designs=RANDOM_DESIGNS, options=options, notes=notes)
    yield from component_records(label, mean)
    for model in study.models:
        its = [
            proportion_influence(
                np.broadcast_to((model.calls[c.at] == k).astype(float), c.there[keep].shape),
                c.there[keep],
            )
            for k, c in zip(present, parts, strict=True)
        ]
        its_theta, its_influence = stacked(its)
        part = mean_moments(study, its_theta, its_influence, at)
        moments = mean_moments(study, its_theta - theta, its_influence - influence, at)
        label = Label("balanced_accuracy", ALL, Subject.model(model.name) - MEAN_READER)
        yield from design_records(label, moments, options=options, notes=notes)
        yield from component_records(label, moments, against=(mean, part))
        yield from margin_records(label, moments, options=options)


def stacked(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Mean over k classes of figures (J,), and the influence (J, n) of all their cases on it."""
    k = len(parts)
    theta = np.mean([part[0] for part in parts], axis=0)
    return np.asarray(theta), np.concatenate([part[1] for part in parts], axis=1) / k
