import pickle

import pytest
import torch
from safetensors.torch import save_file

from model.errors import ModelError
from model.network.network import SkinNet, load_backbone_weights
from model.training.config import TrainConfig
from model.training.data_module import preprocessing_of
from tests.support.model_world import BACKBONE, tiny_network

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_the_papers_network_has_seven_heads_on_its_seven_stages():
    network = SkinNet("efficientnet_b4", 14)
    widths = [head.linear.in_features for head in network.auxiliary]
    assert widths == [24, 32, 56, 112, 160, 272, 448]
    assert {head.linear.out_features for head in network.auxiliary} == {14}
    assert network.head.out_features == 14
    assert network.last_convolution is network.backbone.conv_head


@pytest.mark.parametrize(
    ("backbone", "n_stages"),
    [("test_efficientnet", 5), ("resnet18", 4), ("test_convnext", 4), ("test_resnet", 4)],
)
def test_any_other_backbone_has_one_head_per_stage_and_none_on_its_stem(backbone, n_stages):
    network = SkinNet(backbone, 5).eval()
    output = network(IMAGES)
    assert len(output.aux_logits) == n_stages
    assert {tuple(logits.shape) for logits in (output.logits, *output.aux_logits)} == {(2, 5)}
    assert output.features.shape == (2, network.head.in_features)


def test_switching_the_auxiliary_heads_off_does_not_change_the_answer():
    network = tiny_network()
    with_heads, without = network(IMAGES), network(IMAGES, auxiliary=False)
    torch.testing.assert_close(with_heads.logits, without.logits)
    assert without.aux_logits == ()
    assert tiny_network(auxiliary=False)(IMAGES).aux_logits == ()


def test_a_look_is_the_plain_answer_and_the_style_of_the_picture():
    network, images = tiny_network(), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        plain = network(images, auxiliary=False)
        found, style = network.look(images)
        _, mirrored = network.look(images.flip(3))
        _, flat = network.look(images.mean(dim=(2, 3), keepdim=True).expand_as(images))
    torch.testing.assert_close(found.logits, plain.logits)
    torch.testing.assert_close(found.features, plain.features)
    torch.testing.assert_close(style.norm(dim=1), torch.full((2,), 2.0))  # four parts of length 1
    # Where things lie matters little, how they look a lot.
    assert (style - mirrored).norm() < (style - flat).norm() / 2


def test_making_a_network_leaves_its_normalisation_statistics_fresh():
    counts = [b for n, b in SkinNet(BACKBONE, 3).named_buffers() if n.endswith("batches_tracked")]
    assert counts
    assert all(int(count) == 0 for count in counts)


def test_unknown_backbone_is_named_with_near_ones():
    with pytest.raises(ModelError, match=r"'efficientnet_b99'.*did you mean efficientnet_b"):
        SkinNet("efficientnet_b99", 3)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_backbone_weights_come_from_a_local_file_without_its_classifier(tmp_path, suffix):
    source = tiny_network()
    state = {**source.backbone.state_dict(), "classifier.weight": torch.zeros(1000, 256)}
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    target = SkinNet(BACKBONE, 7)
    load_backbone_weights(target, str(path))
    torch.testing.assert_close(target.backbone.state_dict(), source.backbone.state_dict())


def test_weights_of_another_backbone_are_refused(tmp_path):
    path = tmp_path / "resnet.pth"
    torch.save(SkinNet("test_resnet", 3).backbone.state_dict(), path)
    with pytest.raises(ModelError, match="Expected weights of test_efficientnet"):
        load_backbone_weights(tiny_network(), str(path))


class Evil:
    def __reduce__(self):
        return (print, ("code ran",))


def test_a_pickle_with_code_is_refused_and_does_not_run(tmp_path, capsys):
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(ModelError, match=r"Expected evil\.pth to hold weights"):
        load_backbone_weights(tiny_network(), str(path))
    assert capsys.readouterr().out == ""


def test_a_missing_file_of_weights_is_a_sentence():
    with pytest.raises(ModelError, match="none, imagenet or a file"):
        load_backbone_weights(tiny_network(), "nowhere.pth")


def test_an_unreachable_hub_is_a_sentence(monkeypatch):
    network = tiny_network()

    def unreachable(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr("timm.create_model", unreachable)
    with pytest.raises(ModelError, match="--weights FILE"):
        load_backbone_weights(network, "imagenet")


def test_backbone_without_stochastic_depth_says_what_to_do():
    with pytest.raises(ModelError, match="--drop-path 0"):
        SkinNet("vgg11", 3, drop_path=0.1)


@pytest.mark.parametrize("side", [64, 96])
def test_a_transformer_is_built_for_the_size_asked_for(side):
    network = SkinNet("test_vit", 3, size_px=side).eval()
    output = network(torch.zeros(1, 3, side, side))
    assert output.logits.shape == (1, 3)
    assert len(output.aux_logits) == len(network.auxiliary) > 1


def test_weights_of_an_own_checkpoint_fill_the_backbone(tmp_path):
    donor, path = tiny_network(), tmp_path / "donor.safetensors"
    save_file(donor.state_dict(), path)
    torch.manual_seed(9)
    network = SkinNet(BACKBONE, 5)
    load_backbone_weights(network, str(path))
    torch.testing.assert_close(network.backbone.state_dict(), donor.backbone.state_dict())


@pytest.mark.parametrize("content", [{"a": "text"}, {"state_dict": [1]}, {"model": {"b": 3}}])
def test_a_file_of_something_else_than_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(ModelError, match="something else than tensors"):
        load_backbone_weights(tiny_network(), str(tmp_path / "odd.pt"))


def test_reparametrised_backbones_keep_their_memory_format():
    assert SkinNet("repvgg_a0", 2).memory_format is torch.contiguous_format
    assert tiny_network().memory_format is torch.channels_last


def test_images_are_normalised_as_the_backbones_weights_were_trained():
    config = TrainConfig(data="phantom", backbone="inception_v3")
    assert preprocessing_of(config).mean == (0.5, 0.5, 0.5)
    assert preprocessing_of(TrainConfig(data="phantom")).mean == (0.485, 0.456, 0.406)
