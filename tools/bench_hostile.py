"""How much memory and time does the worst picture cost? `python tools/bench_hostile.py`.

Every file of `tests/hostile` goes the demo's own way: decoded apart and, when it is a picture,
ranked and explained. The peaks of the server and of its reader of pictures are added, though they
need not fall together. Linux only.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.images import MAX_BYTES, ImageError
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.visits import Visits
from model.predictor import load_predictors
from tests.hostile.pictures import pictures
from tools.bench_uploads import Click, upload

_SHOWN = 10


def memory_mb(process: int | str, line: str) -> int:
    """`VmHWM`, the peak, or `VmRSS`, what is held now."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(status.partition(f"{line}:")[2].split()[0]) // 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", "utf-8")


def children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text("utf-8").split()]


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
    idle = memory_mb("self", "VmRSS")
    rows = []
    for name, make in pictures().items():
        content = make()
        if not name.startswith(options.kind) or len(content) > MAX_BYTES:
            continue
        forget_peak()
        start = time.perf_counter()
        result = shown(content, demo, intake)
        seconds = time.perf_counter() - start
        own = memory_mb("self", "VmHWM") - idle
        reader = max((memory_mb(child, "VmHWM") for child in children()), default=0)
        rows.append((own + reader, own, reader, seconds, result, name))
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    n_ranked = sum(row[4] == "ranked" for row in rows)
    print(f"idle {idle} MB; {len(rows)} files, {n_ranked} ranked; readers that ended: {ended} MB")
    print("| file | server above idle, MB | reader's peak, MB | together | seconds | result |")
    print("|---|---|---|---|---|---|")
    most, longest = sorted(rows, reverse=True), sorted(rows, key=lambda row: -row[3])
    for together, own, reader, seconds, result, name in most[:_SHOWN] + longest[:_SHOWN]:
        print(f"| {name} | {own} | {reader} | {together} | {seconds:.1f} | {result} |")


def shown(content: bytes, demo: Demo, intake: Intake) -> str:
    try:
        handle = intake.take_picture(content, visitor="a visitor")
    except ImageError:
        return "refused"
    demo.rank(Click(handle), demo.cards[0].name)
    demo.explain(handle, demo.cards[0].taxonomy.codes[0], "smoothgrad")
    return "ranked"


if __name__ == "__main__":
    main()
