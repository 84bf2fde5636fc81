import csv
import dataclasses
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from data.images import ImageError, encode
from data.out_of_distribution import KINDS
from data.taxonomy import PUMCH14
from model.card.card import read_card, write_card
from model.card.tuning import load_tuning
from model.card.weights import load_checkpoint
from model.commands.main import main
from model.errors import ModelError
from model.inference.predictor import load_predictor
from model.metrics.out_of_distribution import KNOWN
from model.training.calibrate import cases_of
from model.training.config import TrainConfig, to_plain
from model.training.data_module import make_parts
from model.training.loop import Trainer, learning_rate, resized, training_side
from model.training.run_folder import read_state
from model.training.train import choose_precision, make_network, set_deterministic, train
from tests.support.model_world import BACKBONE, noise, tiny_card

CONFIG = TrainConfig(
    data="phantom",
    name="tiny",
    backbone=BACKBONE,
    weights="none",
    size_px=32,
    growing_sizes=(24,),
    epochs=2,
    epoch_size=32,
    batch_size=8,
    drop_path=0.1,
    save_every=3,
    workers=0,
    threads=1,
    accelerator="cpu",
    phantom_sizes=(48, 64),
    tuning_size=28,
    test_size=28,
)


class Killed(BaseException):
    """Stands for the process ending at once."""


@pytest.fixture(autouse=True)
def few_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A training that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    train(CONFIG, out=folder)
    return folder


def log(folder):
    with (folder / "log.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def assert_same_training(first, second):
    states = [read_state(folder / "last.pt") for folder in (first, second)]
    torch.testing.assert_close(states[0]["network"], states[1]["network"], rtol=0, atol=0)
    torch.testing.assert_close(states[0]["optimizer"], states[1]["optimizer"], rtol=0, atol=0)
    best = [read_state(folder / "best.pt") for folder in (first, second)]
    torch.testing.assert_close(best[0], best[1], rtol=0, atol=0)
    assert log(first) == log(second)


# Steps of an epoch are 0 to 3 and saved after the third: before and after a saving, in both epochs;
# one of either is enough for the fast tests.
_ALSO = [pytest.param(step, marks=pytest.mark.slow) for step in (2, 7)]


@pytest.mark.parametrize("step", [3, 6, *_ALSO])
def test_a_killed_training_goes_on_to_the_very_same_weights(tmp_path, straight, step, monkeypatch):
    original, done = Trainer._step, []

    def until_killed(self, images, labels):
        if len(done) == step:
            raise Killed
        done.append(1)
        return original(self, images, labels)

    monkeypatch.setattr(Trainer, "_step", until_killed)
    with pytest.raises(Killed):
        train(CONFIG, out=tmp_path)
    monkeypatch.setattr(Trainer, "_step", original)
    train(CONFIG, out=tmp_path)
    assert_same_training(straight, tmp_path)


def test_averaged_weights_are_kept_and_survive_a_kill(tmp_path, straight, monkeypatch):
    averaged = dataclasses.replace(CONFIG, ema=0.8)
    train(averaged, out=tmp_path / "straight")
    with (tmp_path / "straight" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["train_loss"] for r in rows] == [r["train_loss"] for r in log(straight)]
    assert [r["tuning_nll"] for r in rows] != [r["tuning_nll"] for r in log(straight)]
    original, done = Trainer._step, []

    def until_killed(self, images, labels):
        if len(done) == 6:
            raise Killed
        done.append(1)
        return original(self, images, labels)

    monkeypatch.setattr(Trainer, "_step", until_killed)
    with pytest.raises(Killed):
        train(averaged, out=tmp_path / "killed")
    monkeypatch.setattr(Trainer, "_step", original)
    train(averaged, out=tmp_path / "killed")
    assert_same_training(tmp_path / "straight", tmp_path / "killed")


def test_shares_blends_and_views_are_trained_and_resumed(tmp_path, straight, monkeypatch):
    mixed = dataclasses.replace(
        CONFIG, balance=0.5, logit_adjustment=1.0, mixup=0.4, views=2, epochs=1
    )
    card = train(mixed, out=tmp_path / "straight")
    assert card.views == 2
    assert log(tmp_path / "straight")[0]["train_loss"] != log(straight)[0]["train_loss"]
    original, done = Trainer._step, []

    def until_killed(self, images, labels):
        if len(done) == 3:
            raise Killed
        done.append(1)
        return original(self, images, labels)

    monkeypatch.setattr(Trainer, "_step", until_killed)
    with pytest.raises(Killed):
        train(mixed, out=tmp_path / "killed")
    monkeypatch.setattr(Trainer, "_step", original)
    train(mixed, out=tmp_path / "killed")
    assert_same_training(tmp_path / "straight", tmp_path / "killed")


def test_the_last_epoch_is_kept_if_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("model.training.loop.macro_auc", lambda *_: next(falling))
    for keep, epoch in (("best", 1), ("last", 2)):
        falling = iter((0.9, 0.8))
        card = train(dataclasses.replace(CONFIG, keep=keep), out=tmp_path / keep)
        assert card.provenance["best_epoch"] == epoch


def test_loading_in_other_processes_changes_nothing(tmp_path, straight):
    with warnings.catch_warnings():
        # Forking a process with threads; workers use one thread and no lock of ours.
        warnings.simplefilter("ignore")
        train(dataclasses.replace(CONFIG, workers=2), out=tmp_path)
    assert_same_training(straight, tmp_path)


def test_deterministic_operations_alone_give_the_same_training(tmp_path, straight, monkeypatch):
    original, modes = Trainer._step, []

    def watched(self, images, labels):
        modes.append(torch.are_deterministic_algorithms_enabled())
        return original(self, images, labels)

    monkeypatch.setattr(Trainer, "_step", watched)
    try:
        train(dataclasses.replace(CONFIG, deterministic=True), out=tmp_path)
    finally:
        set_deterministic(is_on=False)
    assert modes
    assert all(modes)
    assert_same_training(straight, tmp_path)
    assert read_card(tmp_path / "tiny.json").provenance["settings"]["deterministic"]


def test_another_seed_gives_another_training(tmp_path, straight):
    train(dataclasses.replace(CONFIG, seed=2), out=tmp_path)
    assert log(tmp_path) != log(straight)


def test_a_training_leaves_a_checkpoint_whose_card_tells_everything(straight):
    network, card = load_checkpoint(straight / "tiny.safetensors")
    assert not network.training
    assert card.synthetic
    assert "knows nothing about real skin" in card.domain
    assert card.provenance["n_test"] == 28
    assert torch.__version__.startswith(card.provenance["versions"]["torch"])
    assert len(card.data_hash) == len(card.sha256) == len(card.tuning_sha256) == 64
    assert set(card.thresholds) == set(card.taxonomy.codes)
    assert all(0 < limit < 1 for limit in card.thresholds.values())
    families = {"ranking", "argmax", "threshold", "probability", "sets", "scope"}
    assert {metric.family for metric in card.metrics} == families
    assert all(metric.n <= 28 for metric in card.metrics)
    assert (card.scope.n, card.sets.n, card.sets.misses) == (28, 28, 0.1)
    assert load_predictor(straight / "tiny.safetensors").predict([noise()]).foreign.shape == (1,)


def test_a_checkpoint_settled_again_on_its_data_is_the_same(straight, tmp_path, capsys):
    for suffix in (".safetensors", ".json"):
        shutil.copy(straight / f"tiny{suffix}", tmp_path)
    assert main(["calibrate", "tiny", "--folder", str(tmp_path), "--workers", "0"]) == 0
    again, before = (read_card(folder / "tiny.json") for folder in (tmp_path, straight))
    assert str(again) == str(before)
    assert load_tuning(again, tmp_path).logits.shape == (28, 14)
    asked = ["calibrate", "tiny", "--folder", str(tmp_path), "--workers", "0", "--set-misses"]
    assert main([*asked, "0.3", "--sets-by-class"]) == 0
    card = read_card(tmp_path / "tiny.json")
    assert (card.sets.misses, card.sets.by_class) == (0.3, True)
    assert card.sha256 == before.sha256
    assert main([*asked, "1"]) == 2
    assert "between 0 and 1" in capsys.readouterr().err


def test_a_checkpoint_is_measured_on_images_that_it_does_not_know(straight, tmp_path, capsys):
    for path in straight.glob("tiny.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / "photos" / f"{number}.png").write_bytes(encode(noise(seed=number)))
    (tmp_path / "photos" / "spoilt.png").write_bytes(b"no")
    given = ["--folder", str(tmp_path), "--n", "5", "--out", str(tmp_path / "out"), "--publish"]
    assert main(["scope", "tiny", *given, "--outside", f"photos={tmp_path / 'photos'}"]) == 0
    assert "spoilt.png is left out" in capsys.readouterr().out
    results = json.loads((tmp_path / "out" / "scope.json").read_text("utf-8"))["results"]
    names = {row["value"] for row in results}
    assert names == {KNOWN, "photos", *KINDS}
    by_name = {(row["value"], row["quantity"]): row for row in results}
    assert by_name["photos", "auc, distance"]["n"] == 3 + 5  # 28 held-out ones, evenly spaced
    assert by_name["photos", "called foreign, energy"]["n"] == 3
    card = read_card(tmp_path / "tiny.json")
    assert [row.to_dict() for row in card.outside] == results
    assert card.sha256 == read_card(straight / "tiny.json").sha256


def test_other_data_than_the_trainings_settle_nothing(straight, tmp_path, capsys):
    for suffix in (".safetensors", ".json"):
        shutil.copy(straight / f"tiny{suffix}", tmp_path)
    card = read_card(tmp_path / "tiny.json")
    write_card(dataclasses.replace(card, data_hash="0" * 64), tmp_path / "tiny.json")
    assert main(["calibrate", "tiny", "--folder", str(tmp_path)]) == 2
    assert "Expected the data that tiny was trained on" in capsys.readouterr().err


def test_the_resolved_settings_stand_beside_the_run(straight):
    assert yaml.safe_load((straight / "config.resolved.yaml").read_text())["size_px"] == 32


def test_a_finished_training_only_writes_its_checkpoint_again(straight, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "_step", None)
    before = read_card(straight / "tiny.json")
    after = train(dataclasses.replace(CONFIG, publish=str(tmp_path)), out=straight)
    assert after.sha256 == before.sha256
    assert [m for m in after.metrics if m.quantity == "macro auc"] == [
        m for m in before.metrics if m.quantity == "macro auc"
    ]
    assert str(read_card(tmp_path / "tiny.json")) == str(after)  # nan is not equal to itself
    assert (tmp_path / "tiny.safetensors").is_file()


def test_other_settings_are_refused_in_a_begun_folder(straight):
    with pytest.raises(ModelError, match="label_smoothing changed"):
        train(dataclasses.replace(CONFIG, label_smoothing=0.2), out=straight)


def test_patience_ends_a_training_that_gets_no_better(tmp_path, monkeypatch):
    monkeypatch.setattr("model.training.loop.macro_auc", lambda *_: 0.5)
    tired = dataclasses.replace(CONFIG, epochs=9, epoch_size=8, growing_sizes=(), patience=2)
    train(tired, out=tmp_path)
    assert len(log(tmp_path)) == 3
    assert read_card(tmp_path / "tiny.json").provenance["best_epoch"] == 1


def test_too_few_images_for_a_batch_is_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="lower --batch-size"):
        train(dataclasses.replace(CONFIG, batch_size=64), out=tmp_path)


def test_impossible_devices_are_a_sentence():
    with pytest.raises(ModelError, match="that this machine has"):
        train(dataclasses.replace(CONFIG, accelerator="abacus"), out=None)


def colours(folder, n_per_class=12):
    """A folder of two classes that differ in colour, two images per patient folder name."""
    rng = np.random.default_rng(0)
    for label, colour in (("BCC", (200, 90, 90)), ("MN", (90, 60, 40))):
        (folder / label).mkdir(parents=True)
        for number in range(n_per_class):
            image = np.clip(rng.normal(colour, 25, (40, 48, 3)), 0, 255).astype(np.uint8)
            (folder / label / f"{number}.png").write_bytes(encode(image))
    return folder


def test_a_folder_is_split_into_three_parts_without_overlap(tmp_path):
    config = dataclasses.replace(CONFIG, data=str(colours(tmp_path)))
    parts = make_parts(config)
    paths = [set(part.paths) for part in (parts.train, parts.tuning, parts.test)]
    assert sum(map(len, paths)) == 24
    assert len(set.union(*paths)) == 24
    assert all(len(set(part.labels)) == 2 for part in (parts.train, parts.tuning, parts.test))


def test_the_hash_of_the_data_changes_with_one_pixel(tmp_path):
    config = dataclasses.replace(CONFIG, data=str(colours(tmp_path)))
    before = make_parts(config).data_hash
    (tmp_path / "MN" / "0.png").write_bytes(encode(np.zeros((40, 48, 3), np.uint8)))
    assert make_parts(config).data_hash != before


def stored_split(folder, parts):
    rows = [f"{label}/{i}.png,{part}" for label in ("BCC", "MN") for i, part in enumerate(parts)]
    path = folder / "split.csv"
    path.write_text("case_id,part\n" + "\n".join(rows))
    return path


def test_a_stored_split_decides_and_changes_the_hash(tmp_path):
    parts = ["train"] * 8 + ["tuning"] * 2 + ["test"] * 2
    folder = colours(tmp_path / "images")
    config = dataclasses.replace(CONFIG, data=str(folder), split=str(stored_split(tmp_path, parts)))
    made = make_parts(config)
    assert sorted(Path(path).name for path in made.test.paths) == [
        "10.png",
        "10.png",
        "11.png",
        "11.png",
    ]
    stored_split(tmp_path, parts[::-1])
    assert make_parts(config).data_hash != made.data_hash


def test_a_stored_split_that_moved_with_the_data_is_found(tmp_path):
    folder = colours(tmp_path / "old" / "images")
    path = stored_split(tmp_path / "old", ["train"] * 8 + ["tuning"] * 2 + ["test"] * 2)
    config = dataclasses.replace(CONFIG, data=str(folder), split=str(path))
    card = dataclasses.replace(
        tiny_card(taxonomy=PUMCH14),
        provenance={"settings": to_plain(config)},
        data_hash=make_parts(config).data_hash,
    )
    (tmp_path / "old").rename(tmp_path / "new")
    data = str(tmp_path / "new" / "images")
    assert len(cases_of(card, data=data, part="test")) == 4
    stored_split(tmp_path / "new", ["test"] * 2 + ["tuning"] * 2 + ["train"] * 8)
    with pytest.raises(ModelError, match="Expected the data"):
        cases_of(card, data=data, part="test")


def test_a_stored_split_with_other_parts_is_refused(tmp_path):
    folder = colours(tmp_path / "images")
    path = stored_split(tmp_path, ["train"] * 10 + ["validation", "test"])
    config = dataclasses.replace(CONFIG, data=str(folder), split=str(path))
    with pytest.raises(ModelError, match=r"train, tuning, test.*validation"):
        make_parts(config)


def test_a_network_learns_classes_that_differ_in_colour(tmp_path):
    config = dataclasses.replace(
        CONFIG,
        data=str(colours(tmp_path / "images")),
        growing_sizes=(),
        epochs=6,
        epoch_size=64,
        learning_rate=3e-3,
        drop_path=0.0,
    )
    card = train(config, out=tmp_path / "run")
    assert not card.synthetic
    assert card.provenance["n_tuning"] > 0
    (area,) = [m for m in card.metrics if m.quantity == "auc" and m.class_ == "BCC"]
    assert area.estimate > 0.9


def test_parts_that_would_be_empty_are_a_sentence(tmp_path):
    config = dataclasses.replace(CONFIG, data=str(colours(tmp_path, n_per_class=1)))
    with pytest.raises(ModelError, match="enough cases"):
        make_parts(config)


def test_the_first_weights_come_from_the_seed():
    first, again = (make_network(CONFIG, fresh=True).state_dict() for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)


def test_the_rate_rises_then_falls_to_almost_nothing():
    rates = [learning_rate(s, total=100, peak=2.0, warmup=0.25) for s in range(101)]
    assert max(rates) == rates[25] == 2.0
    assert rates[:26] == sorted(rates[:26])
    assert rates[25:] == sorted(rates[25:], reverse=True)
    assert 0 < rates[-1] < 0.01


def test_inputs_grow_in_equal_shares_up_to_the_networks_own():
    config = dataclasses.replace(CONFIG, epochs=6, growing_sizes=(96, 128), size_px=160)
    assert [training_side(e, config=config) for e in range(6)] == [96, 96, 128, 128, 160, 160]


def test_resizing_to_the_same_side_is_free():
    images = torch.rand(2, 3, 16, 16)
    assert resized(images, 16) is images
    assert resized(images, 8).shape == (2, 3, 8, 8)


def test_mixed_precision_is_chosen_only_where_it_helps(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_precision("auto") == "32-true"
    assert choose_precision("bf16-mixed") == "bf16-mixed"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert choose_precision("auto") == "bf16-mixed"


@pytest.fixture
def pictures(tmp_path):
    """A folder of ten pictures of each of two classes."""
    for kind, code in enumerate(("MN", "BCC")):
        for number in range(10):
            path = tmp_path / "pictures" / code / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(noise(40, 40, seed=100 * kind + number)))
    return tmp_path / "pictures"


def on(pictures, **changes):
    return dataclasses.replace(
        CONFIG, data=str(pictures), growing_sizes=(), batch_size=2, epoch_size=4, tuning_share=0.35,
        **changes,
    )  # fmt: skip


def test_all_damaged_images_are_named_before_the_training_begins(pictures, tmp_path):
    for name in ("MN/1.png", "BCC/4.png"):
        (pictures / name).write_bytes((pictures / name).read_bytes()[:300])
    with pytest.raises(ModelError, match=r"2 of 20 are not") as caught:
        train(on(pictures), out=tmp_path / "run")
    assert "MN/1.png" in str(caught.value)
    assert "BCC/4.png" in str(caught.value)
    assert not (tmp_path / "run" / "last.pt").exists()


def test_an_image_that_spoils_later_is_named_without_a_workers_traceback(
    pictures, tmp_path, monkeypatch
):
    monkeypatch.setattr("model.training.train.check_images", lambda _: None)
    for path in (pictures / "MN").glob("*.png"):
        path.write_bytes(f"not a picture: {path.name}".encode())
    with pytest.raises(ImageError) as caught:
        train(on(pictures, workers=1), out=tmp_path / "run")
    assert "Traceback" not in str(caught.value)
    assert str(caught.value).startswith(str(pictures / "MN"))


def test_a_tuning_part_of_one_class_is_refused_before_the_training(pictures, tmp_path):
    for number in range(1, 10):
        (pictures / "BCC" / f"{number}.png").unlink()
    with pytest.raises(ModelError, match="at least two classes in the (training|tuning) part"):
        train(on(pictures), out=tmp_path / "run")


def test_a_loss_that_is_no_number_ends_the_training_with_advice(tmp_path, monkeypatch):
    def broken(*_, **__):
        return torch.tensor(float("nan"), requires_grad=True)

    monkeypatch.setattr("model.training.loop.total_loss", broken)
    with pytest.raises(ModelError, match="became nan in epoch 1, step 1; lower --learning-rate"):
        train(CONFIG, out=tmp_path)


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("pool_backward does not have a deterministic implementation, but", "leave --determin"),
        ("CUDA out of memory. Tried to allocate 2 GiB\nmore", "lower --batch-size or --size-px"),
    ],
)
def test_what_torch_cannot_do_is_a_sentence(tmp_path, monkeypatch, reason, advice):
    def broken(*_, **__):
        raise RuntimeError(reason)

    monkeypatch.setattr("model.training.loop.total_loss", broken)
    config = dataclasses.replace(CONFIG, deterministic=True)
    with pytest.raises(ModelError, match=f"{reason.splitlines()[0]}.*{advice}"):
        train(config, out=tmp_path)
    set_deterministic(is_on=False)


def test_another_error_of_the_program_is_not_hidden(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a mistake")

    monkeypatch.setattr("model.training.loop.total_loss", broken)
    with pytest.raises(RuntimeError, match="a mistake"):
        train(CONFIG, out=tmp_path)


@pytest.mark.parametrize("name", ["last.pt", "config.resolved.yaml"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02 spoilt", b"- a\n- b\n"])
def test_a_damaged_file_of_the_run_is_named(tmp_path, straight, name, content):
    shutil.copytree(straight, tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} as a training left it.*damaged"):
        train(CONFIG, out=tmp_path / "run")


def test_a_state_of_another_shape_is_damaged(tmp_path, straight):
    shutil.copytree(straight, tmp_path / "run")
    state = read_state(tmp_path / "run" / "last.pt")
    torch.save({**state, "network": {}}, tmp_path / "run" / "last.pt")
    with pytest.raises(ModelError, match="damaged"):
        train(CONFIG, out=tmp_path / "run")


def test_growing_sizes_need_a_backbone_of_any_size(tmp_path):
    with pytest.raises(ModelError, match="leave --growing-sizes out"):
        train(dataclasses.replace(CONFIG, backbone="test_vit"), out=tmp_path)
