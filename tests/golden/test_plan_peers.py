"""RJafroc's power, from the files of a study through the command `plan`."""

import argparse
import json
from pathlib import Path

import pandas as pd
import pytest

from readerstudy.commands import plan
from readerstudy.commands.plan import add_arguments, run

STUDIES = Path(__file__).parent / "studies"
WITH_POWER = ("binary_rare_perfect", "binary_small", "negative_cov2", "two_readers")
_KEYS = ("readers", "cases")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is not compared, and takes longer than the rest."""
    monkeypatch.setattr(plan, "save", lambda _, kind: f"<{kind}></{kind}>".encode())


def entry(study: str, name: str) -> list[dict]:
    body = json.loads((STUDIES / study / "expected.json").read_text())
    return next(e["values"] for e in body["entries"] if e["id"] == name)


def planned(study: str, out: Path, *, effect: float, method: str, **sizes: list[int]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = [f"--{k}={v}" for k, v in (("effect", effect), ("method", method), ("out", out))]
    for name, values in sizes.items():
        given += [f"--{name}", *(str(v) for v in values)]
    pilot = ["--pilot", str(STUDIES / study), "--positive", "malignant"]
    assert run(parser.parse_args([*pilot, *given, "--covariance", "jackknife"])) == 0


def of_area(table: Path) -> pd.DataFrame:
    rows = pd.read_csv(table)
    return rows[(rows["endpoint"] == "auc") & (rows["model"] == "model_a")]


@pytest.mark.parametrize("design", ["rrrc", "frrc", "rrfc"])
@pytest.mark.parametrize("study", WITH_POWER)
def test_power_is_rjafrocs(study: str, design: str, tmp_path: Path) -> None:
    rows = entry(study, "power.auc")
    for effect in sorted({row["effect"] for row in rows}):
        mine = [row for row in rows if row["effect"] == effect]
        sizes = {k: sorted({row[k] for row in mine}) for k in _KEYS}
        planned(study, tmp_path, effect=effect, method=f"or-{design}", **sizes)
        found = of_area(tmp_path / "plan.csv").set_index(list(_KEYS))["power"]
        for row in mine:
            value = found[(row["readers"], row["cases"])]
            assert value == pytest.approx(row[f"power_{design}"], abs=1e-9), row


@pytest.mark.parametrize("study", WITH_POWER)
def test_cases_needed_are_rjafrocs(study: str, tmp_path: Path) -> None:
    for row in entry(study, "sample_size.auc"):
        sizes = {"readers": [row["readers"]], "cases": [100]}
        planned(study, tmp_path, effect=row["effect"], method="or-rrrc", **sizes)
        found = of_area(tmp_path / "needed.csv")
        found = found[(found["searched"] == "cases") & (found["target"] == row["target"])]
        assert found["power"].item() == pytest.approx(row["power"], abs=1e-9)
        if row["power"] > row["target"]:
            assert found["cases"].item() == row["cases"]
        else:
            assert found["cases"].isna().item()
