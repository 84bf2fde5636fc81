"""Measure speed on this machine and write a Markdown page: `make bench`.

Every comparison is a ratio taken in one run, since machines differ and are noisy.
"""

import argparse
import csv
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import timm
import torch
from captum.attr import Saliency

from data.images import ImageError, decode, encode, quality_report
from data.phantom import CODES, draw_phantom
from model.inference.predictor import load_predictor
from model.saliency.methods import METHODS
from model.saliency.overlay import overlay
from tools.bench_statistics import scaling

REALDATA = ROOT.parent / "shared" / "realdata"


def milliseconds(task: Callable[[], object], *, repeats: int = 15) -> tuple[float, float]:
    """Median and 90th percentile of `repeats` runs after one warm-up."""
    task()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), float(np.percentile(times, 90))


def row(name: str, timing: tuple[float, float]) -> str:
    return f"| {name} | {timing[0]:.1f} | {timing[1]:.1f} |"


def demo_path() -> list[str]:
    """The stages from upload to ranked list and to map, and the bare libraries beside them."""
    predictor = load_predictor()
    photo = encode(draw_phantom("BCC", seed=77, size=1024).image, format="JPEG")
    image = decode(photo)
    top = predictor.card.taxonomy.codes[int(predictor.predict([image]).probabilities[0].argmax())]
    saliency = predictor.explain(image, target=top, method="gradient")
    size = predictor.card.preprocessing.size_px
    plain = timm.create_model("efficientnet_b4", num_classes=14).eval()
    batch = torch.randn(1, 3, size, size)

    def forward() -> object:
        with torch.inference_mode():
            return plain(batch)

    lines = [
        f"Image of 1024 x 1024 px (JPEG, {len(photo) // 1000} kB), network input {size} px, "
        f"{torch.get_num_threads()} threads; median and 90th percentile of 15 runs, ms.",
        "",
        "| stage | median | p90 |",
        "|---|---|---|",
        row("decode", milliseconds(lambda: decode(photo))),
        row("quality report", milliseconds(lambda: quality_report(image))),
        row("predict (resize, forward, softmax)", milliseconds(lambda: predictor.predict([image]))),
        row("*plain timm forward, same size*", milliseconds(forward)),
    ]
    for method in METHODS:
        lines.append(
            row(
                f"map: {method}",
                milliseconds(
                    lambda method=method: predictor.explain(image, target=top, method=method),
                    repeats=5,
                ),
            )
        )
    plain_saliency = Saliency(plain)
    lines += [
        row(
            "*plain captum Saliency on plain timm, same size*",
            milliseconds(
                lambda: plain_saliency.attribute(batch.clone().requires_grad_(), target=0)
            ),
        ),
        row(
            "overlay and encode",
            milliseconds(lambda: encode(overlay(image, saliency, opacity=0.5), format="WEBP")),
        ),
    ]
    return lines


def phantoms() -> list[str]:
    lines = ["| size, px | images/s on one core |", "|---|---|"]
    for size in (160, 256, 448):
        start = time.perf_counter()
        for number in range(56):
            draw_phantom(CODES[number % 14], seed=number, size=size)
        lines.append(f"| {size} | {56 / (time.perf_counter() - start):.0f} |")
    return lines


def real_images(limit: int | None) -> list[str]:
    """The demo's own path on every real image: a prediction and a map, or a sentence."""
    if not (REALDATA / "manifest.csv").is_file():
        return ["The folder of real images was not there in this run."]
    predictor = load_predictor()
    with (REALDATA / "manifest.csv").open(encoding="utf-8") as file:
        paths = [REALDATA / entry["path"] for entry in csv.DictReader(file)][:limit]
    ranked, sentences, warned, to_list, to_map = 0, 0, 0, [], []
    for path in paths:
        start = time.perf_counter()
        try:
            image = decode(path.read_bytes())
        except ImageError:
            sentences += 1
            continue
        prediction = predictor.predict([image])
        warned += bool(quality_report(image).warnings)
        to_list.append((time.perf_counter() - start) * 1000)
        code = prediction.codes[int(prediction.probabilities[0].argmax())]
        saliency = predictor.explain(image, target=code, method="gradient")
        overlay(image, saliency, opacity=0.5)
        to_map.append((time.perf_counter() - start) * 1000)
        ranked += int(np.isfinite(saliency).all() and saliency.shape == image.shape[:2])
    return [
        f"{len(paths)} images: {ranked} gave a prediction and a map, {sentences} a sentence, "
        f"{len(paths) - ranked - sentences} anything else; {warned} carried a quality warning.",
        "",
        "| per image, ms | median | p90 | longest |",
        "|---|---|---|---|",
        f"| upload to ranked list | {_spread(to_list)} |",
        f"| upload to map | {_spread(to_map)} |",
    ]


def _spread(times: list[float]) -> str:
    return f"{np.median(times):.0f} | {np.percentile(times, 90):.0f} | {max(times):.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--real-limit", type=int, default=None)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sections = {
        "From upload to ranked list and map": demo_path,
        "Phantoms": phantoms,
        "Real images": lambda: real_images(arguments.real_limit),
        "Statistics by readers and cases": lambda: scaling(arguments.out),
    }
    page = [f"Python {platform.python_version()}, torch {torch.__version__}, CPU.", ""]
    for title, measure in sections.items():
        print(f"{title} …", flush=True)
        page += [f"## {title}", "", *measure(), ""]
    (arguments.out / "benchmarks.md").write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
