"""Run a network over a data set or batches and collect what it says."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from data.arrays import Floats, Ints
from data.errors import UserError
from data.torch_datasets import Sample
from model.inference.views import look_at
from model.network.network import SkinNet

Batch = tuple[Tensor, Tensor]
# More than this is loaded again each time instead of being kept.
_KEPT_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Scores:
    """What a network says to the images of a data set, in its order.

    `logits` (n, k) float64, `truth` (n,) int64; `features` (n, d) float64 before the last layer and
    `style` (n, s) float64 of the first stages, both of the images as they are.
    """

    logits: Floats
    truth: Ints
    features: Floats
    style: Floats


def start_worker(_: int) -> None:
    """Loading processes share the cores with the training: one thread each."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)


def loader_of(dataset: torch.utils.data.Dataset[Sample], *, workers: int) -> Iterable[Batch]:
    """All samples in order; small sets are loaded once and kept in memory."""
    loader: DataLoader[Sample] = DataLoader(
        dataset, batch_size=32, num_workers=workers, worker_init_fn=start_worker
    )
    n_images = len(dataset)  # type: ignore[arg-type]
    first = dataset[0][0]
    if n_images * first.numel() * first.element_size() > _KEPT_BYTES:
        return loader
    return list(tqdm(plain_errors(loader), desc="loading", unit="batch", leave=False))


def plain_errors(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches; a sentence from a loading process comes without that process's traceback."""
    try:
        yield from batches
    except UserError as error:
        sentence = str(error).rpartition(f"{type(error).__name__}: ")[2].strip()
        raise type(error)(sentence) from error


@torch.no_grad()
def score(
    network: SkinNet, batches: Iterable[Batch], *, device: torch.device, views: int = 1
) -> Scores:
    """What the main head says in evaluation mode; the network's mode is put back."""
    was_training = network.training
    network.eval()
    seen, truth = [], []
    try:
        for images, labels in plain_errors(batches):
            found = look_at(network, images.to(device), views=views)
            seen.append([part.double().cpu().numpy() for part in found])
            truth.append(labels.numpy())
    finally:
        network.train(was_training)
    classes = np.concatenate(truth).astype(np.int64)
    logits, features, style = (np.concatenate(part) for part in zip(*seen, strict=True))
    return Scores(logits, classes, features, style)
