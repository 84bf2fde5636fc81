"""The training loop: every step is a function of the state before it, the seed and its number."""

import math
import time
from collections.abc import Iterable
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from tqdm import tqdm

from model.errors import ModelError
from model.inference.scoring import Batch, loader_of, plain_errors, score, start_worker
from model.metrics.classification import macro_auc
from model.metrics.temperature import softmax
from model.network.network import SkinNet
from model.training.config import TrainConfig
from model.training.data_module import Parts
from model.training.losses import mixup, prior_adjustment, total_loss
from model.training.run_folder import (
    Progress,
    Run,
    damaged,
    progress_to_plain,
    read_state,
    save_atomically,
    write_log,
    write_tensorboard,
)
from model.training.sampling import BatchSampler, class_shares, epoch_order


def learning_rate(step: int, *, total: int, peak: float, warmup: float) -> float:
    """Linear rise over the first `warmup` share of `total` steps, then a cosine down to peak/1000.

    >>> [round(learning_rate(s, total=8, peak=1.0, warmup=0.25), 2) for s in (0, 2, 5, 8)]
    [0.04, 1.0, 0.5, 0.0]
    """
    rise = max(1.0, warmup * total)
    if step < rise:
        return peak * (0.04 + 0.96 * step / rise)
    share = min(1.0, (step - rise) / max(1.0, total - rise))
    return peak * (0.001 + 0.999 * (1 + math.cos(math.pi * share)) / 2)


def training_side(epoch: int, *, config: TrainConfig) -> int:
    """Side in px of the training input in `epoch`: growing sizes first, then the network's own.

    Small inputs first cost less and generalise as well. Reference: Tan & Le 2021, section 4.2.
    """
    sides = (*config.growing_sizes, config.size_px)
    return sides[min(epoch * len(sides) // config.epochs, len(sides) - 1)]


def resized(images: Tensor, side: int) -> Tensor:
    """(n, 3, h, w) to (n, 3, side, side); the very tensor when it has that size."""
    if images.shape[-1] == side:
        return images
    return functional.interpolate(
        images, size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )


def make_optimizer(network: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW; biases and norms are not decayed."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


class Trainer:
    """One training in one process; under DDP there is one of these per device."""

    def __init__(
        self, *, fabric: Fabric, config: TrainConfig, parts: Parts, network: SkinNet, run: Run
    ) -> None:
        self.fabric = fabric
        self.config = config
        self.parts = parts
        self.run = run
        self.progress = Progress()
        self.raw = network.to(memory_format=network.memory_format)
        self.network, self.optimizer = fabric.setup(self.raw, make_optimizer(network, config))
        self.average = _average(self.raw, config.ema)
        self.length = config.epoch_size or len(parts.train)
        per_step = config.batch_size * fabric.world_size
        self.steps = self.length // per_step
        self.n_classes = network.head.out_features
        shares = class_shares(parts.train.labels, n_classes=self.n_classes, balance=config.balance)
        found = prior_adjustment(shares, strength=config.logit_adjustment)
        self._adjustment = found if found is None else found.to(fabric.device)
        self._tuning: Iterable[Batch] | None = None

    def train(self) -> Progress:
        """Train to the end or to the point where patience ends, from wherever the run stands."""
        self._resume()
        while not self.progress.done:
            self._epoch()
            self._close_epoch()
        return self.progress

    def _resume(self) -> None:
        if not self.run.state.is_file():
            return
        state = read_state(self.run.state)
        if not isinstance(state, dict):
            raise damaged(self.run.state, TypeError())
        if state.get("data_hash") != self.parts.data_hash:
            raise ModelError(
                f"Expected the data that the training in {self.run.folder} began with, but cases, "
                "labels or images have changed; give another --out, or bring the data back."
            )
        try:
            self.raw.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.average:
                self.average.load_state_dict(state["average"])
            self.progress = Progress(**state["progress"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise damaged(self.run.state, error) from error

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            state = {
                "network": self.raw.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.state_dict() if self.average else None,
                "progress": progress_to_plain(self.progress),
                "data_hash": self.parts.data_hash,
            }
            save_atomically(state, self.run.state)
        self.fabric.barrier()

    def _batches(self) -> DataLoader[Any]:
        config, progress = self.config, self.progress
        order = epoch_order(
            self.parts.train.labels,
            length=self.length,
            balance=config.balance,
            seed=config.seed,
            epoch=progress.epoch,
        )
        sampler = BatchSampler(
            order,
            batch_size=config.batch_size,
            seed=config.seed,
            epoch=progress.epoch,
            first_step=progress.step,
            rank=self.fabric.global_rank,
            world_size=self.fabric.world_size,
        )
        return DataLoader(
            self.parts.train,
            batch_sampler=sampler,
            num_workers=config.workers,
            worker_init_fn=start_worker,
            prefetch_factor=4 if config.workers else None,
        )

    def _epoch(self) -> None:
        self.raw.train()
        progress = self.progress
        bar = tqdm(
            total=self.steps,
            initial=progress.step,
            desc=f"epoch {progress.epoch + 1}/{self.config.epochs}",
            unit="step",
            mininterval=2,
            disable=not self.fabric.is_global_zero,
        )
        started = time.perf_counter()
        for images, labels in plain_errors(self._batches()):
            progress.loss_sum += self._step(images, labels)
            progress.step += 1
            bar.update()
            bar.set_postfix(loss=f"{progress.loss_sum / progress.step:.3f}", refresh=False)
            if progress.step % self.config.save_every == 0:
                progress.seconds += time.perf_counter() - started
                started = time.perf_counter()
                self._save()
        progress.seconds += time.perf_counter() - started
        bar.close()

    def _step(self, images: Tensor, labels: Tensor) -> float:
        config, progress = self.config, self.progress
        number = progress.epoch * self.steps + progress.step
        # Dropout and stochastic depth follow the step's number, so that no generator is stored.
        torch.manual_seed(hash((config.seed, number, self.fabric.global_rank)) % 2**63)
        rate = learning_rate(
            number,
            total=config.epochs * self.steps,
            peak=config.learning_rate,
            warmup=config.warmup,
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        images = images.to(self.fabric.device, memory_format=self.raw.memory_format)
        images = resized(images, training_side(progress.epoch, config=config))
        targets = labels.to(self.fabric.device)
        if config.mixup:
            images, targets = mixup(images, targets, n_classes=self.n_classes, alpha=config.mixup)
        loss = total_loss(
            self.network(images),
            targets,
            aux_weights=_weights(config.aux_weight),
            label_smoothing=config.label_smoothing,
            adjustment=self._adjustment,
        )
        found = float(loss.detach())
        if not math.isfinite(found):
            raise ModelError(
                f"Expected a finite loss, but it became {found} in epoch {progress.epoch + 1}, "
                f"step {progress.step + 1}; lower --learning-rate (now {config.learning_rate:g}) "
                "or use --precision 32-true, and give another --out."
            )
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.network, self.optimizer, max_norm=config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.average:
            self.average.update_parameters(self.raw)
        return found

    @property
    def _kept(self) -> SkinNet:
        """What is validated and becomes the checkpoint: the averaged weights, if there are any."""
        return cast("SkinNet", self.average.module) if self.average else self.raw

    def _close_epoch(self) -> None:
        progress = self.progress
        row = self._validate()
        progress.history.append(row)
        if self.config.keep == "last" or row["tuning_macro_auc"] > progress.best_auc:
            progress.best_auc, progress.best_epoch = row["tuning_macro_auc"], progress.epoch
            if self.fabric.is_global_zero:
                save_atomically(self._kept.state_dict(), self.run.best)
        progress.epoch += 1
        progress.step, progress.loss_sum = 0, 0.0
        stale = progress.epoch - 1 - progress.best_epoch
        tired = bool(self.config.patience) and stale >= self.config.patience
        progress.done = progress.epoch >= self.config.epochs or tired
        self._save()
        if self.fabric.is_global_zero:
            write_log(self.run, progress.history)
            write_tensorboard(self.run, row)
            tqdm.write(", ".join(f"{name} {value:.4g}" for name, value in row.items()))

    def _validate(self) -> dict[str, float]:
        # Every rank scores the whole tuning part: it is small, and all then agree on the best.
        if self._tuning is None:
            self._tuning = loader_of(self.parts.tuning, workers=self.config.workers)
        scores = score(self._kept, self._tuning, device=self.fabric.device)
        probabilities = softmax(scores.logits)
        own = probabilities[range(len(scores.truth)), scores.truth]
        return {
            "epoch": self.progress.epoch + 1,
            "train_loss": self.progress.loss_sum / max(1, self.progress.step),
            "tuning_macro_auc": macro_auc(probabilities, scores.truth),
            "tuning_top1": float((probabilities.argmax(axis=1) == scores.truth).mean()),
            "tuning_nll": float(-torch.tensor(own).clamp_min(1e-12).log().mean()),
            "seconds": round(self.progress.seconds, 1),
        }


def _average(network: nn.Module, decay: float) -> AveragedModel | None:
    """Exponential moving average of weights and batch statistics (Tarvainen & Valpola 2017)."""
    if not decay:
        return None
    average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)


def _weights(values: tuple[float, ...]) -> float | tuple[float, ...]:
    return float(values[0]) if len(values) == 1 else values
