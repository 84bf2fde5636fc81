"""Several networks under one protocol: same cases, same parts, same settings, several seeds.

The first network is the reference; every other one is compared with it, on the same held-out cases.
The paper compares EfficientNet-b4 with three widely used CNNs and does not name them here; the
three of `BASELINES` are this project's setting.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from data.arrays import Floats, Ints
from data.split_file import write_split
from data.splits import group_ids
from data.taxonomy import Taxonomy, load_taxonomy
from model.card.weights import WEIGHTS_SUFFIX, load_checkpoint
from model.errors import ModelError
from model.inference.scoring import loader_of, score
from model.metrics.temperature import softmax
from model.network.costs import Costs, measure_costs
from model.network.network import takes_drop_path
from model.training.config import TrainConfig
from model.training.data_module import PHANTOM, make_parts, part_fractions, read_cases, split_cases
from model.training.run_folder import open_run, read_state, save_atomically
from model.training.train import train

REFERENCE = "efficientnet_b4"
BASELINES = ("resnet50", "densenet121", "inception_v3")


@dataclass(frozen=True)
class Arm:
    """One network of the comparison, trained once per seed."""

    backbone: str
    auxiliary: bool

    @property
    def name(self) -> str:
        """The backbone's name, with a mark where auxiliary classifiers were trained along."""
        return self.backbone + ("+aux" if self.auxiliary else "")


@dataclass(frozen=True)
class Trained:
    """What the trainings of one arm say on the held-out cases.

    `probabilities` holds one (n, k) array per seed, `seconds` the time of each training.
    """

    arm: Arm
    probabilities: tuple[Floats, ...]
    seconds: tuple[float, ...]
    costs: Costs


@dataclass(frozen=True)
class Comparison:
    """All arms on the same held-out cases.

    `truth` (n,) int64 in [0, k); `groups` (n,) int64, one number per patient or lesion.
    """

    taxonomy: Taxonomy
    seeds: tuple[int, ...]
    truth: Ints
    groups: Ints
    trained: tuple[Trained, ...]
    config: TrainConfig
    data_hash: str


def plan_arms(backbones: Sequence[str], *, auxiliary: bool, ablation: bool) -> tuple[Arm, ...]:
    """The reference first, then without its auxiliary classifiers if `ablation`, then the others.

    Only the reference has auxiliary classifiers: the others are trained as they are known.
    """
    reference, *others = backbones
    arms = [Arm(reference, auxiliary)]
    if ablation:
        arms.append(Arm(reference, not auxiliary))
    arms += [Arm(backbone, auxiliary=False) for backbone in others]
    again = sorted({arm.name for arm in arms if arms.count(arm) > 1})
    if len(arms) < 2 or again:
        raise ModelError(
            "Expected at least two different networks to compare, but got "
            f"{', '.join(arm.name for arm in arms)}; name others with --backbones, or add "
            "--ablation."
        )
    return tuple(arms)


def compare(
    config: TrainConfig, arms: Sequence[Arm], *, seeds: Sequence[int], out: Path
) -> Comparison:
    """Train every arm with every seed into `out` and score all on the held-out part.

    A training that is done is not done again, one that was cut off goes on: the same command
    resumes. Raises ModelError or ManifestError for data and settings that cannot be used.
    """
    out.mkdir(parents=True, exist_ok=True)
    shared = _shared_settings(config, arms, out=out)
    parts = make_parts(shared)
    truth = np.asarray(parts.test.labels, dtype=np.int64)
    trained = tuple(
        _train_arm(arm, shared, seeds=seeds, out=out, data_hash=parts.data_hash) for arm in arms
    )
    return Comparison(
        taxonomy=load_taxonomy(shared.taxonomy),
        seeds=tuple(seeds),
        truth=truth,
        groups=_groups(shared, n=len(truth)),
        trained=trained,
        config=shared,
        data_hash=parts.data_hash,
    )


def _shared_settings(config: TrainConfig, arms: Sequence[Arm], *, out: Path) -> TrainConfig:
    """One split for all seeds, and no stochastic depth where one of the networks has none."""
    deep = all(takes_drop_path(arm.backbone) for arm in arms)
    changes: dict[str, object] = {} if deep else {"drop_path": 0.0}
    if config.data != PHANTOM and not config.split:
        stored = out / "split.csv"
        if not stored.is_file():
            cases = read_cases(config.data, taxonomy=load_taxonomy(config.taxonomy))
            parts = split_cases(config, cases)
            fractions = part_fractions(config)
            write_split(cases["case_id"], parts, stored, seed=config.seed, fractions=fractions)
        changes["split"] = str(stored)
    return dataclasses.replace(config, **changes)  # type: ignore[arg-type]


def _groups(config: TrainConfig, *, n: int) -> Ints:
    """Numbers of the n held-out cases' patients and lesions; phantoms share none."""
    if config.data == PHANTOM:
        return np.arange(n)
    cases = read_cases(config.data, taxonomy=load_taxonomy(config.taxonomy))
    held_out = split_cases(config, cases) == "test"
    numbers, _ = pd.factorize(group_ids(cases)[held_out])
    return np.asarray(numbers, dtype=np.int64)


def _train_arm(
    arm: Arm, config: TrainConfig, *, seeds: Sequence[int], out: Path, data_hash: str
) -> Trained:
    probabilities, seconds = [], []
    for seed in seeds:
        own = dataclasses.replace(
            config,
            name=f"{arm.name.replace('+', '-')}-seed{seed}",
            backbone=arm.backbone,
            auxiliary=arm.auxiliary,
            weights=_weights(config.weights, arm.backbone),
            seed=seed,
            publish="",
        )
        folder = out / "runs" / own.name
        logits, spent = _scored(own, folder, data_hash=data_hash)
        probabilities.append(softmax(logits))
        seconds.append(spent)
    network, _ = load_checkpoint(folder / f"{own.name}{WEIGHTS_SUFFIX}")
    costs = measure_costs(network, size_px=config.size_px)
    return Trained(arm, tuple(probabilities), tuple(seconds), costs)


def _weights(weights: str, backbone: str) -> str:
    """`imagenet` and `none` as they are; in a folder, the file called after the backbone."""
    if not Path(weights).is_dir():
        return weights
    return str(Path(weights) / f"{backbone}.safetensors")


def _scored(config: TrainConfig, folder: Path, *, data_hash: str) -> tuple[Floats, float]:
    """Logits (n, k) on the held-out part, and the seconds of the training."""
    stored = folder / "test.pt"
    # Refuses a folder that was trained with other settings.
    run = open_run(folder, config, write=False)
    if not stored.is_file():
        train(config, out=folder)
        network, _ = load_checkpoint(folder / f"{config.name}{WEIGHTS_SUFFIX}")
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        test = loader_of(make_parts(config).test, workers=config.workers)
        scores = score(network.to(device), test, device=device, views=config.views)
        content = {
            "logits": torch.from_numpy(scores.logits),
            "truth": torch.from_numpy(scores.truth),
            "seconds": float(read_state(run.state)["progress"]["seconds"]),
            "data_hash": data_hash,
        }
        save_atomically(content, stored)
    content = read_state(stored)
    if content["data_hash"] != data_hash:
        raise ModelError(
            f"Expected the data that {folder} was trained on, but cases, labels or images have "
            "changed; give another --out, or bring the data back."
        )
    return content["logits"].numpy(), content["seconds"]
