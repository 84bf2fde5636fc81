"""Torch data sets whose every sample is a function of a key, so that training can be resumed."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from torch import Tensor
from torch.utils.data import Dataset

from data.arrays import Rgb
from data.images import ImageError, decode
from data.phantom import draw_phantom
from data.taxonomy import Taxonomy

Transform = Callable[[Rgb, np.random.Generator], Tensor]
Sample = tuple[Tensor, int]


class Draw(NamedTuple):
    """The key of one sample: which row (or class, for phantoms), and the seed of its randomness."""

    row: int
    seed: int


class ManifestDataset(Dataset[Sample]):
    """The images of a manifest (see data.manifest); labels are indices into the taxonomy."""

    def __init__(self, manifest: pd.DataFrame, *, taxonomy: Taxonomy, transform: Transform) -> None:
        self.paths = list(manifest["path"])
        self.labels = [taxonomy.index(label) for label in manifest["label"]]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: Draw | int) -> Sample:
        draw = key if isinstance(key, Draw) else Draw(key, key)
        image = _decode_named(Path(self.paths[draw.row]))
        rng = np.random.default_rng(draw.seed)
        return self.transform(image, rng), self.labels[draw.row]


def _decode_named(path: Path) -> Rgb:
    try:
        return decode(path)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


class PhantomDataset(Dataset[Sample]):
    """Phantoms drawn when asked for; row i of the `length` rows is of class i modulo k.

    The seed of the key is the phantom's own, so that two keys never give the same phantom. `sizes`
    are the sides in px of which one is taken per phantom, so that a network meets the sharpness of
    pictures of several resolutions.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        length: int,
        transform: Transform,
        sizes: tuple[int, ...] = (256,),
        nuisance: float = 1.0,
        first_seed: int = 0,
    ) -> None:
        self.codes = taxonomy.codes
        self.labels = [row % len(taxonomy) for row in range(length)]
        self.transform = transform
        self.sizes = sizes
        self.nuisance = nuisance
        self.first_seed = first_seed

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, key: Draw | int) -> Sample:
        draw = key if isinstance(key, Draw) else Draw(key, self.first_seed + key)
        label = self.labels[draw.row]
        rng = np.random.default_rng(draw.seed)
        size = int(rng.choice(self.sizes))
        phantom = draw_phantom(self.codes[label], seed=draw.seed, size=size, nuisance=self.nuisance)
        return self.transform(phantom.image, rng), label
