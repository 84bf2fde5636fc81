import json

import numpy as np
import pandas as pd
import pytest
import torch

from data.images import encode
from model.commands.main import main
from model.errors import ModelError
from model.evaluation.compare import Arm, plan_arms
from model.metrics.classification import macro_auc
from model.network.costs import measure_costs
from model.network.network import SkinNet, takes_drop_path
from tests.support.model_world import noise

TINY = (
    "--data phantom --weights none --size-px 32 --epochs 1 --epoch-size 28 --batch-size 14 "
    "--workers 0 --threads 1 --accelerator cpu --phantom-sizes 48 --tuning-size 28 --test-size 42 "
    "--replicates 50 --backbones test_efficientnet test_resnet"
).split()


@pytest.fixture(autouse=True)
def few_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    out = tmp_path_factory.mktemp("compared")
    assert main(["compare", *TINY, "--seeds", "1", "2", "--ablation", "--out", str(out)]) == 0
    return out


def test_the_reference_comes_first_and_is_ablated():
    arms = plan_arms(["a", "b"], auxiliary=True, ablation=True)
    assert arms == (Arm("a", True), Arm("a", False), Arm("b", False))
    with pytest.raises(ModelError, match="two different networks"):
        plan_arms(["a"], auxiliary=True, ablation=False)
    with pytest.raises(ModelError, match="two different networks"):
        plan_arms(["a", "b", "b"], auxiliary=True, ablation=False)


def test_every_network_has_its_numbers_intervals_and_costs(compared):
    table = pd.read_csv(compared / "networks.csv").set_index("network")
    assert list(table.index) == ["test_efficientnet+aux", "test_efficientnet", "test_resnet"]
    for name in ("macro_auc", "top1_accuracy", "balanced_accuracy"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
    assert (table["n"] == 42).all()
    assert (table["training_seconds"] > 0).all()
    own = table.loc["test_efficientnet+aux"]
    assert own["training_parameters"] > own["parameters"]
    assert own["parameters"] == table.loc["test_efficientnet", "training_parameters"]


def test_the_numbers_are_those_of_the_stored_logits(compared):
    table = pd.read_csv(compared / "networks.csv").set_index("network")
    runs = [compared / "runs" / f"test_resnet-seed{seed}" / "test.pt" for seed in (1, 2)]
    stored = [torch.load(path) for path in runs]
    truth = stored[0]["truth"].numpy()
    probabilities = [torch.softmax(content["logits"], dim=1).numpy() for content in stored]
    expected = np.mean([macro_auc(p, truth) for p in probabilities])
    assert table.loc["test_resnet", "macro_auc"] == pytest.approx(expected)


def test_each_rival_is_tested_per_class_and_overall(compared):
    table = pd.read_csv(compared / "differences.csv", keep_default_na=False, na_values=["nan"])
    assert len(table) == 2 * (1 + 14)
    assert set(table["rival"]) == {"test_efficientnet", "test_resnet"}
    p, adjusted = table["p"].astype(float), table["p_holm"].astype(float)
    assert (adjusted >= p - 1e-12).all()
    content = json.loads((compared / "comparison.json").read_text("utf-8"))
    assert content["n"] == 42
    assert len(content["differences"]) == len(table)
    assert "macro" in (compared / "comparison.md").read_text("utf-8")
    assert "<svg" in (compared / "roc.svg").read_text("utf-8")


def test_the_same_command_trains_nothing_twice(compared, capsys):
    states = {path: path.stat().st_mtime_ns for path in compared.glob("runs/*/last.pt")}
    assert len(states) == 6
    before = (compared / "differences.csv").read_bytes()
    assert main(["compare", *TINY, "--seeds", "1", "2", "--ablation", "--out", str(compared)]) == 0
    assert {path: path.stat().st_mtime_ns for path in states} == states
    assert (compared / "differences.csv").read_bytes() == before
    changed = ["compare", *TINY, "--epochs", "3", "--out", str(compared)]
    assert main(changed) == 2
    assert "epochs" in capsys.readouterr().err


def test_a_folder_is_split_once_for_all_seeds(tmp_path):
    for code, count in (("BCC", 12), ("MN", 12), ("SK", 12)):
        folder = tmp_path / "cases" / code
        folder.mkdir(parents=True)
        for number in range(count):
            seed = number + 100 * len(code) + ord(code[0])
            (folder / f"{number}.png").write_bytes(encode(noise(40, 40, seed=seed)))
    arguments = [
        *TINY[2:],
        *("--data", str(tmp_path / "cases"), "--tuning-share", "0.3", "--test-share", "0.3"),
        *("--batch-size", "4", "--epoch-size", "8", "--seeds", "1", "2"),
        *("--out", str(tmp_path / "out")),
    ]
    assert main(["compare", *arguments]) == 0
    parts = pd.read_csv(tmp_path / "out" / "split.csv")["part"].value_counts()
    table = pd.read_csv(tmp_path / "out" / "networks.csv")
    assert (table["n"] == parts["test"]).all()


def test_wrong_flags_are_a_sentence(tmp_path, capsys):
    out = ["--out", str(tmp_path / "x")]
    assert main(["compare", *TINY, "--replicates", "0", *out]) == 2
    assert main(["compare", *TINY, "--seeds", "1", "1", *out]) == 2
    assert main(["compare", *TINY, "--backbones", "test_resnet", "no_such_network", *out]) == 2
    assert "no_such_network" in capsys.readouterr().err
    assert not (tmp_path / "x" / "runs").exists()


def test_stochastic_depth_is_asked_of_those_that_have_it():
    assert takes_drop_path("test_efficientnet")
    assert not takes_drop_path("densenet121")


def test_costs_count_a_known_network():
    network = SkinNet("test_efficientnet", 3, auxiliary=False)
    found = measure_costs(network, size_px=32)
    assert found.parameters == sum(p.numel() for p in network.parameters())
    assert found.latency_ms > 0
    linear = network.head.in_features * 3
    assert found.macs > linear
    doubled = measure_costs(network, size_px=64)
    # Convolutions grow with the area; the classifier does not.
    assert 3 < doubled.macs / found.macs <= 4
