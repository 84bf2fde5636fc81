"""The three parts of the data of a training: train, tuning (epoch, thresholds), held-out test."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import pandas as pd

from data.decoding import decode_each
from data.manifest import file_sha256, read_manifest, scan_folder
from data.split_file import read_split
from data.splits import check_leaks, split
from data.taxonomy import Taxonomy, load_taxonomy
from data.torch_datasets import ManifestDataset, PhantomDataset, Transform
from model.card.card import Fit, Preprocessing
from model.card.preprocessing import Serving
from model.errors import ModelError
from model.network.network import pixel_statistics
from model.training.augmentation import Augmentation, Training
from model.training.config import TrainConfig

PHANTOM = "phantom"
# Training draws from 10**9 on (model.training.sampling); the demo study and examples lie in
# between.
TUNING_SEED = 100_000_000
TEST_SEED = 200_000_000
KNOWN_SEED = 400_000_000
KNOWN_LIMIT = 3000
_SHOWN = 20

PartDataset = ManifestDataset | PhantomDataset


@dataclass(frozen=True)
class Parts:
    """The data sets, and `data_hash`, which changes when any case or label does.

    `known` are training images (at most KNOWN_LIMIT) as serving sees them, without augmentation;
    for phantoms, others that were drawn in the same way.
    """

    train: PartDataset
    known: PartDataset
    tuning: PartDataset
    test: PartDataset
    data_hash: str


def preprocessing_of(config: TrainConfig) -> Preprocessing:
    """The preprocessing that the configuration asks for; it goes into the card."""
    if config.fit not in get_args(Fit):
        raise ModelError(f"Expected fit to be crop or pad, but got {config.fit!r}; choose one.")
    mean, std = pixel_statistics(config.backbone)
    fit = cast("Fit", config.fit)
    return Preprocessing(size_px=config.size_px, fit=fit, mean=mean, std=std)


def make_parts(config: TrainConfig) -> Parts:
    """Load or draw what `config.data` names. Raises UserError when it cannot be used."""
    taxonomy = load_taxonomy(config.taxonomy)
    preprocessing = preprocessing_of(config)
    training = Training(preprocessing, augmentation_of(config))
    serving = Serving(preprocessing)
    if config.data == PHANTOM:
        return _phantoms(config, taxonomy, training, serving)
    return _cases(config, taxonomy, training, serving)


def augmentation_of(config: TrainConfig) -> Augmentation:
    """The augmentation that the configuration asks for."""
    return Augmentation(
        scale=config.crop_scale,
        rotation=config.rotation,
        flip=config.flip,
        brightness=config.brightness,
        contrast=config.contrast,
        saturation=config.saturation,
    )


def _phantoms(
    config: TrainConfig, taxonomy: Taxonomy, training: Transform, serving: Transform
) -> Parts:
    sizes = config.phantom_sizes

    def held(length: int, first_seed: int, nuisance: float) -> PhantomDataset:
        return PhantomDataset(
            taxonomy,
            length=length,
            transform=serving,
            sizes=sizes,
            nuisance=nuisance,
            first_seed=first_seed,
        )

    train = PhantomDataset(
        taxonomy,
        length=len(taxonomy),
        transform=training,
        sizes=sizes,
        nuisance=config.phantom_nuisance,
    )
    known = held(config.tuning_size, KNOWN_SEED, config.phantom_nuisance)
    tuning = held(config.tuning_size, TUNING_SEED, config.phantom_nuisance)
    test = held(config.test_size, TEST_SEED, config.test_nuisance)
    facts = (taxonomy.codes, sizes, config.tuning_size, config.test_size, config.test_nuisance)
    return Parts(train, known, tuning, test, hashlib.sha256(repr(facts).encode()).hexdigest())


def read_cases(data: str, *, taxonomy: Taxonomy) -> pd.DataFrame:
    """A manifest from its CSV file, or from a folder with one sub-folder per class."""
    path = Path(data)
    cases = (
        scan_folder(path, taxonomy=taxonomy)
        if path.is_dir()
        else read_manifest(path, taxonomy=taxonomy, further=("sex", "modality"))
    )
    # Whether or not the manifest has them: the same file twice must not be in two parts.
    return cases.assign(sha256=[file_sha256(Path(file)) for file in cases["path"]])


def check_images(parts: Parts) -> None:
    """Decode every image once, before hours of training meet a damaged one. Raises ModelError."""
    paths = [
        Path(path)
        for part in (parts.train, parts.tuning, parts.test)
        if isinstance(part, ManifestDataset)
        for path in part.paths
    ]
    faults = [fault for fault in decode_each(paths, lambda _: "", doing="checking") if fault]
    if faults:
        more = f"\nand {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ModelError(
            f"Expected readable images, but {len(faults)} of {len(paths)} are not; mend them or "
            "take them out of the table:\n" + "\n".join(faults[:_SHOWN]) + more
        )


def cases_hash(cases: pd.DataFrame, parts: pd.Series | None = None) -> str:
    """SHA-256 over case ids, labels, hashes of the images (see `read_cases`) and stored parts."""
    digest = hashlib.sha256()
    for part in () if parts is None else parts:
        digest.update(f"{part}\n".encode())
    columns = (cases["case_id"], cases["label"], cases["sha256"])
    for case_id, label, sha256 in zip(*columns, strict=True):
        digest.update(f"{case_id}\t{label}\t{sha256}\n".encode())
    return digest.hexdigest()


def part_fractions(config: TrainConfig) -> dict[str, float]:
    """The three parts by name and the share of the cases that each gets."""
    return {
        "train": 1 - config.tuning_share - config.test_share,
        "tuning": config.tuning_share,
        "test": config.test_share,
    }


def split_cases(config: TrainConfig, cases: pd.DataFrame) -> pd.Series:
    """The part (train, tuning or test) of each case, grouped by patient and lesion."""
    fractions = part_fractions(config)
    if config.split:
        parts = _stored(Path(config.split), cases, tuple(fractions))
    else:
        parts = split(cases, fractions=fractions, seed=config.seed)
    check_leaks(cases, parts)
    empty = [name for name in fractions if not (parts == name).any()]
    if empty:
        raise ModelError(
            f"Expected enough cases for three parts, but {len(cases)} leave {', '.join(empty)} "
            "empty; add cases or change --tuning-share and --test-share."
        )
    return parts


def _stored(path: Path, cases: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    parts = read_split(path, cases)
    foreign = sorted(set(parts) - set(names))
    if foreign:
        raise ModelError(
            f"Expected the parts {', '.join(names)} in {path.name}, but it has "
            f"{', '.join(foreign)}; name the parts so, or leave these cases out of the manifest."
        )
    return parts


def _cases(
    config: TrainConfig, taxonomy: Taxonomy, training: Transform, serving: Transform
) -> Parts:
    cases = read_cases(config.data, taxonomy=taxonomy)
    part = split_cases(config, cases)

    def of(name: str, transform: Transform) -> ManifestDataset:
        return ManifestDataset(cases[part == name], taxonomy=taxonomy, transform=transform)

    trained = cases[part == "train"]
    some = trained.iloc[:: -(-len(trained) // KNOWN_LIMIT)]
    return Parts(
        of("train", training),
        ManifestDataset(some, taxonomy=taxonomy, transform=serving),
        of("tuning", serving),
        of("test", serving),
        # A resumed training must not meet another split under the same file's name.
        cases_hash(cases, part if config.split else None),
    )
