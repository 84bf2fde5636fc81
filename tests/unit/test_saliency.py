import numpy as np
import pytest
import torch
from torch import nn

from model.errors import ModelError
from model.network.network import Output
from model.saliency.methods import METHODS, explain, frozen, normalise
from tests.support.model_world import tiny_network

IMAGE = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Linear(nn.Module):
    """A network whose saliency is known by hand: class c looks at column c of the red channel."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1, bias=False)
        self.conv.weight.data[:] = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None]
        self.head = nn.Linear(8, 8, bias=False)
        self.head.weight.data[:] = torch.eye(8)

    @property
    def last_convolution(self):
        return self.conv

    def forward(self, images, **_):
        columns = self.conv(images)[:, 0].sum(dim=1)
        return Output(self.head(columns), (), columns)


class Broken(nn.Module):
    """Fails in the middle of a forward pass, after hooks have been set."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.head = inner.head
        self.last_convolution = inner.last_convolution

    def forward(self, images, *, auxiliary=True):
        self.inner(images, auxiliary=auxiliary)
        raise RuntimeError("out of memory")


def trace(network):
    """Everything that a method could leave behind."""
    return (
        [module.training for module in network.modules()],
        [parameter.requires_grad for parameter in network.parameters()],
        [parameter.grad is None for parameter in network.parameters()],
        [len(getattr(module, kind)) for module in network.modules() for kind in HOOKS],
    )


def mixed_network():
    """Some modules train, some weights are frozen and one holds a gradient, as in real use."""
    network = tiny_network()
    network.backbone.train()
    network.head.weight.requires_grad_(requires_grad=False)
    network.head.bias.grad = torch.ones(3)
    return network


@pytest.mark.parametrize("method", METHODS)
def test_a_map_covers_the_image_between_0_and_1_and_can_be_repeated(method):
    network = tiny_network()
    found = explain(network, IMAGE, target=1, method=method)
    assert found.shape == (64, 64)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.std() > 0
    np.testing.assert_array_equal(found, explain(network, IMAGE, target=1, method=method))


@pytest.mark.parametrize("method", METHODS)
def test_the_target_class_changes_the_map(method):
    network = tiny_network()
    maps = [explain(network, IMAGE, target=target, method=method) for target in (0, 2)]
    assert not np.allclose(*maps)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_behind_after_success(method):
    network, image = mixed_network(), IMAGE.clone()
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    before, generator = trace(network), torch.get_rng_state()
    explain(network, image, target=0, method=method)
    assert trace(network) == before
    assert torch.equal(network.head.bias.grad, torch.ones(3))
    assert torch.equal(torch.get_rng_state(), generator)
    assert image.grad is None
    assert not image.requires_grad
    assert torch.equal(image, IMAGE)
    torch.testing.assert_close(network.state_dict(), weights, rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_behind_after_a_failure_in_the_network(method):
    network = Broken(mixed_network())
    before, generator = trace(network), torch.get_rng_state()
    with pytest.raises(RuntimeError, match="out of memory"):
        explain(network, IMAGE, target=0, method=method)
    assert trace(network) == before
    assert torch.equal(torch.get_rng_state(), generator)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_behind_after_an_image_that_does_not_fit(method):
    network = mixed_network()
    before = trace(network)
    with pytest.raises(RuntimeError):
        explain(network, IMAGE[:2], target=0, method=method)
    assert trace(network) == before


def test_hooks_of_others_stay():
    network = tiny_network()
    handle = network.last_convolution.register_forward_hook(lambda *_: None)
    explain(network, IMAGE, target=0, method="grad-cam")
    assert len(network.last_convolution._forward_hooks) == 1
    handle.remove()


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "integrated-gradients"])
def test_a_linear_network_is_explained_by_the_column_its_class_looks_at(method):
    image = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(2)) + 0.5
    found = explain(Linear(), image, target=3, method=method)
    assert (found[:, 3] > 0).all()
    assert found.sum() == pytest.approx(found[:, 3].sum())


def test_integrated_gradients_of_a_linear_network_are_the_inputs_share():
    image = torch.zeros(3, 8, 8)
    image[0, :, 5] = torch.arange(8.0)
    found = explain(Linear(), image, target=5, method="integrated-gradients")
    # The map is scaled by its 99th percentile, here between the two largest of 64 values.
    np.testing.assert_allclose(found[:7, 5] / found[6, 5], np.arange(7) / 6, rtol=1e-5)


def test_grad_cam_finds_the_bright_place_that_speaks_for_the_class():
    image = torch.zeros(3, 8, 8)
    image[0, 2, 5] = 1
    image[0, 6, 1] = -1
    found = explain(Linear(), image, target=5, method="grad-cam")
    assert np.unravel_index(found.argmax(), found.shape) == (2, 5)
    assert found[6, 1] == 0


@pytest.mark.parametrize(("target", "method"), [(0, "magic"), (3, "gradient"), (-1, "gradient")])
def test_unknown_method_or_class_is_a_sentence(target, method):
    with pytest.raises(ModelError, match="Expected a"):
        explain(tiny_network(), IMAGE, target=target, method=method)


def test_works_where_gradients_are_switched_off():
    with torch.no_grad():
        assert explain(tiny_network(), IMAGE, target=0, method="gradient").max() == 1


@pytest.mark.parametrize("empty", [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_no_signal_is_all_zero_without_a_warning(empty):
    assert normalise(empty).sum() == 0


def test_scaling_stops_at_the_99th_percentile():
    values = np.ones((100, 100))
    values[0, 0] = 1e6
    assert normalise(values).min() == 1


def test_a_single_bright_pixel_is_not_lost():
    values = np.zeros((100, 100))
    values[3, 4] = 0.2
    assert normalise(values)[3, 4] == 1


def test_frozen_puts_everything_back_after_an_exception():
    network = mixed_network()
    before = trace(network)

    def fail_inside():
        with frozen(network):
            network.last_convolution.register_forward_hook(lambda *_: None)
            network.train()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert trace(network) == before
