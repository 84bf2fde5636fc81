"""Columns of tables that people made: their names, and their texts as codes."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from data.arrays import Ints
from readerstudy.stats.errors import StatsError


def check_columns(frame: pd.DataFrame, required: Sequence[str], *, source: str) -> None:
    """Refuse a table that lacks a column, naming the likeliest misspelling."""
    have = [str(column) for column in frame.columns]
    for name in required:
        if name in have:
            continue
        near = get_close_matches(name, [h for h in have if h not in required], n=1, cutoff=0.5)
        hint = f"rename the column {near[0]!r}" if near else "add it"
        raise StatsError(
            f"Expected {source} to have a column {name!r}, but got {', '.join(have) or 'none'}; "
            f"{hint}."
        )


def text_codes(column: pd.Series) -> tuple[Ints, list[str]]:
    """Codes (-1 never; empty text for missing) and the distinct stripped texts, sorted."""
    codes, levels = pd.factorize(column, use_na_sentinel=True)
    texts = ["" if pd.isna(level) else str(level).strip() for level in levels]
    distinct = sorted({*texts, ""})
    place = {text: i for i, text in enumerate(distinct)}
    lookup = np.array([place[text] for text in texts] + [place[""]], dtype=np.intp)
    return lookup[codes], distinct
