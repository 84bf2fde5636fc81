"""One consistent picture of a study for analysis and export, as plain values and frames."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from readerstudy.db import Session
from readerstudy.db.queries import readings, studies
from readerstudy.db.tables import Study
from readerstudy.domain import ReaderKind, protocol
from readerstudy.domain.exclusion import why_excluded

Kinds = tuple[ReaderKind, ...]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Readings:
    """`left_out`: of other kinds of readers, never pooled without being asked, and of the excluded.

    `excluded`: reason by the reader's code, as the protocol's rules give it.
    """

    kinds: Kinds
    kept: Rows
    left_out: Rows
    excluded: dict[str, str]


def has_answers(session: Session, study: Study) -> dict[ReaderKind, int]:
    """Numbers of stored answers of the kinds that have any."""
    counts = studies.n_answers(session, study.id, with_revisions=True)
    return {kind: n for kind, n in counts.items() if n > 0}


def choose_kinds(available: Collection[ReaderKind], asked: Collection[ReaderKind] | None) -> Kinds:
    """Humans as soon as one has answered, else the simulated, unless told otherwise."""
    if asked is not None:
        return tuple(kind for kind in ReaderKind if kind in asked)
    if ReaderKind.SIMULATED in available and ReaderKind.HUMAN not in available:
        return (ReaderKind.SIMULATED,)
    return (ReaderKind.HUMAN,)


def collect_readings(session: Session, study: Study, *, kinds: Kinds) -> Readings:
    rows = readings.readings(session, study)
    excluded = exclusions(session, study)

    def is_kept(row: dict[str, Any]) -> bool:
        return row["reader_kind"] in kinds and row["reader_id"] not in excluded

    return Readings(
        kinds=kinds,
        kept=[row for row in rows if is_kept(row)],
        left_out=[row for row in rows if not is_kept(row)],
        excluded=excluded,
    )


def exclusions(
    session: Session, study: Study, *, analysis: protocol.Analysis | None = None
) -> dict[str, str]:
    """By the sealed rules alone: nobody leaves a reader out by hand. `analysis`: some of them."""
    analysis = analysis or study.protocol.analysis
    if not analysis.excludes:
        return {}
    by_reader: dict[str, Rows] = defaultdict(list)
    for row in readings.assigned(session, study):
        by_reader[row["reader_id"]].append(row)
    found = {code: why_excluded(rows, analysis) for code, rows in by_reader.items()}
    return {code: why for code, why in found.items() if why}


def predictions_frames(session: Session, study: Study) -> dict[str, pd.DataFrame]:
    """By model: case_id and one p_<code> per class of the model, in the model's own order."""
    cases = {case.id: case.case_id for case in studies.cases(session, study.id)}
    return {
        model.name: _predictions_frame(studies.predictions(session, model.id), cases)
        for model in studies.models(session, study.id)
    }


def classes_of(study: Study) -> tuple[str, ...]:
    return study.taxonomy.codes


def _predictions_frame(
    predictions: dict[int, dict[str, float]], cases: dict[int, str]
) -> pd.DataFrame:
    rows = [
        {"case_id": case_id, **{f"p_{code}": p for code, p in predictions[row_id].items()}}
        for row_id, case_id in cases.items()
    ]
    return pd.DataFrame(rows)
