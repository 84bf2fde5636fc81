"""The network and the study meet in a file: what `evaluate` writes is what a study imports."""

import pytest

from data.manifest import read_manifest
from data.taxonomy import DEMO8
from model.commands.main import main as model
from readerstudy.commands.main import main as study
from readerstudy.config import SETTINGS
from tests.support.making import write_cases
from tests.support.model_world import tiny_checkpoint


@pytest.fixture(autouse=True)
def var(tmp_path, monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SKINREADER_VAR", str(tmp_path / "var"))


def test_predictions_of_an_evaluation_are_one_more_reader_of_a_study(tmp_path, capsys):
    (tmp_path / "cases").mkdir()
    manifest = write_cases(tmp_path / "cases", n_cases=8)
    card = tiny_checkpoint(tmp_path, taxonomy=DEMO8)
    out = tmp_path / "out"
    given = ["--data", str(manifest), "--checkpoint", "tiny", "--folder", str(tmp_path)]
    assert model(["evaluate", *given, "--out", str(out), "--worst", "3"]) == 0
    csv = str(out / "predictions.csv")
    for command in (
        ["migrate"],
        ["create-study", "--slug", "mine", "--title", "Mine", "--taxonomy", "DEMO8"],
        ["import-cases", "--study", "mine", "--manifest", str(manifest)],
        ["import-predictions", "--study", "mine", "--name", "tiny", "--csv", csv],
        ["open", "--study", "mine"],
    ):
        assert study(command) == 0, capsys.readouterr().err
    assert len(read_manifest(manifest)) == 8
    assert card.sha256 in (out / "predictions.json").read_text("utf-8")
