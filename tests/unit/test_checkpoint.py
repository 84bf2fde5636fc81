import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch

from data.manifest import file_sha256
from data.taxonomy import ISIC2019, PUMCH14
from model.card.card import write_card
from model.card.weights import (
    find_weights,
    list_checkpoints,
    load_card,
    load_checkpoint,
    save_checkpoint,
)
from model.errors import CheckpointError
from model.inference.predictor import load_predictor
from tests.support.model_world import THREE, tiny_card, tiny_checkpoint, tiny_network


def test_weights_come_back_in_fp32_as_they_were_rounded_to_fp16(tmp_path):
    original = tiny_network()
    save_checkpoint(original, tiny_card(), tmp_path)
    network, card = load_checkpoint("tiny", folder=tmp_path)
    assert card.taxonomy == THREE
    assert not network.training
    for name, tensor in network.state_dict().items():
        stored = original.state_dict()[name]
        assert tensor.dtype == stored.dtype
        if stored.is_floating_point():
            torch.testing.assert_close(tensor, stored.half().float())


def test_a_checkpoint_is_found_by_name_or_path(tmp_path):
    tiny_checkpoint(tmp_path)
    assert list_checkpoints(tmp_path) == ("tiny",)
    assert load_card("tiny", folder=tmp_path) == load_card(tmp_path / "tiny.safetensors")


def test_everybody_who_may_read_the_card_may_read_the_weights(tmp_path):
    tiny_checkpoint(tmp_path)
    modes = {(tmp_path / f"tiny{end}").stat().st_mode for end in (".safetensors", ".json")}
    assert len(modes) == 1


def test_a_checkpoint_under_another_name_is_refused(tmp_path):
    """Two cards of one name would stand for each other in the demo."""
    tiny_checkpoint(tmp_path)
    for end in (".safetensors", ".json"):
        (tmp_path / f"tiny{end}").rename(tmp_path / f"mine{end}")
    with pytest.raises(CheckpointError, match=r"mine\.json.*'tiny'.*tiny\.\*"):
        load_checkpoint("mine", folder=tmp_path)


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    tiny_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match=r"\(tiny\).*'tinny'"):
        load_checkpoint("tinny", folder=tmp_path)


@pytest.mark.parametrize("damage", [lambda b: b[:-100], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_a_truncated_or_tampered_file_is_refused(tmp_path, damage):
    tiny_checkpoint(tmp_path)
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match="cut short or changed"):
        load_checkpoint("tiny", folder=tmp_path)


def test_a_card_with_another_order_of_classes_is_refused(tmp_path):
    card = tiny_checkpoint(tmp_path)
    other = THREE.subset(("MN", "BCC", "SK"), name="turned")
    write_card(dataclasses.replace(card, taxonomy=other), tmp_path / "tiny.json")
    with pytest.raises(CheckpointError, match=r"order its classes.*MN, BCC, SK.*BCC, MN, SK"):
        load_checkpoint("tiny", folder=tmp_path)


def test_a_card_of_another_taxonomy_is_refused(tmp_path):
    card = tiny_checkpoint(tmp_path)
    content = {**card.to_dict(), "taxonomy": PUMCH14.to_dict()}
    content["thresholds"] = dict.fromkeys(PUMCH14.codes, 0.5)
    (tmp_path / "tiny.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="order its classes"):
        load_checkpoint("tiny", folder=tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": math.nan},
        {"temperature": 1e999},
        {"thresholds": {"BCC": math.nan, "MN": 0.5, "SK": 0.5}},
        {"sha256": None},
        {"name": None},
        {"name": "../elsewhere"},
        {"preprocessing": {**tiny_card().to_dict()["preprocessing"], "size_px": 100_000}},
        {"scope": {"score": "new", "limit": 1.0, "false_alarms": 0.05, "n": 9}},
    ],
    ids=str,
)
def test_a_card_with_values_that_nobody_wrote_is_refused(tmp_path, change):
    content = tiny_checkpoint(tmp_path).to_dict()
    (tmp_path / "tiny.json").write_text(json.dumps(content | change))
    with pytest.raises(CheckpointError, match="^Expected"):
        load_predictor("tiny", folder=tmp_path)


def test_a_card_of_another_backbone_is_refused(tmp_path):
    card = tiny_checkpoint(tmp_path)
    write_card(dataclasses.replace(card, backbone="test_resnet"), tmp_path / "tiny.json")
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint("tiny", folder=tmp_path)


def test_a_pickle_is_refused_by_its_name(tmp_path):
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(tmp_path / "model.pth", folder=tmp_path)


class Trap:
    """Runs code when a pickle of it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_under_the_name_of_safetensors_is_refused_unread(tmp_path):
    card = tiny_checkpoint(tmp_path)
    path = tmp_path / "tiny.safetensors"
    torch.save(Trap(tmp_path / "sprung"), path)
    write_card(dataclasses.replace(card, sha256=file_sha256(path)), tmp_path / "tiny.json")
    with pytest.raises(CheckpointError, match="safetensors, but it cannot be read"):
        load_checkpoint("tiny", folder=tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_a_file_beside_a_checkpoint_is_not_one(tmp_path):
    tiny_checkpoint(tmp_path)
    (tmp_path / "tiny.tuning.safetensors").write_bytes(b"")
    assert list_checkpoints(tmp_path) == ("tiny",)


@pytest.mark.parametrize("name", list_checkpoints())
def test_a_bundled_checkpoint_is_whole_and_says_what_it_was_trained_on(name):
    _, card = load_checkpoint(name)
    assert card.synthetic == ("synthetic" in card.domain)
    assert card.synthetic or ("CC BY-NC 4.0" in card.licence and "HAM10000" in card.licence)
    assert all(m.n > 0 for m in card.metrics if m.quantity == "auc")


def test_the_checkpoint_of_real_skin_is_small_enough_to_ship():
    weights = find_weights("ham8")
    assert weights.stat().st_size < 12_000_000
    assert load_card("ham8").taxonomy == ISIC2019
