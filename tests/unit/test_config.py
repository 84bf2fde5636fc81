import argparse
from dataclasses import fields
from pathlib import Path

import pytest

from model.errors import ModelError
from model.training.config import TrainConfig, add_flags, resolve, to_plain

BUNDLED = Path(__file__).parents[2] / "model" / "configs" / "pumch14-phantom.yaml"


def write(folder, text):
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def flags(*arguments):
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return vars(parser.parse_args(arguments))


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = write(tmp_path, "data: phantom\nepochs: 3\nbatch_size: 8\n")
    config = resolve(file=file, flags=flags("--epochs", "5"))
    assert (config.epochs, config.batch_size, config.size_px) == (5, 8, TrainConfig("x").size_px)


def test_every_setting_has_a_flag_of_its_type():
    given = flags(
        "--data", "phantom", "--no-flip", "--aux-weight", "0.1", "0.2", "--learning-rate",
        "1e-3", "--phantom-sizes", "96", "128",
    )  # fmt: skip
    config = resolve(file=None, flags=given)
    assert config.flip is False
    assert config.aux_weight == (0.1, 0.2)
    assert config.learning_rate == 0.001
    assert config.phantom_sizes == (96, 128)


@pytest.mark.parametrize("name", ["threads", "workers"])
def test_numbers_that_would_end_the_program_without_a_word_are_refused(name):
    with pytest.raises(ModelError, match=f"{name} = 100000 .from 0 to 512"):
        TrainConfig(data="phantom", **{name: 100_000})


def test_every_setting_has_a_sentence_for_help():
    assert all(entry.metadata["help"] for entry in fields(TrainConfig))


def test_yamls_own_ideas_of_types_are_put_right(tmp_path):
    file = write(tmp_path, "data: phantom\nname: 7\nlearning_rate: 1e-3\nphantom_sizes: 96\n")
    config = resolve(file=file, flags={})
    assert (config.name, config.learning_rate) == ("7", 0.001)
    assert config.phantom_sizes == (96,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: phantom\nepocs: 3\n", "epocs"),
        ("data: phantom\nepochs: many\n", "epochs"),
        ("data: phantom\nflip: 3\n", "flip"),
        ("data: phantom\nepochs: 2.5\n", r"number of epochs\) like 20, but got 2.5"),
        ("data: phantom\nflip: 'no'\n", "flip"),
        ("data: phantom\npublish:\n", "publish"),
        ("data: phantom\nphantom_sizes: [96, many]\n", "phantom_sizes .* got 'many'"),
        ("data: phantom\nepochs: 0\n", "epochs = 0"),
        ("data: phantom\ndropout: 1.5\n", "dropout = 1.5"),
        ("data: phantom\nbalance: 2\n", "balance = 2"),
        ("data: phantom\nviews: 3\n", r"views = 3 \(1, 2, 4, 8\)"),
        ("epochs: 3\n", "--data MANIFEST"),
        ("- a\n", "name: value"),
        ("a: [\n", "YAML"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path, text, words):
    with pytest.raises(ModelError, match=words):
        resolve(file=write(tmp_path, text), flags={})


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="YAML file of settings"):
        resolve(file=tmp_path / "none.yaml", flags={})


def test_the_resolved_settings_read_back_to_the_same(tmp_path):
    config = resolve(file=BUNDLED, flags={})
    again = write(tmp_path, repr(to_plain(config)))
    assert resolve(file=again, flags={}) == config


def test_the_bundled_training_is_the_papers_network():
    config = resolve(file=BUNDLED, flags={})
    assert (config.backbone, config.taxonomy) == ("efficientnet_b4", "PUMCH14")
    assert config.auxiliary


def test_the_docs_hold_every_setting_with_its_default():
    text = (Path(__file__).parents[2] / "docs" / "model.md").read_text("utf-8")
    for entry in fields(TrainConfig):
        value = entry.default
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        flag = "--" + entry.name.replace("_", "-")
        row = f"| `{flag}` | {shown or 'none'} | {entry.metadata['help']} |"
        assert row in text


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("seed", -1),
        ("workers", -1),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("clip_norm", 0.0),
        ("weight_decay", -1.0),
        ("growing_sizes", (96, 0)),
        ("phantom_sizes", (7,)),
        ("aux_weight", (-0.1,)),
        ("tuning_size", 0),
        ("tuning_share", 0.0),
        ("tuning_share", 0.8),
        ("crop_scale", 0.0),
        ("name", "a/b"),
        ("name", ""),
    ],
)
def test_a_setting_out_of_range_is_refused_before_anything_is_done(setting, value):
    with pytest.raises(ModelError, match=setting):
        TrainConfig(data="phantom", **{setting: value})


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(ModelError, match=r"epochs = 0.*test_share = 0.9.*seed = -3"):
        TrainConfig(data="phantom", epochs=0, seed=-3, tuning_share=0.2, test_share=0.9)
