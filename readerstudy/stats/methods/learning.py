"""Whether readers learn or tire: their accuracy and time by place in their own order."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import t as student

from data.arrays import Floats
from readerstudy.stats.input.arms import split_arms
from readerstudy.stats.input.study import Missing
from readerstudy.stats.records import ALL, NAN, Record
from readerstudy.stats.subjects_and_methods import MEAN_READER, Method, Subject

METHOD = Method("t-readers")
BY_TRIAL = "accuracy_by_trial"
SECONDS = "seconds_by_trial"
PER_TEN = "accuracy_per_10_trials"
_POINTS = 10
_FEWEST_TRIALS = 3


def records(
    readings: pd.DataFrame, *, missing: Missing = "omit", level: float = 0.95
) -> Iterator[Record]:
    """Nothing without a column `position`.

    Trials are a reader's test cases without advice, counted from 1 in the order read. Each point is
    the mean of the readers' own values over some trials, the slope the mean of the readers' own
    least squares slopes, with t intervals over readers: orders are drawn, so that cases do not
    differ between early and late. `missing` "wrong": a case that was not answered counts as wrong.
    """
    trials = _trials(readings, missing)
    if trials.empty:
        return
    width = int(np.ceil(trials["trial"].max() / _POINTS))
    block = (trials["trial"] - 1) // width
    for k, rows in trials.groupby(block, sort=True):
        subject = Subject("trials", f"{int(k) * width + 1} to {int(rows['trial'].max())}")
        n_cases = rows["case_id"].nunique()
        right = rows.groupby("reader_id")["right"].mean()
        yield _mean(BY_TRIAL, subject, right.to_numpy(float), n_cases, level, bounds=(0, 1))
        seconds = rows.groupby("reader_id")["seconds"].median().dropna()
        if len(seconds):
            yield _mean(
                SECONDS, subject, seconds.to_numpy(float), n_cases, level, bounds=(0, np.inf)
            )
    slopes = _slopes(trials)
    yield _mean(PER_TEN, MEAN_READER, 10 * slopes, trials["case_id"].nunique(), level)


def _trials(readings: pd.DataFrame, missing: Missing) -> pd.DataFrame:
    """Columns reader_id, case_id, trial, right (0 or 1) and seconds (nan where unknown)."""
    if "position" not in readings:
        return pd.DataFrame()
    rows = split_arms(readings, []).main
    answer, truth = (rows[name].fillna("").astype(str).str.strip() for name in ("answer", "truth"))
    active = rows["active_ms"] if "active_ms" in rows else pd.Series(NAN, index=rows.index)
    trials = pd.DataFrame(
        {
            "reader_id": rows["reader_id"].astype(str),
            "case_id": rows["case_id"].astype(str),
            "position": pd.to_numeric(rows["position"], errors="coerce"),
            "right": (answer == truth).astype(float),
            "seconds": pd.to_numeric(active, errors="coerce") / 1000,
            "is_answered": answer != "",
        }
    ).dropna(subset=["position"])
    place = trials.groupby("reader_id")["position"].rank(method="first")
    trials["trial"] = place.astype(int)
    return trials[trials["is_answered"]] if missing == "omit" else trials


def _slopes(trials: pd.DataFrame) -> Floats:
    """Change of the share of right answers per trial, of each reader with enough trials."""
    readers = trials["reader_id"]
    pairs = trials[["trial", "right"]]
    away = pairs - pairs.groupby(readers).transform("mean")
    products = away.mul(away["trial"], axis=0).groupby(readers).sum()
    products = products[readers.groupby(readers).size() >= _FEWEST_TRIALS]
    return (products["right"] / products["trial"]).to_numpy(np.float64)


def _mean(
    quantity: str,
    subject: Subject,
    values: Floats,
    n_cases: int,
    level: float,
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Record:
    n = len(values)
    if n < 2:
        alone = float(values[0]) if n else NAN
        notes = ("no interval with fewer than two readers",)
        return Record(
            quantity, ALL, subject, METHOD, alone, n_cases=n_cases, n_readers=n, notes=notes
        )
    mean, se = float(values.mean()), float(values.std(ddof=1) / np.sqrt(n))
    half = float(student.ppf((1 + level) / 2, n - 1)) * se
    low, high = np.clip([mean - half, mean + half], *bounds).tolist()
    is_slope = quantity == PER_TEN and se > 0
    statistic = mean / se if is_slope else NAN
    p = float(2 * student.sf(abs(statistic), n - 1)) if is_slope else NAN
    return Record(
        quantity, ALL, subject, METHOD, mean, se, df=n - 1, statistic=statistic, p=p,
        ci_low=low, ci_high=high, n_cases=n_cases, n_readers=n,
    )  # fmt: skip
