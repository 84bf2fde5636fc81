"""Labelled pictures one at a time: drawn phantoms with their masks, or the cases of a manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.arrays import Bools, Rgb
from data.decoding import decode_apart
from data.images import ImageError
from data.phantom import draw_phantom
from data.taxonomy import Taxonomy


@dataclass(frozen=True)
class Picture:
    """`image` (h, w, 3) uint8; `mask` (h, w) bool, True on the diagnostic structures of a phantom.

    `mask` is None where nobody knows the structures, as on every photograph.
    """

    case_id: str
    label: str
    image: Rgb
    mask: Bools | None = None


def draw_pictures(
    taxonomy: Taxonomy, *, n: int, first_seed: int, sizes: Sequence[int], nuisance: float
) -> Iterator[Picture]:
    """`n` phantoms whose classes take turns, as `PhantomDataset` would draw them.

    `sizes` are the sides in px of which one is taken per phantom, `nuisance` the strength of the
    artefacts (0 to 2). Raises UserError for a taxonomy with a class that cannot be drawn.
    """
    for number in range(n):
        seed, label = first_seed + number, taxonomy.codes[number % len(taxonomy)]
        size = int(np.random.default_rng(seed).choice(np.asarray(sizes)))
        drawn = draw_phantom(label, seed=seed, size=size, nuisance=nuisance)
        yield Picture(f"phantom-{seed}", label, drawn.image, drawn.mask)


def read_pictures(cases: pd.DataFrame) -> Iterator[Picture]:
    """The cases of a manifest (columns case_id, label, path), in its order.

    Raises ImageError that names the file when one cannot be read.
    """
    for case in cases.itertuples():
        try:
            image = decode_apart(Path(str(case.path)))
        except ImageError as error:
            raise ImageError(f"{case.path}: {error}") from error
        yield Picture(str(case.case_id), str(case.label), image)


def take_turns(cases: pd.DataFrame, *, n: int, seed: int) -> pd.DataFrame:
    """`n` cases, or all if there are fewer, in an order in which the classes take turns.

    Within a class the order is drawn; a class that is used up is passed over.
    """
    shuffled = cases.sample(frac=1, random_state=seed)
    turn = shuffled.groupby("label").cumcount()
    return shuffled.assign(_turn=turn).sort_values(["_turn", "label"]).drop(columns="_turn").head(n)
