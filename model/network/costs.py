"""What a network costs: parameters, multiplications, time per image."""

import statistics
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from model.network.network import SkinNet

_REPEATS = 15
_WARM_UP = 3


@dataclass(frozen=True)
class Costs:
    """Of one image of `size_px`, as served: auxiliary classifiers are trained but not asked.

    `parameters` counts what is served and `training_parameters` the auxiliary classifiers as well;
    `macs` are multiply-accumulates of convolutions and matrix products; `latency_ms` is the median
    of 15 forward passes of one image in float32 on `device` with `threads` threads.
    """

    parameters: int
    training_parameters: int
    macs: int
    latency_ms: float
    device: str
    threads: int


def measure_costs(network: SkinNet, *, size_px: int) -> Costs:
    """Measure `network` where it lies; its mode is put back."""
    device = next(network.parameters()).device
    image = torch.zeros(1, 3, size_px, size_px, device=device)
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            # The counter holds two operations for each multiply-accumulate.
            with FlopCounterMode(display=False) as counter:
                network(image, auxiliary=False)
            macs = counter.get_total_flops() // 2
            times = [_milliseconds(network, image) for _ in range(_WARM_UP + _REPEATS)]
    finally:
        network.train(was_training)
    everything = sum(p.numel() for p in network.parameters())
    helpers = sum(p.numel() for p in network.auxiliary.parameters())
    return Costs(
        parameters=everything - helpers,
        training_parameters=everything,
        macs=macs,
        latency_ms=statistics.median(times[_WARM_UP:]),
        device=device.type,
        threads=torch.get_num_threads(),
    )


def _milliseconds(network: SkinNet, image: torch.Tensor) -> float:
    started = time.perf_counter()
    network(image, auxiliary=False)
    if image.is_cuda:
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started)
