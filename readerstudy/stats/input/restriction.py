"""From a model's K class probabilities to scores and decisions on the study's k classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.arrays import Floats, Ints
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.study import OUTSIDE, Model, Rule

PREFIX = "p_"
_SHOWN_AT_MOST = 5
_MOST_DECIMALS = 7


def prediction_classes(name: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """Codes of the p_<code> columns, in their order. Raises StatsError without any."""
    codes = tuple(str(c)[len(PREFIX) :] for c in frame.columns if str(c).startswith(PREFIX))
    if len(codes) < 2 or "case_id" not in frame.columns:
        raise StatsError(
            f"Expected {_source(name, frame)} to have the columns case_id and p_<class> for at "
            f"least two classes, but got {', '.join(map(str, frame.columns)) or 'none'}; "
            "rename or add them."
        )
    return codes


def build_model(
    name: str,
    frame: pd.DataFrame,
    *,
    cases: tuple[str, ...],
    classes: tuple[str, ...],
    positive: str | None,
    rule: Rule,
    notes: list[str],
) -> Model:
    """Align one predictions table with the study's cases and restrict it to its classes.

    Two classes with a positive one: positive where its probability is at least 0.5; else the
    largest probability decides, the first column winning a tie. Scores are left as they came when
    the model has exactly the study's classes. Raises StatsError.
    """
    columns = prediction_classes(name, frame)
    lacking = [c for c in classes if c not in columns]
    if lacking:
        raise StatsError(
            f"Expected {_source(name, frame)} to have a column for every class of the study, but "
            f"got none for {', '.join(lacking)}; add {', '.join(PREFIX + c for c in lacking)}, or "
            "correct the classes of the readings."
        )
    raw = _aligned(name, frame, columns, cases, notes)
    restricted = restrict(raw, columns, classes, rule=rule, positive=positive)
    return Model(name, restricted.scores, restricted.calls)


@dataclass(frozen=True, eq=False)
class Restricted:
    """What a model says among k classes: `scores` (n, k), `calls` (n,) into the classes or OUTSIDE.

    `named` (n,): the class decided for, also one outside; `share` (n,): its probability.
    """

    scores: Floats
    calls: Ints
    named: tuple[str, ...]
    share: Floats


def restrict(
    raw: Floats,
    columns: Sequence[str],
    classes: Sequence[str],
    *,
    rule: Rule,
    positive: str | None = None,
) -> Restricted:
    """The rule by which K probabilities become a decision on k classes, as `build_model` says.

    `raw`: (n, K) float64 for the classes `columns`, which hold all of `classes`.

    >>> restricted = restrict(np.array([[0.5, 0.1, 0.4]]), "xyz", "yz", rule="renormalise")
    >>> restricted.named, restricted.share, restricted.calls
    (('z',), array([0.8]), array([1]))
    >>> restrict(np.array([[0.5, 0.1, 0.4]]), "xyz", "yz", rule="strict").named
    ('x',)
    """
    among, values = tuple(columns), raw
    scores = raw[:, [among.index(c) for c in classes]]
    is_same = set(among) == set(classes)
    if not is_same and rule == "renormalise":
        among, values = tuple(classes), renormalise(scores)
        scores = values
    is_pair = positive is not None and (is_same or rule == "renormalise") and len(among) == 2
    first = _first(values, at=among.index(positive) if is_pair and positive else None)
    place = {c: i for i, c in enumerate(classes)}
    to_study = np.array([place.get(c, OUTSIDE) for c in among], dtype=np.intp)
    return Restricted(
        scores=scores,
        calls=np.asarray(to_study[first]),
        named=tuple(among[i] for i in first),
        share=values[np.arange(len(values)), first],
    )


def _first(values: Floats, *, at: int | None) -> Ints:
    """The largest of each row; of two classes the one `at` this place from 0.5 on."""
    if at is None:
        return np.asarray(values.argmax(axis=1))
    return np.where(values[:, at] >= 0.5, at, 1 - at)


def renormalise(probabilities: Floats) -> Floats:
    """Divide rows by their sum: softmax restricted to the kept classes.

    `probabilities`: (n, k) float64 >= 0. A row without any mass becomes uniform.

    >>> renormalise(np.array([[0.2, 0.2], [0.0, 0.0]]))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    total = probabilities.sum(axis=1, keepdims=True)
    uniform = np.full_like(probabilities, 1 / probabilities.shape[1])
    return np.where(total > 0, probabilities / np.where(total > 0, total, 1.0), uniform)


def _source(name: str, frame: pd.DataFrame) -> str:
    return str(frame.attrs.get("source", f"the predictions of {name}"))


def _aligned(
    name: str, frame: pd.DataFrame, columns: Sequence[str], cases: tuple[str, ...], notes: list[str]
) -> Floats:
    """(n_cases, K) probabilities in the order of `cases`."""
    ids = frame["case_id"].astype(str).str.strip().tolist()
    values = _numbers(name, frame, columns)
    _check_rows(name, frame, values)
    at: dict[str, int] = {}
    for i, case in enumerate(ids):
        if case in at and not np.array_equal(values[i], values[at[case]]):
            raise StatsError(
                f"Expected {_source(name, frame)} to have one row per case, but got different "
                f"rows for {case} (line {frame.index[i]}); keep the one that counts."
            )
        at.setdefault(case, i)
    _check_complete(name, frame, at, cases)
    if len(ids) > len(at):
        notes.append(f"{len(ids) - len(at)} identical repeated rows of {name} were counted once.")
    extra = len(at) - len(cases)
    if extra:
        notes.append(f"{extra} cases of {name} were read by nobody: left out.")
    return np.asarray(values[[at[case] for case in cases]])


def _check_complete(
    name: str, frame: pd.DataFrame, at: dict[str, int], cases: tuple[str, ...]
) -> None:
    lacking = [case for case in cases if case not in at]
    if not lacking:
        return
    alike = {_bare(case): case for case in at}
    near = next(((case, alike[_bare(case)]) for case in lacking if _bare(case) in alike), None)
    mend = (
        f"write them alike in both files, which have {near[0]!r} and {near[1]!r}"
        if near
        else "add them, or take these cases out of the readings"
    )
    raise StatsError(
        f"Expected {_source(name, frame)} to have a row for every case that was read, but got "
        f"none for {', '.join(lacking[:_SHOWN_AT_MOST])} ({len(lacking)} in all); {mend}."
    )


def _bare(case: str) -> str:
    """What people and spreadsheets change without noticing is taken away: case and zeros."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", case.casefold())


def _numbers(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> Floats:
    block = frame[[PREFIX + c for c in columns]]
    values: Floats = block.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values) | (values < 0) | (values > 1 + 1e-9)
    if bad.any():
        row, column = map(int, np.argwhere(bad)[0])
        raise StatsError(
            f"Expected {_source(name, frame)} to have probabilities from 0 to 1, but got "
            f"{str(block.iloc[row, column])!r} for {columns[column]} in line {frame.index[row]} "
            f"({int(bad.sum())} such values); {_mend(values)}."
        )
    return values


def _mend(values: Floats) -> str:
    """What turns the numbers into probabilities, as far as they tell."""
    if not np.isfinite(values).all():
        return "fill them in, or remove the rows"
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 100, atol=2):
        return "these are per cent: divide them by 100"
    return "write the model's probabilities, after its softmax"


def _check_rows(name: str, frame: pd.DataFrame, values: Floats) -> None:
    """Sums may miss 1 only by what rounding to the printed digits explains."""
    off = np.abs(values.sum(axis=1) - 1)
    bad = off > rounding_tolerance(values)
    if bad.any():
        row = int(np.argmax(bad))
        raise StatsError(
            f"Expected the probabilities in {_source(name, frame)} to sum to 1 in every row, but "
            f"got {values[row].sum():.6g} in line {frame.index[row]} ({int(bad.sum())} such rows); "
            "write all classes of the model, after its softmax."
        )


def rounding_tolerance(values: Floats) -> float:
    """How far a row of K probabilities rounded like `values` may be from summing to 1.

    Half a unit of the last decimal per class, and one unit for a tie broken by hand.

    >>> round(rounding_tolerance(np.array([[0.25, 0.75]])), 3)
    0.02
    """
    for decimals in range(1, _MOST_DECIMALS):
        scaled = values * 10.0**decimals
        if np.all(np.abs(scaled - np.round(scaled)) < 1e-6):
            return float(10.0**-decimals * (values.shape[1] / 2 + 1) + 1e-9)
    return 1e-5
