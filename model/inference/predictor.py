"""A checkpoint at work: images in, probabilities and maps out; shared by all visitors."""

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data.arrays import Bools, Floats, Floats32, Rgb
from model.card.card import ModelCard
from model.card.preprocessing import Serving, unfit
from model.card.tuning import load_tuning
from model.card.weights import BUNDLED, find_weights, list_checkpoints, load_checkpoint
from model.errors import CheckpointError, ModelError
from model.inference.views import Seen, look_at
from model.memory import give_back
from model.metrics.out_of_distribution import OF_ONE_VIEW, SCORES, Known, foreign_scores
from model.metrics.temperature import softmax
from model.network.network import SkinNet
from model.saliency import methods

_BATCH = 16
# A map needs half a gigabyte while it is made, whichever checkpoint makes it.
_ONE_MAP = threading.Lock()
DEFAULT = "pumch14-phantom"


@dataclass(frozen=True)
class Prediction:
    """`probabilities` is (n, k) float64 in [0, 1], rows sum to 1, columns ordered as `codes`.

    `features` is (n, d) float32, as in `Predictor.features`. `foreignness` (n,) as in
    `Predictor.foreignness`; None where that was not measured.
    """

    codes: tuple[str, ...]
    probabilities: Floats
    features: Floats32
    foreignness: Floats | None = None

    @property
    def foreign(self) -> Bools | None:
        """(n,) which images lie outside what the checkpoint knows."""
        return None if self.foreignness is None else np.asarray(self.foreignness > 1)


class Predictor:
    """Thread-safe: predicting changes nothing, and maps are made one at a time on a copy."""

    def __init__(self, network: SkinNet, card: ModelCard, *, known: Known | None = None) -> None:
        self.card = card
        self._known = known
        self._network = network.eval().requires_grad_(requires_grad=False)
        # Grad-CAM hooks a layer; on a copy, a prediction at the same moment never meets the hook.
        self._explained = copy.deepcopy(self._network)
        self._transform = Serving(card.preprocessing)

    def predict(self, images: Sequence[Rgb]) -> Prediction:
        """Probabilities of all classes, after the card's temperature.

        `images` are (h, w, 3) uint8 of any sizes; none at all gives a (0, k) array.
        """
        codes = self.card.taxonomy.codes
        if not images:
            return Prediction(codes, np.empty((0, len(codes))), self.features(images))
        logits, features, style = self._outputs(images, views=self.card.views)
        return Prediction(
            codes,
            softmax(logits, temperature=self.card.temperature),
            features.astype(np.float32),
            self._foreignness(logits, features, style),
        )

    def foreignness(self, images: Sequence[Rgb]) -> Floats | None:
        """How foreign each of at least one image is, (n,): above 1 is foreign.

        The card's score, where its limit is 1 and 0 lies as far below that as 2 above. Distance and
        style are of the picture as it is, so that no mirrored copy is looked at. None where nothing
        was measured.
        """
        limit = self.card.scope
        if limit is None:
            return None
        views = 1 if limit.score in OF_ONE_VIEW else self.card.views
        return self._foreignness(*self._outputs(images, views=views))

    def explain(
        self,
        image: Rgb,
        *,
        target: str,
        method: str = "gradient",
        shape: tuple[int, ...] | None = None,
    ) -> Floats32:
        """Saliency of the class `target`: (h, w) float32 in [0, 1] at the image's own size.

        `shape` (h, w, ...) is another size of the picture from which `image` was fitted. 0 where
        the network did not look, that is outside its central square. Raises ModelError for an
        unknown method and TaxonomyError for an unknown class.
        """
        _check(image)
        index = self.card.taxonomy.index(target)
        inputs = self._transform(image)
        with _ONE_MAP:
            found = methods.explain(self._explained, inputs, target=index, method=method)
            give_back()
        return unfit(found, shape=shape or image.shape, preprocessing=self.card.preprocessing)

    def features(self, images: Sequence[Rgb]) -> Floats32:
        """What the classifier sees of each picture as it is: (n, d) float32, pooled, one view."""
        if not images:
            return np.empty((0, self._network.head.in_features), np.float32)
        return self._outputs(images, views=1)[1].astype(np.float32)

    def foreign_scores(self, images: Sequence[Rgb]) -> dict[str, Floats]:
        """How foreign each of at least one image is by every score, (n,) each.

        Raises CheckpointError for a checkpoint of which that was not measured.
        """
        if self._known is None:
            raise CheckpointError(
                f"Expected {self.card.name} to know what its images look like, but that was not "
                f"measured; make it with `python -m model calibrate {self.card.name} --data …`."
            )
        return foreign_scores(*self._outputs(images, views=self.card.views), self._known)

    def _foreignness(self, logits: Floats, features: Floats, style: Floats) -> Floats | None:
        limit = self.card.scope
        if limit is None or self._known is None:
            return None
        scores = foreign_scores(logits, features, style, self._known)[limit.score]
        return 1 + (scores - limit.limit) / (abs(limit.limit) or 1)

    def _outputs(self, images: Sequence[Rgb], *, views: int) -> tuple[Floats, Floats, Floats]:
        """(n, k) logits, (n, d) features and (n, s) style of n > 0 images, float64."""
        for image in images:
            _check(image)
        starts = range(0, len(images), _BATCH)
        batches = [self._look(images[i : i + _BATCH], views=views) for i in starts]
        give_back()
        logits, features, style = (torch.cat(part).double() for part in zip(*batches, strict=True))
        return logits.numpy(), features.numpy(), style.numpy()

    def _look(self, images: Sequence[Rgb], *, views: int) -> Seen:
        inputs = torch.stack([self._transform(image) for image in images])
        with torch.inference_mode():
            return look_at(self._network, inputs, views=views)


def _check(image: Rgb) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ModelError(
            "Expected an image as (h, w, 3) uint8, but got "
            f"{image.shape} {image.dtype}; read it with data.images.decode."
        )


def load_predictor(name_or_path: str | Path = DEFAULT, *, folder: Path = BUNDLED) -> Predictor:
    """The predictor of a checkpoint's name in `folder`, or of a path. Never downloads."""
    weights = find_weights(name_or_path, folder=folder)
    network, card = load_checkpoint(weights)
    if card.scope and card.scope.score not in SCORES:
        raise CheckpointError(
            f"Expected card {card.name!r} to measure how foreign an image is by one of "
            f"{', '.join(SCORES)}, but it has {card.scope.score!r}; update SkinReader, or take the "
            "card that came with the weights."
        )
    known = load_tuning(card, weights.parent).known if card.scope else None
    return Predictor(network, card, known=known)


def load_predictors(folder: Path = BUNDLED) -> list[Predictor]:
    """The predictors of all checkpoints in `folder`, by name, the default one first if it is there.

    Raises CheckpointError for one that is damaged, and when there is none.
    """
    names = sorted(list_checkpoints(folder), key=lambda name: (name != DEFAULT, name))
    return [load_predictor(name, folder=folder) for name in names or [DEFAULT]]
