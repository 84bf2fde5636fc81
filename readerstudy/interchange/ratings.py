"""What these packages know: ratings of cases, present or absent, by readers under modalities."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from data.arrays import Floats
from readerstudy.files.read_tables import refuse_odd
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.reader_area import reader_ratings

READERS = "unaided"
AIDED = "aided"
_MAX_NAME = 200
COLUMNS = ("reader", "modality", "case", "rating")
Kind = Literal["call", "confidence"]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Readings of one binary task.

    `rows`: columns COLUMNS, text but for `rating` (float64), one row per reader, modality and
    case. `truth`: 1 (present) or 0 (absent) by case.
    """

    rows: pd.DataFrame
    truth: dict[str, int]

    @property
    def modalities(self) -> list[str]:
        """In the order in which they first come."""
        return list(dict.fromkeys(self.rows["modality"]))


def ratings_of(study: Study, *, class_: str, kind: Kind) -> Ratings:
    """One class of a study against all others.

    The modality `unaided` holds the readers, `aided` their second answers if there are any, and
    each model has one of its name: its rating copied for every reader on the reader's own cases, so
    that the packages compare it with the mean reader (as the reference values of this project do).
    `call` rates 1 for the class and 0 for another; `confidence` the readers' confidence if they
    answered the class, else 100 minus it, and the model's probability in per cent. Raises
    StatsError where an answer has no confidence.
    """
    _check_models(study)
    target = study.classes.index(class_)
    answered = study.answered
    parts = [_part(study, READERS, _of_readers(study, target, kind))]
    if study.aided is not None and kind == "call":
        given = study.aided.answered
        parts.append(_part(study, AIDED, np.where(given, study.aided.answers == target, np.nan)))
    for model in study.models:
        score = (model.calls == target) if kind == "call" else 100 * model.scores[:, target]
        parts.append(_part(study, model.name, np.where(answered, score, np.nan)))
    truth = {c: int(t == target) for c, t in zip(study.case_ids, study.truth, strict=True)}
    rows = pd.concat(parts, ignore_index=True)
    used = set(rows["case"])
    return Ratings(rows, {case: t for case, t in truth.items() if case in used})


def _check_models(study: Study) -> None:
    taken = sorted({model.name for model in study.models} & {READERS, AIDED})
    if taken:
        raise StatsError(
            f"Expected other names of models than {READERS} and {AIDED}, which are the readers' "
            f"modalities, but got {', '.join(taken)}; rename the model."
        )


def _of_readers(study: Study, target: int, kind: Kind) -> Floats:
    if kind == "call":
        return np.where(study.answered, study.answers == target, np.nan)
    ratings = reader_ratings(study, target=target)
    missing = (
        int(study.answered.sum())
        if ratings is None
        else int((study.answered & np.isnan(ratings)).sum())
    )
    if ratings is None or missing:
        raise StatsError(
            f"Expected a confidence with every answer for --rating confidence, but {missing} "
            "answers have none; use --rating call."
        )
    return ratings


def _part(study: Study, modality: str, cells: Floats) -> pd.DataFrame:
    reader, case = np.nonzero(~np.isnan(cells))
    return pd.DataFrame(
        {
            "reader": np.array(study.reader_ids, dtype=object)[reader],
            "modality": modality,
            "case": np.array(study.case_ids, dtype=object)[case],
            "rating": cells[reader, case].astype(np.float64),
        }
    )


@dataclass(frozen=True)
class Choice:
    """Which modalities mean what; `models` are {name in the analysis: modality}."""

    unaided: str | None = None
    aided: str | None = None
    models: tuple[tuple[str, str], ...] = ()
    positive_from: float | None = None
    present: str = "present"
    absent: str = "absent"


def tidy_of(ratings: Ratings, choice: Choice) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Tables as `analyse` reads them: readings, and predictions by model.

    A rating of at least `positive_from` answers "present". Ratings of 0 and 1 alone need no such
    threshold; with others the rating itself is kept as confidence, on 0 to 100 over its own range,
    so that areas under the curve are those of the ratings. A modality that is a model must rate a
    case the same for all readers. Raises StatsError.
    """
    if choice.present == choice.absent:
        raise StatsError(
            f"Expected two names for --present and --absent, but both are {choice.present!r}; "
            "change one."
        )
    wanted = {m for m in (choice.unaided, choice.aided, *dict(choice.models).values()) if m}
    unknown = sorted(wanted - set(ratings.modalities))
    if unknown:
        raise StatsError(
            f"Expected modalities of the file ({', '.join(ratings.modalities)}), but got "
            f"{', '.join(map(repr, unknown))}; choose among these."
        )
    arms = {READERS: choice.unaided or _only(ratings, choice), AIDED: choice.aided}
    parts = [
        _answers(ratings, modality, choice).assign(arm=arm)
        for arm, modality in arms.items()
        if modality
    ]
    models = {name: _predictions(ratings, m, choice) for name, m in choice.models}
    return pd.concat(parts, ignore_index=True), models


def _only(ratings: Ratings, choice: Choice) -> str:
    left = [m for m in ratings.modalities if m not in dict(choice.models).values()]
    if len(left) == 1:
        return left[0]
    raise StatsError(
        f"Expected to know which of the modalities {', '.join(ratings.modalities)} is which, but "
        "it was not said; name them with --unaided, and if you have them --aided and --model NAME=…"
    )


def _answers(ratings: Ratings, modality: str, choice: Choice) -> pd.DataFrame:
    rows = ratings.rows[ratings.rows["modality"] == modality]
    rating = rows["rating"].to_numpy(np.float64)
    plain = bool(np.isin(rating, (0.0, 1.0)).all())
    if choice.positive_from is None and not plain:
        raise StatsError(
            f"Expected ratings of 0 and 1, but modality {modality!r} has others, from "
            f"{rating.min():g} to {rating.max():g}; say from which one on the answer is "
            f"{choice.present!r}, for example --positive-from {np.median(rating):g}."
        )
    threshold = 0.5 if choice.positive_from is None else choice.positive_from
    is_present = rating >= threshold
    truth = rows["case"].map(ratings.truth)
    found = pd.DataFrame(
        {
            "reader_id": rows["reader"],
            "case_id": rows["case"],
            "truth": np.where(truth == 1, choice.present, choice.absent),
            "answer": np.where(is_present, choice.present, choice.absent),
        }
    )
    low, high = ratings.rows["rating"].min(), ratings.rows["rating"].max()
    if plain or low == high:
        return found
    share = 100 * (rating - low) / (high - low)
    return found.assign(confidence=np.where(is_present, share, 100 - share))


def _predictions(ratings: Ratings, modality: str, choice: Choice) -> pd.DataFrame:
    rows = ratings.rows[ratings.rows["modality"] == modality]
    spread = rows.groupby("case")["rating"].nunique()
    if (spread > 1).any():
        raise StatsError(
            f"Expected the model {modality!r} to rate case {spread.index[spread > 1][0]!r} once, "
            "but it has different ratings; it is a modality of readers, or the file is damaged."
        )
    score = rows.groupby("case", sort=False)["rating"].first()
    threshold = 0.5 if choice.positive_from is None else choice.positive_from
    p = _as_probability(score.to_numpy(np.float64), threshold)
    return pd.DataFrame(
        {"case_id": score.index, f"p_{choice.absent}": 1 - p, f"p_{choice.present}": p}
    )


def _as_probability(score: Floats, threshold: float) -> Floats:
    """Onto 0 to 1 with the threshold at one half: decisions and order stay, meaning does not."""
    below, above = min(score.min(), threshold), max(score.max(), threshold)
    low = 0.5 * (score - below) / max(threshold - below, 1e-12)
    high = 0.5 + 0.5 * (score - threshold) / max(above - threshold, 1e-12)
    found: Floats = np.where(score < threshold, np.minimum(low, np.nextafter(0.5, 0)), high)
    return found


def check_ids(ratings: Ratings, *, is_bad: Callable[[str], bool], format_: str, what: str) -> None:
    """Refuse names that a format cannot hold."""
    names: Iterable[str] = {*ratings.truth, *ratings.rows["reader"], *ratings.rows["modality"]}
    bad = sorted(name for name in names if is_bad(name))
    if bad:
        raise StatsError(
            f"Expected names without {what} for {format_}, but got "
            f"{', '.join(map(repr, bad[:5]))}; rename them in the tables first."
        )


def checked(rows: pd.DataFrame, truth: dict[str, int], *, source: str) -> Ratings:
    """Ratings that were read: each case with a truth, none twice. `rows` by line of the file."""
    if rows.empty:
        raise StatsError(f"Expected ratings in {source}, but it has none.")
    names = sorted({*truth, *rows["reader"], *rows["modality"]})
    refuse_odd(names, what="names", source=source, most=_MAX_NAME)
    unknown = ~rows["case"].isin(truth.keys())
    if unknown.any():
        line, case = rows.index[unknown][0], rows.loc[unknown, "case"].iloc[0]
        raise StatsError(
            f"Expected a truth for every case of {source}, but case {case!r} (line {line}) has "
            "none; add it."
        )
    twice = rows.duplicated(["reader", "modality", "case"], keep=False)
    if twice.any():
        lines = ", ".join(map(str, rows.index[twice][:6]))
        raise StatsError(
            f"Expected one rating per reader, modality and case in {source}, but lines {lines} "
            "repeat one; keep the one that counts."
        )
    return Ratings(rows.reset_index(drop=True), truth)
