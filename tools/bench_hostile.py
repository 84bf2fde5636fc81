"""How much memory and time does the worst picture cost? `python tools/bench_hostile.py`.

Every file of `tests/hostile` goes the demo's own way: decoded apart and, when it is a picture,
ranked and explained. The server and its reader of pictures are looked at together. Linux only.
"""

import argparse
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from typing import Self

from data.images import MAX_BYTES, ImageError
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.visits import Visits
from model.inference.predictor import load_predictors
from tests.hostile.pictures import pictures
from tools.bench_uploads import Click, resident_mb, upload

_SHOWN = 10
_EVERY_SECONDS = 0.01


class Held:
    """The most memory that this process and its children held together, looked at all the time."""

    def __init__(self) -> None:
        self.peak_mb, self._is_over = 0, threading.Event()

    def __enter__(self) -> Self:
        self._looking = threading.Thread(target=self._look)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._is_over.wait(_EVERY_SECONDS):
            self.peak_mb = max(self.peak_mb, sum(map(resident_mb, ["self", *children()])))


def children() -> list[str]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [child for task in tasks for child in task.read_text("utf-8").split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", default="", help="only files whose name begins so, as bomb/")
    options = parser.parse_args()
    visits = Visits()
    demo = Demo(load_predictors(), visits=visits)
    intake = Intake(demo.cards, visits, examples=())
    warm_up = pictures()["both/jpeg-zip"]()
    for number in range(2 * len(demo.cards)):
        upload(number, warm_up, demo, intake)
    idle = sum(map(resident_mb, ["self", *children()]))
    rows = []
    for name, make in pictures().items():
        content = make()
        if name.startswith(options.kind) and len(content) <= MAX_BYTES:
            with Held() as held:
                seconds, result = shown(content, demo, intake)
            rows.append((held.peak_mb - idle, seconds, result, name))
    n_ranked = sum(result == "ranked" for _, _, result, _ in rows)
    print(f"idle {idle} MB; {len(rows)} files, {n_ranked} ranked, the others refused")
    print("| file | above idle, MB | seconds until it is taken or refused | result |")
    print("|---|---|---|---|")
    greedy = sorted(rows, reverse=True)[:_SHOWN]
    slow = sorted(rows, key=lambda row: -row[1])[:_SHOWN]
    for above, seconds, result, name in dict.fromkeys(greedy + slow):
        print(f"| {name} | {above} | {seconds:.1f} | {result} |")


def shown(content: bytes, demo: Demo, intake: Intake) -> tuple[float, str]:
    """The seconds until it was taken or refused, and which."""
    start = time.perf_counter()
    try:
        handle = intake.take_picture(content, visitor="a visitor")
    except ImageError:
        return time.perf_counter() - start, "refused"
    seconds = time.perf_counter() - start
    demo.rank(Click(handle), demo.cards[0].name)
    demo.explain(handle, demo.cards[0].taxonomy.codes[0], "smoothgrad")
    return seconds, "ranked"


if __name__ == "__main__":
    main()
