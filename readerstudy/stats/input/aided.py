"""The second reading, with a model's advice: laid out on the readers and cases of the first."""

import numpy as np
import pandas as pd

from data.arrays import Bools, Ints
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.columns import text_codes
from readerstudy.stats.input.readings_table import ReadingsTable
from readerstudy.stats.input.study import UNANSWERED, Aided

UNPAIRED = "{} aided answers by readers, or to cases, without an unaided answer were left out."


def build_aided(
    rows: pd.DataFrame,
    *,
    readers: tuple[str, ...],
    cases: tuple[str, ...],
    classes: tuple[str, ...],
    truth: Ints,
    notes: list[str],
) -> Aided | None:
    """Check the rows of the aided arm as the unaided ones are, and place them beside these.

    `rows` has the columns of readings and, if wanted, `advice`, the class that was suggested.
    `truth`: (n,) intp of `cases`. Rows of other readers or cases are left out with a note; None
    if nothing is left. Raises StatsError.
    """
    table = ReadingsTable(rows.drop(columns=["arm", "confidence"], errors="ignore"), notes)
    answers, shown, _ = table.cells(classes)
    reader_at = _places(table.readers, readers)
    case_at = _places(table.cases, cases)
    known = np.ix_(reader_at >= 0, case_at >= 0)
    lost = int(shown.sum() - shown[known].sum())
    if lost:
        notes.append(UNPAIRED.format(lost))
    if not shown[known].any():
        return None
    _check_truth(table, classes, case_at, cases, truth)
    place = np.ix_(reader_at[reader_at >= 0], case_at[case_at >= 0])

    def beside(cells: Ints, empty: int) -> Ints:
        laid = np.full((len(readers), len(cases)), empty, dtype=np.intp)
        laid[place] = cells[known]
        return laid

    advice = _advice(rows, table, classes)
    return Aided(
        answers=beside(answers, UNANSWERED),
        shown=beside(shown.astype(np.intp), 0).astype(bool),
        advice=None if advice is None else beside(advice, UNANSWERED),
    )


def _places(names: tuple[str, ...], among: tuple[str, ...]) -> Ints:
    at = {name: i for i, name in enumerate(among)}
    return np.array([at.get(name, -1) for name in names], dtype=np.intp)


def _check_truth(
    table: ReadingsTable,
    classes: tuple[str, ...],
    case_at: Ints,
    cases: tuple[str, ...],
    truth: Ints,
) -> None:
    known = case_at >= 0
    differs = table.truths(classes)[known] != truth[case_at[known]]
    if differs.any():
        names = ", ".join(cases[i] for i in case_at[known][differs][:5])
        raise StatsError(
            f"Expected {table.source} to have one truth per case, but got another one in the aided "
            f"rows of case {names}; make them the same."
        )


def _advice(rows: pd.DataFrame, table: ReadingsTable, classes: tuple[str, ...]) -> Ints | None:
    """(J, n) suggested class on the table's own readers and cases; None without the column."""
    if "advice" not in rows:
        return None
    codes, texts = text_codes(rows["advice"])
    at = {name: i for i, name in enumerate(classes)}
    place = np.array([at.get(text, UNANSWERED) for text in texts], dtype=np.intp)
    odd: Bools = (place == UNANSWERED) & (np.array(texts) != "")
    if odd[codes].any():
        row = int(np.flatnonzero(odd[codes])[0])
        raise StatsError(
            f"Expected {table.source} to have an advice among {', '.join(classes)}, but got "
            f"{texts[codes[row]]!r} in line {rows.index[row]}; correct it, or leave it empty."
        )
    given = place[codes]
    if (given == UNANSWERED).all():
        return None
    return table.laid_out(given)
