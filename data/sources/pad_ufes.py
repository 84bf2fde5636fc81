"""PAD-UFES-20: smartphone pictures of six skin lesions."""

from pathlib import Path

from data.csv_tables import known
from data.sources.rows import Found, Images, Row, age_band, read_table

# Spelt as in the data set.
_COLUMNS = ("img_id", "patient_id", "lesion_id", "diagnostic", "age", "region", "fitspatrick")
_BASIS = {"true": "biopsy", "false": "clinical consensus"}


def from_pad_ufes(metadata: Path, folders: list[Path]) -> Found:
    """metadata.csv and the image folders; labels are its own (ACK, BCC, MEL, NEV, SCC, SEK).

    A lesion's number is unique only within its patient, so that both together are the lesion_id.
    """
    images = Images(folders)
    rows: list[Row] = []
    problems = []
    for line, cells in read_table(metadata, needed=_COLUMNS).iterrows():
        path, problem = images.find(str(cells["img_id"]))
        problems += [f"line {line}: {problem}"] if problem else []
        lesion = known(str(cells["lesion_id"]))
        rows.append(
            {
                "place": f"line {line}",
                "case_id": str(cells["img_id"]),
                "path": path,
                "label": str(cells["diagnostic"]),
                "patient_id": str(cells["patient_id"]),
                "lesion_id": f"{cells['patient_id']}/{lesion}" if lesion else "",
                "site": known(str(cells["region"])).lower(),
                "age_band": age_band(str(cells["age"])),
                "skin_tone": _skin_tone(str(cells["fitspatrick"])),
                "sex": known(str(cells.get("gender", ""))).lower(),
                "basis": _BASIS.get(str(cells.get("biopsed", "")).lower(), ""),
                "source": "PAD-UFES-20",
                "licence": "CC BY 4.0",
            }
        )
    return Found(rows, problems, images.unused(rows))


def _skin_tone(value: str) -> str:
    try:
        kind = float(value)
    except ValueError:
        return ""
    return f"Fitzpatrick {int(kind)}" if kind in (1, 2, 3, 4, 5, 6) else ""
