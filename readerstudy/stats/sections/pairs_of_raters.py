"""Each model against each reader: McNemar and Cohen's kappa."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2, norm

from data.arrays import Floats
from readerstudy.stats.input.study import Model, Study
from readerstudy.stats.methods.agreement import cohen_kappa
from readerstudy.stats.methods.clusters import clustered_mcnemar
from readerstudy.stats.methods.confusion import Cells, metric_cells
from readerstudy.stats.methods.mcnemar import (
    Discordant,
    adjusted,
    chi_square,
    discordant,
    exact_p,
    mid_p,
)
from readerstudy.stats.records import ALL, Record
from readerstudy.stats.sections.common import Options
from readerstudy.stats.sections.rates import Metric, metrics, model_right
from readerstudy.stats.subjects_and_methods import Method, Subject


def records(study: Study, _options: Options) -> Iterator[Record]:
    """McNemar for accuracy, and for sensitivity and specificity of a declared positive class."""
    for metric in metrics(study):
        if metric.target is None or study.positive is not None:
            cells = metric_cells(study, metric.quantity, target=metric.target)
            for model in study.models:
                yield from _mcnemar(study, metric, cells, model)
    for model in study.models:
        yield from _cohen(study, model)
    yield from _repeats(study)


def _mcnemar(study: Study, metric: Metric, cells: Cells, model: Model) -> Iterator[Record]:
    its = model_right(study, model, metric, cells.at)
    table = discordant(its, cells.right, cells.there)
    b, c = table.model_only, table.reader_only
    n = cells.there.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(n > 0, (b - c) / n, np.nan)
    exact, blank = exact_p(b, c), np.full(len(n), np.nan)
    plain, corrected = chi_square(b, c), chi_square(b, c, corrected=True)
    about = "" if metric.target is None else metric.quantity
    tests: tuple[tuple[str, Floats, Floats], ...] = (
        ("mcnemar-exact", blank, exact),
        ("mcnemar-midp", blank, mid_p(b, c)),
        ("mcnemar-exact-holm", blank, adjusted(exact, method="holm")),
        ("mcnemar-exact-bh", blank, adjusted(exact, method="fdr_bh")),
        ("mcnemar-chi2", plain, chi2.sf(plain, 1)),
        ("mcnemar-chi2-corrected", corrected, chi2.sf(corrected, 1)),
    )
    if study.cluster is not None:
        difference = np.where(cells.there, its - cells.right, 0.0)
        statistic = clustered_mcnemar(difference, study.cluster[cells.at])
        p_clustered = chi2.sf(statistic, 1)
        tests = (
            ("mcnemar-clustered", statistic, p_clustered),
            ("mcnemar-clustered-holm", blank, adjusted(p_clustered, method="holm")),
            ("mcnemar-clustered-bh", blank, adjusted(p_clustered, method="fdr_bh")),
        )
    yield from _counts(study, metric, table, model, about)
    for method, statistic, p in tests:
        rows = zip(
            study.reader_ids, gap.tolist(), statistic.tolist(), p.tolist(), n.tolist(), strict=True
        )
        for reader, estimate, value, probability, count in rows:
            yield Record(
                "mcnemar",
                metric.class_,
                Subject.model(model.name) - Subject.reader(reader),
                Method(method, quantity=about),
                estimate,
                statistic=value,
                p=probability,
                n_cases=count,
            )


def _counts(
    study: Study, metric: Metric, table: Discordant, model: Model, about: str
) -> Iterator[Record]:
    """On how many cases both, one or none of the two were right."""
    n = table.both_right + table.model_only + table.reader_only + table.both_wrong
    for method, counts in (
        ("both-right", table.both_right),
        ("model-only", table.model_only),
        ("reader-only", table.reader_only),
        ("both-wrong", table.both_wrong),
    ):
        for reader, count, total in zip(study.reader_ids, counts, n, strict=True):
            yield Record(
                "mcnemar_count",
                metric.class_,
                Subject.model(model.name) - Subject.reader(reader),
                Method(method, quantity=about),
                float(count),
                n_cases=int(total),
            )


def _cohen(study: Study, model: Model) -> Iterator[Record]:
    kappa, z = cohen_kappa(model.calls, study.answers, study.answered, n_classes=len(study.classes))
    # Its z is of independent cases.
    z = z if study.cluster is None else np.full(len(z), np.nan)
    p, n = 2 * norm.sf(np.abs(z)), study.answered.sum(axis=1)
    rows = zip(study.reader_ids, kappa.tolist(), z.tolist(), p.tolist(), n.tolist(), strict=True)
    for reader, estimate, statistic, probability, count in rows:
        yield Record(
            "kappa_cohen",
            ALL,
            Subject.model(model.name) - Subject.reader(reader),
            Method("cohen"),
            estimate,
            statistic=statistic,
            p=probability,
            n_cases=count,
        )


def _repeats(study: Study) -> Iterator[Record]:
    """Cohen's kappa of each reader with the same reader's second answers."""
    for reader in np.unique(study.repeats[:, 0]):
        mine = study.repeats[study.repeats[:, 0] == reader]
        there = np.ones((1, len(mine)), dtype=bool)
        kappa, z = cohen_kappa(mine[:, 2], mine[None, :, 3], there, n_classes=len(study.classes))
        yield Record(
            "kappa_cohen",
            ALL,
            Subject.reader(study.reader_ids[reader]),
            Method("repeat"),
            float(kappa[0]),
            statistic=float(z[0]),
            p=float(2 * norm.sf(abs(z[0]))),
            n_cases=len(mine),
        )
