"""The flat result: one record per number, the same for page, file and report."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from readerstudy.stats.subjects_and_methods import MOVER, Method, Subject

FIELDS = (
    "quantity",
    "class",
    "subject",
    "method",
    "estimate",
    "se",
    "df",
    "statistic",
    "p",
    "ci_low",
    "ci_high",
    "n_cases",
    "n_readers",
    "note",
)
ALL = "all"
NAN = math.nan
RELY = f"few cases, or the model right or wrong on fewer than 5: rely on {MOVER}"


@dataclass(frozen=True, slots=True)
class Record:
    """One number with its method and uncertainty; nan where something does not apply.

    `rely_on`: the method whose interval is to be reported in the place of this one.
    """

    quantity: str
    class_: str
    subject: Subject
    method: Method
    estimate: float
    se: float = NAN
    df: float = NAN
    statistic: float = NAN
    p: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    n_cases: int | None = None
    n_readers: int | None = None
    notes: tuple[str, ...] = ()
    rely_on: Method | None = None

    @property
    def note(self) -> str:
        """The notes as one text."""
        return "; ".join(self.notes)

    def values(self) -> tuple[Any, ...]:
        """What files hold, in the order of FIELDS."""
        return (
            self.quantity,
            self.class_,
            str(self.subject),
            str(self.method),
            self.estimate,
            self.se,
            self.df,
            self.statistic,
            self.p,
            self.ci_low,
            self.ci_high,
            self.n_cases,
            self.n_readers,
            self.note,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: nan and infinity become None."""
        return {k: _plain(v) for k, v in zip(FIELDS, self.values(), strict=True)}


@dataclass(frozen=True)
class Analysis:
    """Everything one call of `analyse` found."""

    meta: dict[str, Any]
    records: tuple[Record, ...]
    _index: dict[tuple[str, str, str, str], Record] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for r in self.records:
            self._index.setdefault((r.quantity, r.class_, str(r.subject), str(r.method)), r)

    def get(
        self, quantity: str, class_: str, subject: Subject | str, method: Method | str
    ) -> Record | None:
        """The one record of that name, or None; subject and method also as files hold them."""
        return self._index.get((quantity, class_, str(subject), str(method)))

    def best(
        self, quantity: str, class_: str, subject: Subject | str, methods: Sequence[Method | str]
    ) -> Record | None:
        """The record of the first of the methods that gave an interval, else of the first run."""
        run = [self.get(quantity, class_, subject, method) for method in methods]
        present = [record for record in run if record is not None]
        return next(
            (r for r in present if math.isfinite(r.ci_low)), present[0] if present else None
        )

    def advised(self, record: Record) -> Record | None:
        """The record to report in the place of one that is not to be relied on."""
        if record.rely_on is None:
            return None
        return self.get(record.quantity, record.class_, record.subject, record.rely_on)

    def find(
        self,
        *,
        quantity: str | None = None,
        class_: str | None = None,
        subject: Subject | str | None = None,
        method: Method | str | None = None,
    ) -> tuple[Record, ...]:
        """Records that match every given word, in order."""
        wanted = {"quantity": quantity, "class_": class_, "subject": subject, "method": method}
        given = [(k, str(v)) for k, v in wanted.items() if v is not None]
        return tuple(r for r in self.records if all(str(getattr(r, k)) == v for k, v in given))

    def to_frame(self) -> pd.DataFrame:
        """One row per record, columns FIELDS."""
        return pd.DataFrame([r.values() for r in self.records], columns=list(FIELDS))

    def to_json(self) -> str:
        """The text of results.json."""
        body = {"meta": self.meta, "records": [r.to_dict() for r in self.records]}
        return json.dumps(body, ensure_ascii=False, allow_nan=False)


def notes_of(records: Iterable[Record]) -> Counter[str]:
    """How often each distinct note occurs; a record's several notes stand apart."""
    return Counter(note for record in records for note in record.notes)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
