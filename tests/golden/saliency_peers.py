"""What `saliency_quantus.json` was made from, and how: `python -m tests.golden.saliency_peers`.

Making it needs Quantus 0.6.0 and scikit-image 0.26.0 (`pip install --target FOLDER --no-deps`, as
Quantus would replace opencv-python-headless). The tests only read the file.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from model.network.network import Output

FILE = Path(__file__).with_name("saliency_quantus.json")
SIZE, N_CLASSES, SEED = 12, 3, 42


class Small(nn.Module):
    """Three layers in the form of a SkinNet, one channel in; weights from NumPy's generator."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 4, 3, padding=1), nn.Tanh()
        )
        self.head = nn.Linear(4 * SIZE * SIZE, N_CLASSES)
        rng = np.random.default_rng(SEED)
        for weight in self.parameters():
            drawn = rng.normal(0, 0.2, tuple(weight.shape))
            weight.data[:] = torch.from_numpy(drawn.astype(np.float32))

    @property
    def last_convolution(self):
        return self.backbone[2]

    def forward(self, images, **_):
        features = self.backbone(images).flatten(1)
        return Output(self.head(features), (), features)


class Logits(nn.Module):
    """The same network as Quantus takes it: one tensor out."""

    def __init__(self, network):
        super().__init__()
        self.backbone, self.head = network.backbone, network.head

    def forward(self, images):
        return self.head(self.backbone(images).flatten(1))


def inputs(n=4):
    """Images (n, 1, s, s), maps (n, s, s) without ties, masks (n, s, s), classes (n,)."""
    rng = np.random.default_rng(7)
    images = rng.normal(size=(n, 1, SIZE, SIZE)).astype(np.float32)
    maps = rng.random((n, SIZE, SIZE), dtype=np.float32)
    masks = rng.random((n, SIZE, SIZE)) < 0.3
    return images, maps, masks, np.arange(n) % N_CLASSES


def _explain(model, inputs, targets, **_):
    from captum.attr import Saliency

    x = torch.from_numpy(np.asarray(inputs)).requires_grad_()
    return Saliency(model).attribute(x, target=torch.from_numpy(np.asarray(targets))).numpy()


def make():
    import quantus
    from skimage.metrics import structural_similarity

    images, maps, masks, classes = inputs()
    batch = {
        "model": Logits(Small()).eval(),
        "x_batch": images,
        "y_batch": classes,
        "a_batch": maps[:, None],
        "s_batch": masks[:, None],
    }
    quiet = {"disable_warnings": True, "display_progressbar": False}
    plain = {"abs": False, "normalise": False, **quiet}
    flipping = quantus.PixelFlipping(features_in_step=9, perturb_baseline=0.0, **plain)
    mprt = quantus.MPRT(
        similarity_func=quantus.similarity_func.correlation_spearman,
        layer_order="independent",
        seed=SEED,
        return_average_correlation=False,
        **plain,
    )
    return {
        "made_with": "quantus 0.6.0, scikit-image 0.26.0, torch 2.14.1",
        "PointingGame": [float(v) for v in quantus.PointingGame(**plain)(**batch)],
        "RelevanceMassAccuracy": [
            float(v) for v in quantus.RelevanceMassAccuracy(**plain)(**batch)
        ],
        "PixelFlipping": np.asarray(flipping(**batch)).astype(float).tolist(),
        "MPRT independent, Spearman": {
            name: np.asarray(values).astype(float).tolist()
            for name, values in mprt(
                **{k: v for k, v in batch.items() if k not in ("a_batch", "s_batch")},
                explain_func=_explain,
            ).items()
        },
        "skimage structural_similarity, Gaussian": [
            float(
                structural_similarity(
                    a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                    data_range=1.0,
                )
            )
            for a, b in zip(maps[:-1].astype(float), maps[1:].astype(float), strict=True)
        ],
    }  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=1) + "\n", "utf-8")
