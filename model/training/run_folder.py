"""What a training leaves in its folder: settings, log, resumable state, best weights."""

import importlib.util
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml

from data import documents
from model.errors import UNREADABLE_WEIGHTS, ModelError
from model.training.config import TrainConfig, to_plain

# Settings that may differ when a training goes on: they do not change its result.
_FREE = {
    *("save_every", "workers", "threads", "publish", "domain", "licence", "name"),
    "views",
}


@dataclass
class Progress:
    """Where a training stands; `step` counts within the epoch, `history` has a row per epoch."""

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best_auc: float = float("-inf")
    best_epoch: int = -1
    seconds: float = 0.0
    done: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """The files of one training."""

    folder: Path

    @property
    def state(self) -> Path:
        """The state from which a killed training goes on."""
        return self.folder / "last.pt"

    @property
    def best(self) -> Path:
        """Weights of the epoch with the best macro AUC on the tuning part."""
        return self.folder / "best.pt"

    @property
    def config(self) -> Path:
        """All settings, as they were resolved."""
        return self.folder / "config.resolved.yaml"

    @property
    def log(self) -> Path:
        """One row per epoch."""
        return self.folder / "log.csv"


def open_run(folder: Path, config: TrainConfig, *, write: bool = True) -> Run:
    """Make the folder, or check that it holds the same training; write the resolved settings."""
    run = Run(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plain = to_plain(config)
    if run.state.is_file() and run.config.is_file():
        before = _read_settings(run.config)
        changed = sorted(k for k, v in plain.items() if k not in _FREE and before.get(k, v) != v)
        if changed:
            raise ModelError(
                f"Expected the settings with which {folder} was begun, but "
                f"{', '.join(changed)} changed; use the old settings or another --out folder."
            )
    if write:
        text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        scratch = run.config.with_suffix(".part")
        scratch.write_text(text, "utf-8")
        scratch.replace(run.config)
    return run


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        found = documents.read(path, "YAML")
    except documents.DocumentError as error:
        raise damaged(path, error) from error
    if not isinstance(found, dict):
        raise damaged(path, TypeError(type(found).__name__))
    return found


def damaged(path: Path, error: Exception) -> ModelError:
    """The error for a file of a run that cannot be used."""
    return ModelError(
        f"Expected {path} as a training left it, but it is damaged ({type(error).__name__}); bring "
        "it back from a copy, or begin anew with another --out folder."
    )


def save_atomically(content: Any, path: Path) -> None:
    """Write so that a kill at any moment leaves the old file or the new one, whole."""
    scratch = path.with_suffix(".part")
    with scratch.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def read_state(path: Path) -> Any:
    """Read what `save_atomically` wrote; code in the file is refused, and so is a damaged file."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE_WEIGHTS as error:
        raise damaged(path, error) from error


def progress_to_plain(progress: Progress) -> dict[str, Any]:
    """For the state file."""
    return asdict(progress)


def write_log(run: Run, history: list[dict[str, float]]) -> None:
    """The log is a copy of the state's history, so that a resumed run has no row twice."""
    pd.DataFrame(history).to_csv(run.log, index=False)


def write_tensorboard(run: Run, row: dict[str, float]) -> None:
    """The epoch's row for TensorBoard, when that is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return
    # Imported here: torch's writer cannot be imported without the optional package.
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415

    with SummaryWriter(str(run.folder / "tensorboard")) as writer:
        for name, value in row.items():
            if name != "epoch":
                writer.add_scalar(name, value, global_step=int(row["epoch"]))
