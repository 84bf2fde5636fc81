"""A study's numbers from its tables and settings: for the pages, and again from its export."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from readerstudy.domain import Arm, CaseRole, ReaderKind
from readerstudy.files import columns
from readerstudy.files.csvio import write_csv
from readerstudy.stats import Analysis, analyse
from readerstudy.stats.input.study import Missing, Rule
from readerstudy.stats.records import FIELDS

# Stands for the readers of a study that has none yet, so that the models can be shown alone.
NOBODY = "nobody"
# Of the bootstrap intervals on the page and in the export; those of the command by default.
REPLICATES = 2000
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Settings:
    """Everything beside the tables that the numbers depend on; settings.json of the export."""

    study: str
    seal: str | None
    synthetic: bool
    classes: tuple[str, ...]
    models: tuple[str, ...]
    rule: Rule
    missing: Missing
    margin: float | None
    reader_kinds: tuple[str, ...]
    has_readings: bool
    answers_left_out: dict[str, int]
    excluded: dict[str, str]
    notes: tuple[str, ...] = ()
    replicates: int = REPLICATES
    seed: int = BOOTSTRAP_SEED

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        content = json.loads(text)
        for name in ("classes", "models", "reader_kinds", "notes"):
            content[name] = tuple(content[name])
        return cls(**content)


def readings_frame(
    rows: Sequence[Mapping[str, Any]], *, cases: Collection[Mapping[str, Any]]
) -> pd.DataFrame:
    """Columns as in readings.csv; one unanswered row per case where nobody has read."""
    rows = rows or [
        {"reader_id": NOBODY, "reader_kind": ReaderKind.HUMAN, "arm": Arm.UNAIDED, **case}
        for case in cases
        if case["role"] == CaseRole.TEST
    ]
    frame = pd.DataFrame.from_records(rows, columns=list(columns.names(columns.READINGS)))
    frame["answer"] = frame["answer"].fillna("")
    for column in ("reader_kind", "arm"):
        frame[column] = frame[column].map(str)
    return named(frame)


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """What sentences about these readings call them, wherever they lie."""
    frame.attrs["source"] = "the study's readings"
    return frame


def analyse_study(
    frame: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], settings: Settings
) -> Analysis:
    analysis = (
        Analysis(_empty_meta(settings), ())
        if frame.empty
        else analyse(
            frame,
            predictions,
            classes=settings.classes,
            rule=settings.rule,
            missing=settings.missing,
            margin=settings.margin,
            rng=np.random.default_rng(settings.seed),
            replicates=settings.replicates,
        )
    )
    return _explain(analysis, settings)


def result_tables(analysis: Analysis) -> dict[str, bytes]:
    """The bytes of results.json and results.csv, the same from every way to an analysis."""
    rows = (dict(zip(FIELDS, record.values(), strict=True)) for record in analysis.records)
    return {
        "results.json": analysis.to_json().encode(),
        "results.csv": write_csv(columns.names(columns.RESULTS), rows).encode(),
    }


def _empty_meta(settings: Settings) -> dict[str, Any]:
    """Of a draft without cases: there is nothing to count yet."""
    counts = dict.fromkeys(("n_readers", "n_simulated", "n_cases", "n_answers", "n_unanswered"), 0)
    classes = list(settings.classes)
    return {
        **counts,
        "n_aided": 0,
        "crossed": False,
        "classes": classes,
        "cases_per_class": dict.fromkeys(classes, 0),
        "models": [],
        "rule": settings.rule,
        "missing": settings.missing,
        "margin": settings.margin,
        "cluster": None,
        "n_clusters": None,
        "replicates": 0,
    }


def _explain(analysis: Analysis, settings: Settings) -> Analysis:
    meta = analysis.meta | {
        "study": settings.study,
        "seal": settings.seal,
        "synthetic": settings.synthetic,
        "reader_kinds": list(settings.reader_kinds),
        "answers_left_out": settings.answers_left_out,
        "excluded": settings.excluded,
        "notes": [*analysis.meta.get("notes", []), *_notes(settings)],
    }
    if settings.has_readings:
        return replace(analysis, meta=meta)
    meta |= {"n_readers": 0, "n_unanswered": 0}
    models = tuple(r for r in analysis.records if r.subject.kinds == ("model",))
    return replace(analysis, meta=meta, records=models)


def _notes(settings: Settings) -> list[str]:
    left_out = settings.answers_left_out.items()
    notes = [f"{n} answers of {kind} readers are left out." for kind, n in left_out]
    notes += [
        f"{code} is excluded by the protocol: {why}." for code, why in settings.excluded.items()
    ]
    if not settings.has_readings:
        notes.append("Nobody has read a case yet; models are shown on all cases of the study.")
    elif ReaderKind.SIMULATED in settings.reader_kinds:
        notes.append("Simulated readers: drawn by a program, no evidence about people.")
    return [*notes, *settings.notes]
