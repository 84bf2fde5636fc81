"""Predict files and folders into the table that a reader study imports."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
from tqdm import tqdm

from data.arrays import Floats, Rgb
from data.decoding import decode_apart
from data.images import ImageError
from data.manifest import FOREIGN_SUFFIXES, IMAGE_SUFFIXES, find_images
from data.version import code_version, made_now
from model.card.card import ModelCard, Preprocessing
from model.card.preprocessing import fit_square
from model.errors import ModelError
from model.inference.predictor import Predictor

_BATCH = 16


@dataclass(frozen=True)
class Case:
    """One image to predict."""

    case_id: str
    path: Path


@dataclass(frozen=True)
class Predicted:
    """Rows that were read, in order, with their (n, k) probabilities; and the unreadable ones."""

    case_ids: tuple[str, ...]
    probabilities: Floats
    errors: tuple[tuple[str, str], ...]


def collect(paths: Sequence[Path]) -> list[Case]:
    """The images of files and folders; the case_id is the path inside its argument.

    A file's case_id is its name. Raises ModelError for a path that is not there, a folder without
    images, and two images with one case_id.
    """
    cases = [case for path in paths for case in _cases(path)]
    seen: dict[str, Path] = {}
    for case in cases:
        if case.case_id in seen:
            raise ModelError(
                f"Expected one image per case_id, but {seen[case.case_id]} and {case.path} would "
                f"both be {case.case_id!r}; give their common folder or predict them apart."
            )
        seen[case.case_id] = case.path
    return cases


def _cases(path: Path) -> Iterator[Case]:
    if path.is_file():
        yield Case(printable(PurePath(path.name)), path)
        return
    if not path.is_dir():
        raise ModelError(f"Expected an image or a folder, but {path} is not there; check the path.")
    found = find_images(path, suffixes=IMAGE_SUFFIXES | FOREIGN_SUFFIXES)
    if not found:
        raise ModelError(f"Expected images in {path}, but found none; check the path.")
    yield from (Case(printable(image.relative_to(path)), image) for image in found)


def printable(path: PurePath) -> str:
    """With slashes; bytes that are not UTF-8 are written in hexadecimal, for tables hold text."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="backslashreplace")


def predict_cases(predictor: Predictor, cases: Sequence[Case]) -> Predicted:
    """Predict batch by batch; an unreadable image becomes an error and the others go on."""
    ids: list[str] = []
    blocks = [np.empty((0, len(predictor.card.taxonomy)))]
    errors: list[tuple[str, str]] = []
    shape = predictor.card.preprocessing
    for readable in read_batches(tqdm(cases, desc="predicting", unit="image"), errors, shape):
        ids += [case_id for case_id, _ in readable]
        blocks.append(predictor.predict([image for _, image in readable]).probabilities)
    return Predicted(tuple(ids), np.concatenate(blocks), tuple(errors))


def read_batches(
    cases: Iterable[Case], errors: list[tuple[str, str]], shape: Preprocessing
) -> Iterator[list[tuple[str, Rgb]]]:
    """Decoded images, a batch at a time; what cannot be decoded is added to `errors`.

    Each is brought to the network's input at once, so that large pictures are never held together.
    """
    batch: list[tuple[str, Rgb]] = []
    for case in cases:
        try:
            batch.append((case.case_id, fit_square(decode_apart(case.path), shape)))
        except (ImageError, OSError) as error:
            errors.append((case.case_id, str(error)))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def check_targets(out: Path, errors: Path | None) -> None:
    """Before any work: a table that would overwrite its own sidecar or the other table."""
    if (
        out.suffix.lower() != ".csv"
        or out.is_dir()
        or (errors and errors.resolve() == out.resolve())
    ):
        raise ModelError(
            f"Expected --out to be a .csv file, and --errors another one, but got {out} and "
            f"{errors or 'none'}; choose other names."
        )


def write_predictions(predicted: Predicted, card: ModelCard, path: Path) -> None:
    """Write `case_id, p_<code>…` and, beside it, the JSON that says which checkpoint it was."""
    columns = [f"p_{code}" for code in card.taxonomy.codes]
    table = pd.DataFrame(predicted.probabilities, columns=columns)
    table.insert(0, "case_id", list(predicted.case_ids))
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, encoding="utf-8")
    text = json.dumps(sidecar(card), indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", "utf-8")


def sidecar(card: ModelCard) -> dict[str, object]:
    """What a study must know about the predictions' origin."""
    return {
        "name": card.name,
        "checkpoint_sha256": card.sha256,
        "taxonomy": card.taxonomy.to_dict(),
        "thresholds": card.thresholds,
        "made_at": made_now(),
        "code_version": code_version(),
        "domain": card.domain,
    }


def write_errors(errors: Sequence[tuple[str, str]], path: Path) -> None:
    """Write `case_id, reason`, one row per unreadable image; only the header when all were read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(errors, columns=["case_id", "reason"]).to_csv(path, index=False, encoding="utf-8")
