"""The shipped demo study is what the shipped checkpoint says of the shipped images."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from data.images import decode
from data.manifest import read_manifest
from data.taxonomy import DEMO8
from model.card.weights import BUNDLED
from model.inference.predictor import load_predictor

DEMO = Path(__file__).resolve().parents[2] / "readerstudy" / "demo"


def test_five_cases_of_each_class_under_names_that_say_nothing():
    cases = read_manifest(DEMO / "manifest.csv", taxonomy=DEMO8)
    assert cases["label"].value_counts().to_dict() == dict.fromkeys(DEMO8.codes, 5)
    # Eight hexadecimal digits of the pixels' hash.
    assert all(re.fullmatch(r"case-[0-9a-f]{8}\.jpg", Path(path).name) for path in cases["path"])
    assert cases["source"].str.contains("synthetic").all()


def test_predictions_are_those_of_the_checkpoint():
    cases = read_manifest(DEMO / "manifest.csv").set_index("case_id")
    shipped = pd.read_csv(DEMO / "predictions.csv").set_index("case_id")
    assert sorted(shipped.index) == sorted(cases.index)
    predictor = load_predictor("pumch14-phantom")
    some = list(shipped.index[::5])
    again = predictor.predict([decode(Path(cases.loc[case, "path"])) for case in some])
    assert list(shipped.columns) == [f"p_{code}" for code in again.codes]
    np.testing.assert_allclose(again.probabilities, shipped.loc[some], atol=2e-3)


def test_sidecar_names_the_checkpoint():
    sidecar = json.loads((DEMO / "predictions.json").read_text("utf-8"))
    card = json.loads((BUNDLED / "pumch14-phantom.json").read_text("utf-8"))
    assert sidecar["checkpoint_sha256"] == card["sha256"]


def test_checkpoint_is_small_and_judged_on_phantoms_it_never_saw():
    weights = BUNDLED / "pumch14-phantom.safetensors"
    assert weights.stat().st_size < 40_000_000
    predictor = load_predictor("pumch14-phantom")
    found = {(m.family, m.quantity): m for m in predictor.card.metrics if not m.class_}
    top1 = found["argmax", "top-1 accuracy"]
    assert 0.75 < top1.estimate < 0.95
    assert top1.n == 1400
    assert top1.ci_low < top1.estimate < top1.ci_high
    assert "synthetic" in predictor.card.domain
