"""Checkpoints as files: safetensors weights and the card that each is checked against."""

import dataclasses
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from data.manifest import file_sha256
from model.card.card import ModelCard, read_card, write_card
from model.errors import CheckpointError
from model.network.network import SkinNet

BUNDLED = Path(__file__).parents[1] / "checkpoints"
WEIGHTS_SUFFIX = ".safetensors"
# `<name>.tuning.safetensors` is no checkpoint: it lies beside one (model.card.tuning).
COMPANION = ".tuning"


def save_checkpoint(network: SkinNet, card: ModelCard, folder: Path) -> ModelCard:
    """Write `<name>.safetensors` (floating weights as fp16) and `<name>.json` into `folder`.

    Returns the card with the hash of the weights filled in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}{WEIGHTS_SUFFIX}"
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
        for name, tensor in network.state_dict().items()
    }
    # Not save_file: it makes a file that nobody else may read, such as the server's own account.
    path.write_bytes(save(state, metadata={"codes": json.dumps(card.taxonomy.codes)}))
    card = dataclasses.replace(card, sha256=file_sha256(path))
    write_card(card, path.with_suffix(".json"))
    return card


def list_checkpoints(folder: Path = BUNDLED) -> tuple[str, ...]:
    """Names of the checkpoints in `folder`, sorted; empty when there is no folder."""
    names = (path.name.removesuffix(WEIGHTS_SUFFIX) for path in folder.glob(f"*{WEIGHTS_SUFFIX}"))
    return tuple(sorted(name for name in names if not name.endswith(COMPANION)))


def find_weights(name_or_path: str | Path, *, folder: Path = BUNDLED) -> Path:
    """The weights file of a checkpoint's name in `folder`, or of a path. Never downloads."""
    path = Path(name_or_path)
    named = folder / f"{name_or_path}{WEIGHTS_SUFFIX}"
    if named.is_file():
        return named
    if path.suffix in (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"):
        raise CheckpointError(
            f"Expected a {WEIGHTS_SUFFIX} checkpoint, but {path.name} is a pickle, which can run "
            "code when it is read; save it with SkinReader or as safetensors."
        )
    if path.suffix == WEIGHTS_SUFFIX and path.is_file():
        return path
    known = ", ".join(list_checkpoints(folder)) or "none yet; `make train-demo` makes one"
    raise CheckpointError(
        f"Expected the name of a checkpoint ({known}) or a {WEIGHTS_SUFFIX} file, but got "
        f"{str(name_or_path)!r}; check name and path."
    )


def load_card(name_or_path: str | Path, *, folder: Path = BUNDLED) -> ModelCard:
    """The card alone, without reading the weights."""
    return read_card(find_weights(name_or_path, folder=folder).with_suffix(".json"))


def load_checkpoint(
    name_or_path: str | Path, *, folder: Path = BUNDLED
) -> tuple[SkinNet, ModelCard]:
    """The network, in evaluation mode with fp32 weights, and its card.

    Raises CheckpointError when either file is missing, damaged, not the one that the card was
    written for, or orders its classes otherwise.
    """
    path = find_weights(name_or_path, folder=folder)
    card = read_card(path.with_suffix(".json"))
    if card.name != path.stem:
        raise CheckpointError(
            f"Expected the card {path.stem}.json to be that of {path.stem}, but it names "
            f"{card.name!r}; call the files of the checkpoint {card.name}.*, or train with --name."
        )
    found = file_sha256(path)
    if found != card.sha256:
        raise CheckpointError(
            f"Expected the weights that the card of {card.name} was written for, but the hash of "
            f"{path.name} begins {found[:12]} and not {card.sha256[:12]}: it was cut short or "
            "changed; copy both files again."
        )
    _check_codes(path, card)
    network = SkinNet(
        card.backbone,
        len(card.taxonomy),
        auxiliary=card.auxiliary,
        size_px=card.preprocessing.size_px,
    )
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"Expected weights of {card.backbone} with {len(card.taxonomy)} classes in "
            f"{path.name}, but they do not fit; copy both files again."
        ) from error
    network.eval().to(memory_format=network.memory_format)
    return network, card


def _check_codes(path: Path, card: ModelCard) -> None:
    try:
        with safe_open(path, framework="pt") as file:
            stored = tuple(json.loads((file.metadata() or {}).get("codes", "[]")))
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"Expected {path.name} to be safetensors, but it cannot be read; copy it again."
        ) from error
    if stored != card.taxonomy.codes:
        raise CheckpointError(
            f"Expected {path.name} to order its classes as its card does "
            f"({', '.join(card.taxonomy.codes)}), but it has {', '.join(stored) or 'none'}; "
            "take the card that was written with these weights."
        )
