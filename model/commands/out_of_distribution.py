"""`python -m model scope`: how well a checkpoint tells images that it does not know."""

import argparse
import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Subset

from data.arrays import Floats, Rgb
from data.out_of_distribution import KINDS, draw_foreign
from data.taxonomy import PUMCH14
from data.torch_datasets import PhantomDataset
from data.version import code_version, made_now
from model.card.card import ModelCard, write_card
from model.card.preprocessing import Serving
from model.card.tuning import Tuning, load_tuning
from model.card.weights import BUNDLED, find_weights, load_checkpoint
from model.errors import ModelError
from model.inference.predict_files import collect, read_batches
from model.inference.scoring import Scores, loader_of, score
from model.metrics.classification import auc_metric
from model.metrics.metric import SubgroupMetric, proportion
from model.metrics.out_of_distribution import KNOWN, foreign_scores, limit_at, logit_scores
from model.network.network import SkinNet
from model.training.calibrate import parts_of
from model.training.data_module import PartDataset

PHANTOM_SEED = 500_000_000
_BATCH = 32


def add_scope(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("name", help="name of a checkpoint, or .safetensors")
    parser.add_argument("--folder", type=Path, default=BUNDLED, help="folder of checkpoints")
    parser.add_argument("--data", default="", help="where the data of its training lies now")
    parser.add_argument(
        "--outside",
        nargs="*",
        default=[],
        metavar="NAME=PATH",
        help="further images that it does not know: a folder or file of each name",
    )
    parser.add_argument("--n", type=int, default=200, help="images of each set (default: 200)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--publish", action="store_true", help="write the results into the card")
    parser.set_defaults(run=_scope)


@dataclass(frozen=True)
class Measuring:
    """A checkpoint with what is needed to score images with it."""

    network: SkinNet
    card: ModelCard
    tuning: Tuning

    def of_dataset(self, part: PartDataset, n: int) -> dict[str, Floats]:
        """Scores of at most `n` images of a data set, evenly spaced."""
        some = Subset(part, list(range(0, len(part), -(-len(part) // n))))
        return self._named(self._score(loader_of(some, workers=0)))

    def of_images(self, images: Iterable[Rgb]) -> dict[str, Floats]:
        """Scores of images that have the size of the network's input, or any."""
        transform = Serving(self.card.preprocessing)
        inputs = torch.stack([transform(image) for image in images])
        nothing = torch.zeros(_BATCH)
        return self._named(self._score((some, nothing) for some in torch.split(inputs, _BATCH)))

    def _score(self, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> Scores:
        device = next(self.network.parameters()).device
        return score(self.network, batches, device=device, views=self.card.views)

    def _named(self, found: Scores) -> dict[str, Floats]:
        return foreign_scores(found.logits, found.features, found.style, self.tuning.known)

    @property
    def limits(self) -> dict[str, float]:
        """For each score the limit with the card's rate of false alarms, on the tuning part."""
        if self.card.scope is None:
            return {}
        served = {self.card.scope.score: self.card.scope.limit}
        # Of all others the limit is only known for those of the logits, which lie beside the card.
        rate = self.card.scope.false_alarms
        scores = logit_scores(self.tuning.logits)
        others = {name: limit_at(found, false_alarms=rate) for name, found in scores.items()}
        return {**others, **served}


def _scope(options: argparse.Namespace) -> int:
    weights = find_weights(options.name, folder=options.folder)
    network, card = load_checkpoint(weights)
    measuring = Measuring(network, card, load_tuning(card, weights.parent))
    further = dict(_named_path(text) for text in options.outside)
    known = measuring.of_dataset(parts_of(card, data=options.data).test, options.n)
    rows = [*_alarms(known, measuring.limits)]
    for name, scores in _foreign_sets(measuring, further, n=options.n):
        rows += _judged(name, scores, known, measuring.limits)
        print(f"{name}: {len(scores['energy'])} images")
    options.out.mkdir(parents=True, exist_ok=True)
    _write(rows, card, options.out)
    if options.publish:
        write_card(dataclasses.replace(card, outside=tuple(rows)), weights.with_suffix(".json"))
    print(pd.read_csv(options.out / "scope.csv").to_string(index=False))
    return 0


def _named_path(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise ModelError(
            f"Expected --outside NAME=PATH, like photographs=photos/, but got {text!r}; change it."
        )
    return name, Path(path)


def _foreign_sets(
    measuring: Measuring, further: dict[str, Path], *, n: int
) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Drawn images first; phantoms only for a checkpoint of real images."""
    for kind in KINDS:
        yield kind, measuring.of_images(draw_foreign(kind, seed=seed) for seed in range(n))
    if not measuring.card.synthetic:
        transform = Serving(measuring.card.preprocessing)
        drawn = PhantomDataset(PUMCH14, length=n, transform=transform, first_seed=PHANTOM_SEED)
        yield "phantoms", measuring.of_dataset(drawn, n)
    for name, path in further.items():
        yield name, measuring.of_images(_read(path, measuring.card, n=n))


def _read(path: Path, card: ModelCard, *, n: int) -> Iterator[Rgb]:
    """At most `n` images, evenly spaced; unreadable ones are left out."""
    cases = collect([path])
    errors: list[tuple[str, str]] = []
    for batch in read_batches(cases[:: -(-len(cases) // n)], errors, card.preprocessing):
        yield from (image for _, image in batch)
    for case_id, reason in errors:
        print(f"{case_id} is left out: {reason}")


def _alarms(known: dict[str, Floats], limits: dict[str, float]) -> list[SubgroupMetric]:
    found = {name: scores > limits[name] for name, scores in known.items() if name in limits}
    return [
        SubgroupMetric("scope", KNOWN, proportion("scope", f"called foreign, {name}", "", called))
        for name, called in found.items()
    ]


def _judged(
    name: str, foreign: dict[str, Floats], known: dict[str, Floats], limits: dict[str, float]
) -> list[SubgroupMetric]:
    rows = []
    for kind, scores in foreign.items():
        both = np.concatenate([scores, known[kind]])
        is_foreign = np.arange(len(both)) < len(scores)
        found = [auc_metric(both, is_foreign, family="scope", quantity=f"auc, {kind}")]
        if kind in limits:
            called = scores > limits[kind]
            found.append(proportion("scope", f"called foreign, {kind}", "", called))
        rows += [SubgroupMetric("scope", name, metric) for metric in found]
    return rows


def _write(rows: Sequence[SubgroupMetric], card: ModelCard, out: Path) -> None:
    plain = [row.to_dict() for row in rows]
    content = {
        "checkpoint": card.name,
        "checkpoint_sha256": card.sha256,
        "limit": None if card.scope is None else dataclasses.asdict(card.scope),
        "made_at": made_now(),
        "code_version": code_version(),
        "results": plain,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "scope.json").write_text(text + "\n", "utf-8")
    table = pd.DataFrame(plain).drop(columns=["column", "family", "class_"])
    table.to_csv(out / "scope.csv", index=False)
