"""Does the server's memory stay flat under uploads? `python tools/bench_uploads.py --uploads 500`.

Pictures go the demo's own way, several visitors at a time: decoded apart, ranked by both
checkpoints in turn, every tenth explained by the methods in turn. Linux only.
"""

import argparse
import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.images import encode
from data.phantom import draw_phantom
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.visits import Visits
from model.inference.predictor import load_predictors
from model.saliency.methods import METHODS

_MAP_EVERY = 10


def resident_mb(process: str | int = "self") -> int:
    """Nothing for a process that has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except FileNotFoundError:
        return 0
    return int((status.partition("VmRSS:")[2].split() or ["0"])[0]) // 1024


class Click:
    """What Gradio makes of the page's event."""

    def __init__(self, handle: str) -> None:
        self.handle = handle


def upload(number: int, photo: bytes, demo: Demo, intake: Intake) -> None:
    handle = intake.take_picture(photo, visitor=f"visitor {number % 7}")
    card = demo.cards[number % len(demo.cards)]
    demo.rank(Click(handle), card.name)
    if number % _MAP_EVERY == 0:
        method = list(METHODS)[number // _MAP_EVERY % len(METHODS)]
        demo.explain(handle, card.taxonomy.codes[0], method)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=500)
    parser.add_argument("--visitors", type=int, default=4)
    options = parser.parse_args()
    visits = Visits()
    demo = Demo(load_predictors(), visits=visits)
    intake = Intake(demo.cards, visits, examples=())
    photos = [
        encode(draw_phantom("BCC", seed=77, size=size).image, format="JPEG") for size in (600, 1600)
    ]
    print("| uploads | seconds | resident, MB |\n|---|---|---|")
    print(f"| 0 | 0 | {resident_mb()} |", flush=True)
    start = time.perf_counter()
    with ThreadPoolExecutor(options.visitors) as pool:
        numbers = iter(range(options.uploads))
        while some := list(itertools.islice(numbers, 25)):
            sent = [pool.submit(upload, n, photos[n % 2], demo, intake) for n in some]
            for one in sent:
                one.result()
            seconds = time.perf_counter() - start
            print(f"| {some[-1] + 1} | {seconds:.0f} | {resident_mb()} |", flush=True)


if __name__ == "__main__":
    main()
