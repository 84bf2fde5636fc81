"""Which samples a training step sees: a function of seed, epoch and step alone."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from data.arrays import Floats, Ints
from data.torch_datasets import Draw

# Phantoms with seeds below this are for tuning, testing and showing; training never draws them.
FIRST_TRAINING_SEED = 10**9
_SEEDS_PER_RUN = 10**11


def class_shares(labels: Sequence[int], *, n_classes: int, balance: float) -> Floats:
    """(n_classes,) shares of the classes among the images drawn for training; they sum to 1.

    `balance` 0 keeps their frequencies, 1 makes those present equal, and between the shares go with
    the frequency to the power 1 - `balance` (0.5: square roots). A class without cases has 0.

    >>> class_shares([0] * 9 + [2], n_classes=3, balance=0.5).tolist()
    [0.75, 0.0, 0.25]
    """
    counts = np.bincount(np.asarray(labels, dtype=np.int64), minlength=n_classes)
    weights = np.where(counts > 0, counts.astype(np.float64) ** (1 - balance), 0.0)
    shares: Floats = weights / weights.sum()
    return shares


def epoch_order(
    labels: Sequence[int], *, length: int, balance: float, seed: int, epoch: int
) -> Ints:
    """Rows of one epoch, (length,) int64 into `labels`.

    `balance` 1: the classes present take turns in random order. 0: a permutation, repeated when
    `length` is longer. Between: every class gets its `class_shares`, in random order. Within a
    class no row comes twice before all have come once.
    """
    rng = np.random.default_rng([seed, epoch])
    if not balance:
        return _cycled(np.arange(len(labels)), length, rng)
    values = np.asarray(labels)
    classes = np.unique(values)
    if balance < 1:
        return _shared(values, length, balance, rng)
    rounds = -(-length // len(classes))
    columns = [_cycled(np.flatnonzero(values == c), rounds, rng) for c in classes]
    return np.concatenate([rng.permutation(row) for row in np.stack(columns, axis=1)])[:length]


def _shared(labels: Ints, length: int, balance: float, rng: np.random.Generator) -> Ints:
    shares = class_shares(labels.tolist(), n_classes=int(labels.max()) + 1, balance=balance)
    exact = shares * length
    counts = np.floor(exact).astype(np.int64)
    # What rounding down left over goes by chance, so that no class is short in every epoch.
    short = length - int(counts.sum())
    if short:
        left = exact - counts
        counts[rng.choice(len(left), size=short, replace=False, p=left / left.sum())] += 1
    rows = [
        _cycled(np.flatnonzero(labels == c), int(n), rng) for c, n in enumerate(counts) if n > 0
    ]
    return rng.permutation(np.concatenate(rows))


def _cycled(rows: Ints, length: int, rng: np.random.Generator) -> Ints:
    passes = -(-length // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(passes)])[:length]


class BatchSampler(Sampler[list[Draw]]):
    """Batches of one epoch from `first_step` on; under DDP each rank gets its share of each step.

    The last, incomplete batch is dropped: batch normalisation needs full ones.
    """

    def __init__(
        self,
        order: Ints,
        *,
        batch_size: int,
        seed: int,
        epoch: int,
        first_step: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.order = order
        self.batch_size = batch_size
        self.first_seed = FIRST_TRAINING_SEED + seed * _SEEDS_PER_RUN + epoch * len(order)
        self.first_step = first_step
        self.rank = rank
        self.world_size = world_size

    def __len__(self) -> int:
        steps = len(self.order) // (self.batch_size * self.world_size)
        return max(0, steps - self.first_step)

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in range(self.first_step, self.first_step + len(self)):
            start = (step * self.world_size + self.rank) * self.batch_size
            places = range(start, start + self.batch_size)
            yield [Draw(int(self.order[p]), self.first_seed + p) for p in places]
