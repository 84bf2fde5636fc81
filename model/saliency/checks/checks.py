"""The checks of one image: every method and every baseline, as rows of values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from data.arrays import Bools, Floats32
from model.card.card import ModelCard
from model.network.network import SkinNet
from model.saliency.checks.baselines import BASELINES, baseline
from model.saliency.checks.curves import Kind, area, curve
from model.saliency.checks.randomisation import rank_correlation, ssim
from model.saliency.checks.robustness import largest_change, misfit
from model.saliency.checks.structures import is_hit, share_inside
from model.saliency.methods import METHODS, attribute, normalise

SHARE, AREA, HIT = "share of the map on the structures", "area of the structures", "pointing game"
DELETION, INSERTION = "deletion AUC", "insertion AUC"
CHANGE, UNFORETOLD = "sensitivity-max", "relative infidelity"
RANKS, SSIM = "rank correlation", "SSIM"
_KINDS: dict[str, Kind] = {DELETION: "deletion", INSERTION: "insertion"}


class Value(NamedTuple):
    """What one check found for one map of one image; `group` is "" but for randomised weights."""

    map: str
    quantity: str
    group: str
    value: float


@dataclass(frozen=True)
class Subject:
    """One image under check: the normalised (3, s, s) input and the class that is explained.

    `mask` is (s, s) bool where the structures are known; `seed` is the image's own.
    """

    network: SkinNet
    card: ModelCard
    image: Tensor
    target: int
    seed: int
    methods: Sequence[str] = tuple(METHODS)
    mask: Bools | None = None
    _raw: dict[str, Floats32] = field(default_factory=dict)

    def raw(self, name: str) -> Floats32:
        """The unscaled (s, s) map of a method or baseline; computed once."""
        if name not in self._raw:
            self._raw[name] = (
                baseline(self.image, name, seed=self.seed)
                if name in BASELINES
                else raw_map(self.network, self, name)
            )
        return self._raw[name]

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of the methods under check, then of the baselines."""
        return (*self.methods, *BASELINES)

    @cached_property
    def empty_misfit(self) -> float:
        """Mean squared change of the logit under blanked squares."""
        return self._misfit(torch.zeros_like(self.image), is_share=True)

    def _misfit(self, values: Tensor, *, is_share: bool) -> float:
        return misfit(
            self.network, self.image, values, target=self.target, is_share=is_share, seed=self.seed
        )

    def relative_infidelity(self, name: str) -> float:
        """Misfit over that of an empty map; nan when no square changed the logit."""
        if self.empty_misfit <= 0:
            return float("nan")
        if name in BASELINES:
            values = torch.from_numpy(self.raw(name)).expand(self.image.shape)
            return self._misfit(values, is_share=True) / self.empty_misfit
        values = attribute(self.network, self.image, target=self.target, method=name, signed=True)
        return self._misfit(values, is_share=METHODS[name].is_share) / self.empty_misfit


def raw_map(network: SkinNet, subject: Subject, method: str) -> Floats32:
    """The unscaled map of the subject's image and class, by this network."""
    found = attribute(network, subject.image, target=subject.target, method=method)
    values: Floats32 = found.cpu().numpy()
    return values


def structures(subject: Subject) -> Iterator[Value]:
    """Where the maps lie; nothing for an image without known structures."""
    mask = subject.mask
    if mask is None or not mask.any():
        return
    yield Value("", AREA, "", float(mask.mean()))
    for name in subject.maps:
        # The share is that of the map people see; the peak must not be cut off.
        yield Value(name, SHARE, "", share_inside(normalise(subject.raw(name)), mask))
        yield Value(name, HIT, "", is_hit(subject.raw(name), mask))


def curves(subject: Subject) -> Iterator[Value]:
    """Areas under the deletion and the insertion curve."""
    for name in subject.maps:
        for quantity, kind in _KINDS.items():
            values = curve(
                subject.network,
                subject.image,
                subject.raw(name),
                target=subject.target,
                kind=kind,
                seed=subject.seed,
                temperature=subject.card.temperature,
            )
            yield Value(name, quantity, "", area(values))


def robustness(subject: Subject) -> Iterator[Value]:
    """Captum's two metrics. A baseline has no sensitivity: it does not depend on the network."""
    for name in subject.maps:
        yield Value(name, UNFORETOLD, "", subject.relative_infidelity(name))
    for name in subject.methods:
        change = largest_change(
            subject.network,
            subject.image,
            target=subject.target,
            method=name,
            std=subject.card.preprocessing.std,
            seed=subject.seed,
        )
        yield Value(name, CHANGE, "", change)


def similarity(subject: Subject, random_network: SkinNet, group: str) -> Iterator[Value]:
    """How much of the maps is left when weights are random."""
    for name in subject.methods:
        before, after = subject.raw(name), raw_map(random_network, subject, name)
        yield Value(name, RANKS, group, rank_correlation(before, after))
        yield Value(name, SSIM, group, ssim(normalise(before), normalise(after)))
