import json
import math

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Saliency

from data.labelled_images import draw_pictures
from model.commands.main import main
from model.errors import CheckpointError, ModelError
from model.metrics.bootstrap import mean_interval
from model.saliency.checks import checks
from model.saliency.checks.baselines import BASELINES, baseline
from model.saliency.checks.checks import Value
from model.saliency.checks.curves import area, curve
from model.saliency.checks.findings import find, summarise
from model.saliency.checks.randomisation import layer_groups, randomised, rank_correlation
from model.saliency.checks.robustness import SQUARES, largest_change, misfit
from model.saliency.checks.runner import Counts, Done, Plan, carry_out
from model.saliency.checks.structures import is_hit, share_inside
from model.saliency.checks.trust import NOT_MEASURED, Trust, in_words, read_trust
from model.saliency.methods import METHODS, attribute
from tests.support.model_world import tiny_card, tiny_checkpoint, tiny_network

IMAGE = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))


class Column(torch.nn.Module):
    """Answers class 1 by the mean of the image's left half, whatever the rest is."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(1, 2, bias=False)
        self.head.weight.data[:] = torch.tensor([[0.0], [8.0]])

    def forward(self, images, **_):
        from model.network.network import Output

        left = images[:, :, :, : images.shape[3] // 2].mean(dim=(1, 2, 3))[:, None]
        return Output(self.head(left), (), left)


LEFT = np.hstack([np.ones((16, 8)), np.zeros((16, 8))]).astype(np.float32)
BRIGHT = torch.ones(3, 16, 16)


def logits(network):
    return lambda images: network(images, auxiliary=False).logits


def test_methods_are_captums():
    network, image = tiny_network(), IMAGE[None].requires_grad_()
    plain = {"target": 1}
    expected = {
        "gradient": Saliency(logits(network)).attribute(image, abs=False, **plain),
        "integrated-gradients": IntegratedGradients(logits(network)).attribute(
            image, n_steps=24, **plain
        ),
        "grad-cam": LayerAttribution.interpolate(
            LayerGradCam(logits(network), network.last_convolution).attribute(image, **plain),
            (64, 64), "bilinear",
        ).expand(1, 3, 64, 64),
    }  # fmt: skip
    for method, values in expected.items():
        found = attribute(network, IMAGE, target=1, method=method, signed=True)
        torch.testing.assert_close(found, values[0].detach(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_signed_values_have_both_signs_and_the_map_has_none(method):
    network = tiny_network()
    assert attribute(network, IMAGE, target=1, method=method).min() >= 0
    assert attribute(network, IMAGE, target=1, method=method, signed=True).min() < 0


def test_share_and_pointing_game_by_hand():
    saliency = np.array([[1, 3], [0, 4]], np.float32)
    mask = np.array([[True, True], [False, False]])
    assert share_inside(saliency, mask) == 0.5
    assert is_hit(saliency, mask) == 0
    assert is_hit(saliency.T, ~mask) == 1
    tied = np.ones((2, 2), np.float32)
    assert is_hit(tied, mask) == 0.5
    for nothing in (share_inside, is_hit):
        assert math.isnan(nothing(np.zeros((2, 2), np.float32), mask))
        assert math.isnan(nothing(saliency, np.zeros((2, 2), bool)))


def test_deleting_the_pixels_that_matter_is_faster_than_deleting_the_others():
    network = Column().eval()
    areas = {
        kind: [
            area(curve(network, BRIGHT, m, target=1, kind=kind, seed=0)) for m in (LEFT, 1 - LEFT)
        ]
        for kind in ("deletion", "insertion")
    }
    assert areas["deletion"][0] < areas["deletion"][1] - 0.2
    # Blurring a plain picture takes nothing away.
    assert areas["insertion"][0] == pytest.approx(areas["insertion"][1])


def test_a_curve_goes_from_the_whole_picture_to_none_and_back():
    network = tiny_network()
    whole = network(IMAGE[None]).logits.softmax(1)[0, 2].item()
    blank = network(torch.zeros(1, 3, 64, 64)).logits.softmax(1)[0, 2].item()
    saliency = baseline(IMAGE, "edges", seed=0)
    gone = curve(network, IMAGE, saliency, target=2, kind="deletion", seed=0, steps=4)
    back = curve(network, IMAGE, saliency, target=2, kind="insertion", seed=0, steps=4)
    assert len(gone) == 5
    assert (gone[0], gone[-1], back[-1]) == pytest.approx((whole, blank, whole), abs=1e-5)


def test_the_order_of_equal_values_is_drawn_and_not_row_by_row():
    flat = np.zeros((16, 16), np.float32)
    first = curve(Column().eval(), BRIGHT, flat, target=1, kind="deletion", seed=0, steps=2)
    # Half of the pixels are gone; row by row or column by column the value would be an extreme.
    assert first[1] == pytest.approx(torch.tensor([0.0, 4.0]).softmax(0)[1].item(), abs=0.02)


def test_baselines_know_nothing_but_the_picture():
    assert set(BASELINES) == {"random", "edges", "centre"}
    step = torch.zeros(3, 16, 16)
    step[:, :, 8:] = 1
    edges = baseline(step, "edges", seed=0)
    assert set(np.unique(np.nonzero(edges)[1])) == {7, 8}
    centre = baseline(step, "centre", seed=0)
    assert np.unravel_index(centre.argmax(), centre.shape) == (7, 7)
    assert (baseline(step, "random", seed=0) != baseline(step, "random", seed=1)).any()


def test_random_weights_replace_the_named_layers_alone():
    network = tiny_network()
    names = list(layer_groups(network))
    assert names[0] == "classifier"
    before = network.state_dict()

    def changed(group, mode):
        after = randomised(network, group, mode=mode, seed=3).state_dict()
        return {key for key in before if not torch.equal(before[key], after[key])}

    assert changed("classifier", "cascading") == {"head.weight", "head.bias"}
    alone = changed(names[-1], "independent")
    assert "backbone.conv_stem.weight" in alone
    assert not alone & changed(names[1], "independent")
    everything = changed(names[-1], "cascading")
    assert everything >= alone | {"head.weight"}
    assert not any(key.startswith("auxiliary") for key in everything)
    weights = {k for k, v in network.named_parameters() if v.ndim > 1 and "auxiliary" not in k}
    assert weights <= everything


def test_a_map_is_like_itself_and_a_constant_one_is_like_nothing():
    noise = np.random.default_rng(0).random((16, 16), dtype=np.float32)
    assert rank_correlation(noise, noise) == pytest.approx(1)
    assert rank_correlation(noise, -noise) == pytest.approx(-1)
    assert math.isnan(rank_correlation(noise, np.zeros((16, 16), np.float32)))


def test_a_linear_network_is_foretold_by_its_gradient_and_not_by_an_empty_map():
    network = Column().eval()
    image = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))
    gradient = attribute(network, image, target=1, method="gradient", signed=True)
    args = {"target": 1, "seed": 0}
    empty = misfit(network, image, torch.zeros_like(image), is_share=False, **args)
    assert empty > 1e-3
    assert misfit(network, image, gradient, is_share=False, **args) < 1e-6 * empty
    shares = attribute(network, image, target=1, method="integrated-gradients", signed=True)
    assert misfit(network, image, shares, is_share=True, **args) < 1e-6 * empty


def test_the_empty_map_misses_the_mean_squared_change_of_the_logit():
    network = Column().eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        corners = [torch.randint(0, 14, (2,)).tolist() for _ in range(SQUARES)]
    changes = []
    for top, left in corners:
        held = BRIGHT.clone()
        held[:, top : top + 3, left : left + 3] = 0
        changes.append((network(BRIGHT[None]).logits - network(held[None]).logits)[0, 1].item())
    found = misfit(network, BRIGHT, torch.zeros_like(BRIGHT), target=1, is_share=True, seed=5)
    assert found == pytest.approx(np.mean(np.square(changes)), rel=1e-5)


def test_the_gradient_of_a_linear_network_holds_still():
    std = (0.5, 0.5, 0.5)
    options = {"target": 1, "method": "gradient", "std": std, "seed": 0}
    assert largest_change(Column().eval(), BRIGHT, **options) == 0
    moved = [largest_change(tiny_network(), IMAGE, **options) for _ in range(2)]
    assert moved[0] == moved[1] > 0


def values(n, *, good=0.6, chance=0.3):
    """Shares on the structures of a method and of a spot, deletion areas, random weights."""
    rng = np.random.default_rng(0)
    for i in range(n):
        wobble = rng.normal(0, 0.02)
        rows = [
            Value("", checks.AREA, "", chance),
            Value("gradient", checks.SHARE, "", good + wobble),
            Value("centre", checks.SHARE, "", chance + wobble),
            Value("gradient", checks.HIT, "", float(i % 2)),
        ]
        yield Done("structures", f"i{i}", tuple(rows))
        areas = {"gradient": 0.2, "random": 0.4, "edges": 0.2, "centre": 0.5}
        rows = [Value(k, checks.DELETION, "", v + wobble) for k, v in areas.items()]
        yield Done("curves", f"i{i}", tuple(rows))
        alike = Value("gradient", checks.RANKS, "cascading: backbone, part 1 of 4", 0.7 + wobble)
        yield Done("randomisation", f"i{i}", (alike,))


def test_findings_have_n_and_paired_intervals():
    found = summarise(list(values(20)))
    share = find(found, "gradient", checks.SHARE)
    assert share.n == 20
    assert share.ci_low < 0.6 < share.ci_high
    against = find(found, "gradient", checks.DELETION, against="random")
    # The wobble is the image's own, so that it cancels in pairs.
    assert (against.estimate, against.ci_low, against.ci_high) == pytest.approx((-0.2,) * 3)
    hits = find(found, "gradient", checks.HIT)
    assert (hits.estimate, hits.method) == (0.5, "Wilson 95%")


def test_few_images_give_no_interval_and_none_gives_no_number():
    assert mean_interval(np.array([1.0, 2.0]))[0] == 1.5
    assert math.isnan(mean_interval(np.array([1.0, 2.0]))[1])
    assert math.isnan(mean_interval(np.array([]))[0])
    assert find(summarise([]), "gradient", checks.SHARE) is None


def trust(n=20, **options):
    found = tuple(summarise(list(values(n, **options))))
    return Trust("sha", "synthetic images", True, found, {})


def test_trust_in_words_follows_the_numbers():
    said = in_words(trust(), "gradient")
    assert "On 20 synthetic images, 60% (" in said
    assert "cover 30%" in said
    assert "faster than blanking random pixels or the middle, but not measurably faster than edges"\
        in said  # fmt: skip
    assert "With all weights random it still looks alike" in said
    assert NOT_MEASURED not in said
    assert in_words(trust(), "grad-cam") == in_words(None, "gradient") == NOT_MEASURED


def test_trust_belongs_to_the_weights_it_was_measured_for(tmp_path):
    card = tiny_checkpoint(tmp_path)
    assert read_trust(tmp_path, card) is None
    (tmp_path / "tiny.saliency.json").write_text(json.dumps(trust().to_dict()))
    assert read_trust(tmp_path, card) is None
    (tmp_path / "tiny.saliency.json").write_text(
        json.dumps(trust().to_dict() | {"sha256": card.sha256})
    )
    assert in_words(read_trust(tmp_path, card), "gradient") == in_words(trust(), "gradient")
    (tmp_path / "tiny.saliency.json").write_text("{")
    with pytest.raises(CheckpointError, match="make it again"):
        read_trust(tmp_path, card)


def plan(about=None, n=2, **options):
    card = tiny_card()
    pictures = list(draw_pictures(card.taxonomy, n=n, first_seed=5, sizes=(64,), nuisance=1))
    counts = Counts(structures=n, curves=0, robustness=0, randomisation=0)
    methods = ("gradient",)
    return Plan(tiny_network(), card, pictures, counts, about or {"a": 1}, methods, **options)


def test_work_goes_on_where_it_was_cut_off(tmp_path):
    whole = carry_out(plan(), tmp_path / "whole")
    file = tmp_path / "cut" / "values.jsonl"
    carry_out(plan(), tmp_path / "cut")
    text = file.read_text()
    file.write_text(text[: len(text) - 40])
    assert carry_out(plan(), tmp_path / "cut") == whole
    assert file.read_text() == text
    with pytest.raises(ModelError, match="begun with others"):
        carry_out(plan({"a": 2}), tmp_path / "cut")


def test_the_command_measures_writes_and_publishes(tmp_path, capsys):
    card = tiny_checkpoint(tmp_path)
    code = main([
        "saliency-checks", "--data", "phantom", "--checkpoint", "tiny", "--folder", str(tmp_path),
        "--out", str(tmp_path / "out"), "--publish", str(tmp_path), "--methods", "gradient",
        "--n-structures", "2", "--n-curves", "1", "--n-robustness", "1", "--n-randomisation", "1",
    ])  # fmt: skip
    assert code == 0
    found = read_trust(tmp_path, card).findings
    quantities = {f.quantity for f in found if f.map == "gradient"}
    assert quantities == {
        checks.SHARE, checks.HIT, checks.DELETION, checks.INSERTION, checks.UNFORETOLD,
        checks.CHANGE, checks.RANKS, checks.SSIM,
    }  # fmt: skip
    assert "| gradient |" in capsys.readouterr().out
    assert (tmp_path / "out" / "findings.svg").stat().st_size > 1000
    assert len((tmp_path / "out" / "findings.csv").read_text().splitlines()) == len(found) + 1


def test_a_part_that_cannot_be_found_again_is_a_sentence(tmp_path, capsys):
    tiny_checkpoint(tmp_path)
    from data.images import encode
    from tests.support.model_world import noise

    (tmp_path / "in" / "BCC").mkdir(parents=True)
    (tmp_path / "in" / "BCC" / "0.png").write_bytes(encode(noise()))
    arguments = ["saliency-checks", "--checkpoint", "tiny", "--folder", str(tmp_path), "--data"]
    code = main(
        [*arguments, str(tmp_path / "in"), "--part", "test", "--out", str(tmp_path / "out")]
    )
    assert code == 2
    assert "to name the settings of its training" in capsys.readouterr().err
