"""Areas under the ROC curve among drawn readers and cases, per class and their mean."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from data.arrays import Floats
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.bootstrap import Draws, mean_over_readers
from readerstudy.stats.methods.bootstrap_auc import resampled_areas
from readerstudy.stats.methods.reader_area import reader_ratings
from readerstudy.stats.records import ALL
from readerstudy.stats.sections.common import Label
from readerstudy.stats.subjects_and_methods import MEAN_READER, Subject

Pair = tuple[Floats, Floats]
Values = dict[Subject, Floats]


def areas(study: Study, both: tuple[Draws, Draws]) -> Iterator[tuple[Label, Pair]]:
    """Observed and drawn areas: of models and, from confidence, of the mean reader."""
    per_class: list[tuple[Values, Values]] = []
    for target, class_ in enumerate(study.classes):
        if not 0 < (study.truth == target).sum() < study.n_cases:
            continue
        observed, drawn = (_values(study, target, draws) for draws in both)
        per_class.append((observed, drawn))
        for subject in observed if class_ in study.targets else ():
            yield Label("auc", class_, subject), (observed[subject], drawn[subject])
    if per_class:
        for subject in per_class[0][0]:
            pair = (
                np.mean([observed[subject] for observed, _ in per_class], axis=0),
                np.mean([drawn[subject] for _, drawn in per_class], axis=0),
            )
            yield Label("auc_macro", ALL, subject), pair


def _values(study: Study, target: int, draws: Draws) -> Values:
    """(B,) per subject: each model, each two models, the mean reader, each model minus it."""
    is_class = study.truth == target
    values: Values = {}
    for model in study.models:
        its = resampled_areas(draws, model.scores[None, :, target], is_class)
        values[Subject.model(model.name)] = its[:, 0]
    for first, second in combinations(tuple(values), 2):
        values[first - second] = values[first] - values[second]
    ratings = reader_ratings(study, target=target)
    if ratings is None:
        return values
    own = resampled_areas(draws, ratings, is_class)
    values[MEAN_READER] = mean_over_readers(draws, own)
    for model in study.models:
        subject = Subject.model(model.name)
        its = values[subject][:, None]
        if np.isnan(ratings).any():
            # The model is then compared on each reader's own cells.
            cells = np.where(np.isnan(ratings), np.nan, model.scores[:, target])
            its = resampled_areas(draws, cells, is_class)
        values[subject - MEAN_READER] = mean_over_readers(draws, its - own)
    return values
