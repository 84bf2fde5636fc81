"""Redraw the demo study and the demo page's examples, and predict the study with the checkpoint.

The study ships as files, so that it starts without the network (see docs/decisions/001).
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data.images import encode
from data.manifest import file_sha256, write_manifest
from data.phantom import draw_phantom
from data.taxonomy import DEMO8, PUMCH14
from model.inference.predictor import load_predictor

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "readerstudy" / "demo"
EXAMPLES = ROOT / "model" / "examples"
CHECKPOINT = "pumch14-phantom"
CASES_PER_CLASS = 5
SIZE_PX = 448
# Far from the seeds of training, tuning and held-out phantoms (see docs/phantoms.md).
STUDY_SEED = 900_000_000
EXAMPLE_SEED = 910_000_000
# Class and draw: picked by eye as textbook pictures of their class; never part of a measurement.
EXAMPLE_DRAWS = (("BCC", 6), ("MN", 3), ("SK", 4), ("Hem", 2), ("Pso", 2), ("Rosa", 0))


def main() -> None:
    load_predictor(CHECKPOINT)  # before anything is deleted
    shutil.rmtree(STUDY / "images", ignore_errors=True)
    (STUDY / "images").mkdir(parents=True)
    rows = [
        draw_case(label, STUDY_SEED + 1000 * row + number)
        for row, label in enumerate(DEMO8.codes)
        for number in range(CASES_PER_CLASS)
    ]
    write_manifest(sorted(rows, key=lambda row: row["case_id"]), STUDY / "manifest.csv")
    draw_examples()
    predict()


def draw_case(label: str, seed: int) -> dict[str, str]:
    phantom = draw_phantom(label, seed=seed, size=SIZE_PX, nuisance=1.0)
    # The name comes from the pixels, so that it says nothing about the class.
    case_id = "case-" + hashlib.sha256(phantom.image.tobytes()).hexdigest()[:8]
    path = STUDY / "images" / f"{case_id}.jpg"
    path.write_bytes(encode(phantom.image, format="JPEG"))
    return {
        "case_id": case_id,
        "path": f"images/{path.name}",
        "sha256": file_sha256(path),
        "label": label,
        "skin_tone": f"Fitzpatrick {phantom.skin_type}",
        "source": "SkinReader phantom (synthetic)",
        "licence": "Apache-2.0",
    }


def draw_examples() -> None:
    shutil.rmtree(EXAMPLES, ignore_errors=True)
    EXAMPLES.mkdir(parents=True)
    for number, (label, draw) in enumerate(EXAMPLE_DRAWS):
        seed = EXAMPLE_SEED + 1000 * PUMCH14.index(label) + draw
        phantom = draw_phantom(label, seed=seed, size=SIZE_PX, nuisance=0.6)
        path = EXAMPLES / f"example-{number + 1}.jpg"
        path.write_bytes(encode(phantom.image, format="JPEG"))


def predict() -> None:
    scratch = ROOT / "var" / "demo-study"
    command = [sys.executable, "-m", "model", "evaluate", "--data", str(STUDY / "manifest.csv")]
    command += ["--checkpoint", CHECKPOINT, "--out", str(scratch)]
    subprocess.run(command, check=True, cwd=ROOT)
    for name in ("predictions.csv", "predictions.json"):
        shutil.copyfile(scratch / name, STUDY / name)


if __name__ == "__main__":
    main()
