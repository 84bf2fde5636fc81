"""From two tidy tables to the arrays of a Study; everything doubtful is refused in words."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial

import pandas as pd

from data.arrays import Ints
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.aided import build_aided
from readerstudy.stats.input.readings_table import ReadingsTable
from readerstudy.stats.input.restriction import build_model, prediction_classes
from readerstudy.stats.input.study import Aided, Missing, Rule, Study


def build_study(
    readings: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    *,
    classes: Sequence[str] | None = None,
    positive: str | None = None,
    rule: Rule = "renormalise",
    missing: Missing = "omit",
    cluster: str | None = None,
) -> Study:
    """Check the tables and turn them into arrays.

    `readings` has the columns reader_id, case_id, truth, answer (an empty answer means shown and
    not answered) and, if wanted, confidence (0 to 100), reader_kind, arm and advice. Each table of
    `predictions` has case_id and p_<class>. A frame's index is quoted as the line of a bad row, and
    `frame.attrs["source"]` as its file. Without `classes` they are those of truth and answers,
    in the order of the first model's columns. `cluster` names a column, of patients say, whose
    cases are not independent of each other. Raises StatsError.

    >>> rows = [("r1", "a", "x", "x"), ("r1", "b", "y", "x"), ("r2", "a", "x", "")]
    >>> readings = pd.DataFrame(rows, columns=["reader_id", "case_id", "truth", "answer"])
    >>> build_study(readings, {}).answers
    array([[ 0,  0],
           [-1, -1]])
    """
    notes: list[str] = []
    table = ReadingsTable(readings, notes)
    names = _study_classes(table, predictions, classes, notes)
    answers, shown, confidence = table.cells(names)
    truth = table.truths(names)
    _check_positive(positive, names)
    restrict = partial(
        build_model, cases=table.cases, classes=names, positive=positive, rule=rule, notes=notes
    )
    return Study(
        reader_ids=table.readers,
        simulated=table.simulated(),
        case_ids=table.cases,
        classes=names,
        positive=positive,
        truth=truth,
        answers=answers,
        shown=shown,
        confidence=confidence,
        models=tuple(restrict(name, frame) for name, frame in predictions.items()),
        missing=missing,
        repeats=table.repeats(names, answers),
        aided=_aided(table, names, truth, notes),
        cluster=_clusters(table, cluster),
        notes=tuple(notes),
    )


def _clusters(table: ReadingsTable, column: str | None) -> Ints | None:
    if column is None:
        table.note_clusters()
        return None
    return table.clusters(column)


def _aided(
    table: ReadingsTable, classes: tuple[str, ...], truth: Ints, notes: list[str]
) -> Aided | None:
    if table.aided is None:
        return None
    return build_aided(
        table.aided,
        readers=table.readers,
        cases=table.cases,
        classes=classes,
        truth=truth,
        notes=notes,
    )


def _study_classes(
    table: ReadingsTable,
    predictions: Mapping[str, pd.DataFrame],
    classes: Sequence[str] | None,
    notes: list[str],
) -> tuple[str, ...]:
    if classes is not None:
        repeated = sorted({c for c in classes if list(classes).count(c) > 1})
        if repeated:
            raise StatsError(
                f"Expected every class once, but got {', '.join(repeated)} more than once; "
                "name each class of the study once."
            )
        return tuple(classes)
    if not predictions:
        return tuple(table.labels())
    offered = [prediction_classes(name, frame) for name, frame in predictions.items()]
    used = set(table.truth_labels())
    known = {c for codes in offered for c in codes}
    used |= set(table.labels()) & known
    ordered = [c for codes in offered for c in codes if c in used]
    unasked = [c for c in offered[0] if c not in used]
    if unasked:
        notes.append(f"No case and no answer has the class {', '.join(unasked)}: left out.")
    return tuple(dict.fromkeys([*ordered, *sorted(used)]))


def _check_positive(positive: str | None, classes: tuple[str, ...]) -> None:
    if positive is not None and positive not in classes:
        near = get_close_matches(positive, classes, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "choose one of them"
        raise StatsError(
            f"Expected the positive class to be one of {', '.join(classes)}, "
            f"but got {positive!r}; {hint}"
        )
