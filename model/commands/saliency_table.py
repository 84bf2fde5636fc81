"""Saliency maps of a manifest's images as pictures, and the table that a reader study imports."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from data.arrays import Rgb
from data.csv_tables import write_csv
from data.decoding import decode_apart
from data.images import ImageError, encode
from model.errors import ModelError
from model.inference.predictor import Predictor
from model.saliency.overlay import overlay

COLUMNS = ("case_id", "kind", "path", "caption")
MAX_SIDE_PX = 1024
_SHOWN = 20


def write_maps(
    predictor: Predictor,
    cases: pd.DataFrame,
    out: Path,
    *,
    classes: Sequence[str] = (),
    method: str = "gradient",
    opacity: float = 0.5,
) -> int:
    """Write a map over each image of a manifest into `out`, and `out`/supports.csv; their number.

    A map explains the class that comes first among `classes` (codes of the card; all of them if
    empty), which the caption names. Pictures are at most MAX_SIDE_PX wide and high; their names say
    nothing of the case. Raises TaxonomyError for an unknown class, ModelError for an unknown method
    or opacity and for unreadable images, with all of these named and no table written.
    """
    among = [
        predictor.card.taxonomy.index(code) for code in classes or predictor.card.taxonomy.codes
    ]
    rows, errors = [], []
    out.mkdir(parents=True, exist_ok=True)
    pairs = list(zip(cases["case_id"], cases["path"], strict=True))
    for number, (case_id, path) in enumerate(tqdm(pairs, desc="explaining", unit="image"), start=1):
        try:
            image = _fitted(decode_apart(Path(path)))
        except (ImageError, OSError) as error:
            errors.append(f"{case_id}: {error}")
            continue
        [given] = predictor.predict([image]).probabilities
        disease = predictor.card.taxonomy.diseases[max(among, key=lambda i: given[i])]
        found = predictor.explain(image, target=disease.code, method=method)
        name = f"{number:05d}.png"
        (out / name).write_bytes(encode(overlay(image, found, opacity=opacity)))
        caption = " ".join(filter(None, (disease.name_en, disease.name_zh)))
        rows.append(dict(zip(COLUMNS, (case_id, "saliency", name, caption), strict=True)))
    _refuse(errors)
    write_csv(rows, COLUMNS, out / "supports.csv", as_they_are=("case_id", "path"))
    return len(rows)


def _fitted(image: Rgb) -> Rgb:
    if max(image.shape) <= MAX_SIDE_PX:
        return image
    picture = Image.fromarray(image)
    picture.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    return np.asarray(picture)


def _refuse(errors: Sequence[str]) -> None:
    if not errors:
        return
    more = f"\nand {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
    raise ModelError(
        f"Expected readable images, but {len(errors)} are not; mend them or take them out of the "
        "manifest:\n" + "\n".join(errors[:_SHOWN]) + more
    )
