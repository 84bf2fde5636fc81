"""Which rows of readings are first answers, which second, and which are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.columns import text_codes

MAIN_ARM = "unaided"
LEFT_OUT_ARMS = ("practice", "attention")
OTHER_ARMS = ("aided", "repeat")
ARMS = ("", MAIN_ARM, *OTHER_ARMS, *LEFT_OUT_ARMS)
KINDS = ("", "human", "simulated", "model")


@dataclass(frozen=True, eq=False)
class Arms:
    """Rows of human readers: the main arm, and the aided and the repeat arm if there are any."""

    main: pd.DataFrame
    aided: pd.DataFrame | None
    repeated: pd.DataFrame | None


def _check_words(frame: pd.DataFrame, column: str, known: Sequence[str]) -> None:
    """A misspelt arm must not be read as the main one, nor a simulated reader as a person."""
    if column not in frame:
        return
    codes, texts = text_codes(frame[column])
    odd = np.array([text not in known for text in texts])[codes]
    if not odd.any():
        return
    got = texts[int(codes[odd.argmax()])]
    near = get_close_matches(got.lower(), known[1:], n=1, cutoff=0.5)
    raise StatsError(
        f"Expected {frame.attrs.get('source', 'the readings')} to have as {column} one of "
        f"{', '.join(known[1:])}, or none, but got {got!r} in line {frame.index[odd][0]} "
        f"({int(odd.sum())} such lines); "
        + (f"write {near[0]!r}." if near else "correct it, or leave it empty.")
    )


def split_arms(frame: pd.DataFrame, notes: list[str]) -> Arms:
    """Rows of human readers by arm; notes say what was left out. Raises StatsError."""
    _check_words(frame, "arm", ARMS)
    _check_words(frame, "reader_kind", KINDS)
    keep = np.ones(len(frame), dtype=bool)
    if "reader_kind" in frame:
        is_model = (frame["reader_kind"].astype(str).str.strip() == "model").to_numpy()
        if is_model.any():
            notes.append(f"{int(is_model.sum())} rows of reader_kind model were left out.")
            keep &= ~is_model
    others: dict[str, pd.DataFrame | None] = dict.fromkeys(OTHER_ARMS)
    if "arm" in frame:
        arm = frame["arm"].astype(str).str.strip().to_numpy()
        left_out = np.isin(arm, LEFT_OUT_ARMS)
        if left_out.any():
            names = ", ".join(sorted(set(arm[left_out])))
            notes.append(f"{int(left_out.sum())} rows of the arms {names} were left out.")
        for name in OTHER_ARMS:
            rows = keep & (arm == name)
            others[name] = frame[rows] if rows.any() else None
        keep &= ~left_out & ~np.isin(arm, OTHER_ARMS)
    if not keep.any():
        raise StatsError(
            f"Expected {frame.attrs.get('source', 'the readings')} to have rows of readers in the "
            f"arm {MAIN_ARM!r}, but got none; check the columns arm and reader_kind."
        )
    return Arms(frame if keep.all() else frame[keep], others["aided"], others["repeat"])
