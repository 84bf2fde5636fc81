"""The labelled pictures that a command works on: phantoms, or cases of a manifest or folder."""

import argparse
import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from data.arrays import Bools
from data.labelled_images import Picture, draw_pictures, read_pictures, take_turns
from model.card.card import ModelCard
from model.card.preprocessing import fit_square
from model.errors import ModelError
from model.training.calibrate import cases_of
from model.training.data_module import PHANTOM, cases_hash

# Seeds from here on are drawn by no training, tuning or test part.
FIRST_SEED = 300_000_000
NUISANCE = 1.5
_SIZES = (256,)
_HALF = 127
_ALL_REAL = "real images, whether or not it was trained on them"


@dataclass(frozen=True)
class Chosen:
    """Pictures, fitted to the network's input, and what they are.

    `words` says it to people, `data_hash` tells two sets apart.
    """

    pictures: Sequence[Picture]
    words: str
    synthetic: bool
    data_hash: str
    licence: str = ""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--part`, `--seed` of a command on labelled pictures."""
    parser.add_argument(
        "--data", required=True, help="'phantom', a manifest CSV, or a folder per class"
    )
    parser.add_argument(
        "--part",
        choices=("train", "tuning", "test"),
        default="",
        help="only this part of the checkpoint's own split (default: all cases)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn (default: 1)")


def choose(options: argparse.Namespace, card: ModelCard, *, n: int) -> Chosen:
    """`n` pictures whose classes take turns. Raises UserError when they cannot be had.

    A part is found again from the settings of the checkpoint's training.
    """
    if n < 1:
        raise ModelError(f"Expected the number of images to be at least 1, but got {n}; change it.")
    if options.seed < 0:
        raise ModelError(f"Expected --seed to be 0 or more, but got {options.seed}; change it.")
    if options.data == PHANTOM and options.part:
        raise ModelError(
            "Expected --part with a manifest or folder, but --data is phantom, which draws images "
            "that are in no part; leave --part out."
        )
    if options.data == PHANTOM:
        return _phantoms(card, n=n, seed=options.seed)
    cases = cases_of(card, data=options.data, part=options.part)
    chosen = take_turns(cases, n=n, seed=options.seed)
    licences = sorted({str(text) for text in chosen["licence"] if text})
    return Chosen(
        _fitted(read_pictures(chosen), card),
        f"real images of the {options.part} part" if options.part else _ALL_REAL,
        synthetic=False,
        data_hash=cases_hash(cases),
        licence="; ".join(licences),
    )


def _fitted(pictures: Iterable[Picture], card: ModelCard) -> list[Picture]:
    """Each brought to the network's input at once, so that large ones are never held together."""
    shape = card.preprocessing
    return [
        dataclasses.replace(
            picture,
            image=fit_square(picture.image, shape),
            mask=None if picture.mask is None else _fitted_mask(picture.mask, card),
        )
        for picture in tqdm(pictures, desc="reading", unit="image")
    ]


def _fitted_mask(mask: Bools, card: ModelCard) -> Bools:
    drawn = np.repeat(mask[..., None], 3, axis=2).astype(np.uint8) * np.uint8(255)
    inside: Bools = fit_square(drawn, card.preprocessing)[..., 0] > _HALF
    return inside


def _phantoms(card: ModelCard, *, n: int, seed: int) -> Chosen:
    settings = card.provenance.get("settings", {})
    sizes = tuple(settings.get("phantom_sizes", _SIZES))
    first = FIRST_SEED + seed * 1_000_000
    drawn = draw_pictures(card.taxonomy, n=n, first_seed=first, sizes=sizes, nuisance=NUISANCE)
    facts = (card.taxonomy.codes, first, sizes, NUISANCE)
    return Chosen(
        _fitted(drawn, card),
        "synthetic images",
        synthetic=True,
        data_hash=hashlib.sha256(repr(facts).encode()).hexdigest(),
    )
