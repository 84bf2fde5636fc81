"""Positive and negative predictive values of models and readers."""

from collections.abc import Iterator

import numpy as np

from data.measures.proportions import interval, ratio
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.clusters import design_effects
from readerstudy.stats.methods.confusion import one_vs_rest
from readerstudy.stats.records import Record
from readerstudy.stats.sections.common import Options, raters_of
from readerstudy.stats.subjects_and_methods import Method

CASE_MIX = "holds for the study's mix of cases only"
NONE_SAID = "never said"


def records(study: Study, options: Options) -> Iterator[Record]:
    """Wilson intervals; nan where the class, or its absence, was never said."""
    subjects = raters_of(study)
    answers = np.vstack([*(m.calls[None] for m in study.models), study.answers])
    machine = np.ones((len(study.models), study.n_cases), dtype=bool)
    counted = np.vstack([machine, study.answered])
    for class_ in study.targets:
        target = study.classes.index(class_)
        table = one_vs_rest(study.truth, answers, target=target, counted=counted)
        for quantity, right, count in (
            ("ppv", table.tp, table.tp + table.fp),
            ("npv", table.tn, table.tn + table.fn),
        ):
            effects = np.ones(len(count))
            if study.cluster is not None:
                said = counted & ((answers == target) if quantity == "ppv" else (answers != target))
                hit = (answers == target) == (study.truth == target)
                effects = design_effects(hit.astype(np.float64), said, study.cluster)
            low, high = interval(right / effects, count / effects, level=options.level)
            columns = (ratio(right, count), low, high, count)
            for subject, *row in zip(subjects, *(c.tolist() for c in columns), strict=True):
                value, lower, upper, n = row
                note = CASE_MIX if n else NONE_SAID
                yield Record(
                    quantity, class_, subject, Method("wilson"), value,
                    ci_low=lower, ci_high=upper, n_cases=n, notes=(note,),
                )  # fmt: skip
