"""The way in: a picture or an example becomes a visit, known by its handle alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from data.arrays import Rgb
from data.decoding import Decoder
from data.images import decode, quality_report
from model.card.card import ModelCard
from model.card.preprocessing import fit_square
from model.demo.turns import Turns
from model.demo.visits import Visit, Visits
from model.markup import data_uri

VIEW_PX = 900


class Intake:
    """Nothing of a picture touches the disk, and a stranger's is read in a process apart.

    `cards` are those of all checkpoints: each gets the picture as its own input.
    """

    def __init__(
        self,
        cards: Sequence[ModelCard],
        visits: Visits,
        *,
        examples: Sequence[Path],
    ) -> None:
        self._cards = cards
        self._visits = visits
        self._examples = examples
        self._decoder = Decoder()  # its own: an import of a thousand cases is no visitor's wait
        self._turns = Turns()  # a picture may have 50 megapixels, so that one is open at a time

    def take_picture(self, content: bytes, *, visitor: str) -> str:
        """The handle of the visit. Raises ImageError for what is no usable picture."""
        with self._turns.turn(visitor):
            return self._visits.add(self._visit(self._decoder.decode(content), visitor=visitor))

    def take_example(self, number: int, *, visitor: str) -> str | None:
        """The handle of the visit, or None where there is no such example."""
        if not 0 <= number < len(self._examples):
            return None
        with self._turns.turn(visitor):
            image = decode(self._examples[number])
            return self._visits.add(self._visit(image, visitor=visitor, is_synthetic=True))

    def _visit(self, image: Rgb, *, visitor: str, is_synthetic: bool = False) -> Visit:
        small = reduced(image)
        return Visit(
            visitor=visitor,
            view=small,
            # Ranking and maps see the very same pixels, whatever the page shows.
            fitted={card.name: fit_square(image, card.preprocessing) for card in self._cards},
            photo_uri=data_uri(small),
            warnings=quality_report(image).warnings,
            is_synthetic=is_synthetic,
        )


def reduced(image: Rgb) -> Rgb:
    """An (h, w, 3) uint8 picture as large as the page shows it, in its own aspect ratio."""
    picture = Image.fromarray(image)
    picture.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture)
