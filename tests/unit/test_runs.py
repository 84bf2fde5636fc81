import importlib.machinery
import sys
import types

import pytest
import torch

from model.errors import ModelError
from model.training.config import TrainConfig
from model.training.run_folder import (
    Run,
    open_run,
    read_state,
    save_atomically,
    write_log,
    write_tensorboard,
)

CONFIG = TrainConfig(data="phantom")


def begun(folder, config=CONFIG):
    run = open_run(folder, config)
    save_atomically({}, run.state)
    return run


def test_a_begun_folder_is_for_the_same_settings_only(tmp_path):
    begun(tmp_path)
    open_run(tmp_path, TrainConfig(data="phantom", workers=7, save_every=3))
    with pytest.raises(ModelError, match="epochs, seed changed"):
        open_run(tmp_path, TrainConfig(data="phantom", seed=9, epochs=3))


def test_other_held_out_phantoms_are_another_training(tmp_path):
    begun(tmp_path)
    with pytest.raises(ModelError, match="test_nuisance, test_size changed"):
        open_run(tmp_path, TrainConfig(data="phantom", test_size=9, test_nuisance=1.0))


def test_a_folder_of_an_older_version_without_a_setting_goes_on(tmp_path):
    run = begun(tmp_path)
    lines = run.config.read_text().splitlines()
    run.config.write_text("\n".join(line for line in lines if not line.startswith("clip_norm")))
    open_run(tmp_path, CONFIG)
    assert "clip_norm" in run.config.read_text()


def test_a_saving_that_fails_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "last.pt"
    save_atomically({"step": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        save_atomically({"step": lambda: 2}, path)
    assert read_state(path) == {"step": 1}


def test_state_keeps_tensors_and_history(tmp_path):
    content = {"w": torch.arange(3), "history": [{"epoch": 1.0}], "best": float("-inf")}
    save_atomically(content, tmp_path / "last.pt")
    assert str(read_state(tmp_path / "last.pt")) == str(content)


def test_the_log_is_rewritten_from_the_history(tmp_path):
    run = Run(tmp_path)
    write_log(run, [{"epoch": 1, "loss": 0.5}])
    write_log(run, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    assert run.log.read_text().splitlines() == ["epoch,loss", "1,0.5", "2,0.25"]


def test_without_tensorboard_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    write_tensorboard(Run(tmp_path), {"epoch": 1, "loss": 0.5})
    assert list(tmp_path.iterdir()) == []


def test_with_tensorboard_each_epoch_is_a_step(tmp_path, monkeypatch):
    written = []

    class Writer:
        def __init__(self, folder):
            written.append(folder)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            written.append("closed")

        def add_scalar(self, name, value, *, global_step):
            written.append((name, value, global_step))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    spec = importlib.machinery.ModuleSpec("tensorboard", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    write_tensorboard(Run(tmp_path), {"epoch": 3, "loss": 0.5})
    assert written == [str(tmp_path / "tensorboard"), ("loss", 0.5, 3), "closed"]
