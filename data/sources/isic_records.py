"""What a fetch from the ISIC archive left in its folder, as rows of a manifest."""

from pathlib import Path
from typing import Any

from data.csv_tables import ManifestError, known
from data.sources.isic_api import Record
from data.sources.isic_download import RECORDS, image_path, read_records
from data.sources.rows import Found, Row, age_band

# From the disease to its coarse group; `diagnosis` is the field of older records.
_LABELS = ("diagnosis_3", "diagnosis_2", "diagnosis_1", "diagnosis")
_ROMAN = ("I", "II", "III", "IV", "V", "VI")
_NO_LABEL = "no diagnosis"


def from_isic_records(folder: Path) -> Found:
    """Every fetched image; its label is the archive's diagnosis_3, else the next coarser one.

    An image without any diagnosis gets the label "no diagnosis", so that it is not lost.
    """
    records = read_records(folder)
    if not records:
        raise ManifestError(
            f"Expected a folder of `python -m data fetch-isic`, but {folder / RECORDS} has no "
            "records; give that folder."
        )
    rows = [_row(record, folder) for record in records]
    absent = [
        f"{r['case_id']}: its image is not there" for r in rows if not Path(r["path"]).is_file()
    ]
    return Found(rows, absent)


def _row(record: Record, folder: Path) -> Row:
    metadata = record.get("metadata")
    clinical, acquisition = (_part(metadata, name) for name in ("clinical", "acquisition"))
    isic_id = str(record["isic_id"])

    def fact(name: str) -> str:
        return known(_text(clinical.get(name)))

    return {
        "place": isic_id,
        "case_id": isic_id,
        "path": str(image_path(folder, isic_id).resolve()),
        "label": next(filter(None, map(fact, _LABELS)), _NO_LABEL),
        "lesion_id": fact("lesion_id"),
        "patient_id": fact("patient_id"),
        "site": fact("anatom_site_general"),
        "age_band": age_band(fact("age_approx")),
        "skin_tone": _skin_tone(fact("fitzpatrick_skin_type")),
        "sex": fact("sex"),
        "modality": known(_text(acquisition.get("image_type"))),
        "basis": fact("diagnosis_confirm_type"),
        "source": "ISIC archive",
        "licence": _licence(record),
    }


def _part(metadata: Any, name: str) -> dict[str, Any]:
    part = metadata.get(name) if isinstance(metadata, dict) else None
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _skin_tone(value: str) -> str:
    return f"Fitzpatrick {_ROMAN.index(value) + 1}" if value in _ROMAN else ""


def _licence(record: Record) -> str:
    """The licence with whom to name, since most of them ask for that."""
    licence, who = (_text(record.get(name)) for name in ("copyright_license", "attribution"))
    return f"{licence}; attribution: {who}" if licence and who else licence
