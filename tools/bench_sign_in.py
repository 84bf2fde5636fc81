"""Do wrong passwords slow the quiz down? `python tools/bench_sign_in.py`; compare within one run.

Readers ask for their case again and again while others send names and passwords as fast as they
are answered. Linux only.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from readerstudy.services import accounts
from readerstudy.services.reading import joining
from tests.support.serving import Served, running_server
from tools.bench_uploads import resident_mb

_READERS = 4
_THINK_SECONDS = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        readers = [reader_of(server) for _ in range(_READERS)]
        print("| connections at /login | asked | p50, s | p95, s | max, s | tried | server, MB |")
        print("|---|---|---|---|---|---|---|")
        for crowd in (0, 10, 60, 0):
            tried: list[int] = []
            with knocking(server.url, crowd, tried), ThreadPoolExecutor(_READERS) as pool:
                asked = pool.map(waits, readers, [options.seconds] * _READERS)
                seconds = np.concatenate(list(asked))
            p50, p95 = np.quantile(seconds, (0.5, 0.95))
            held = resident_mb(server.process.pid)
            print(
                f"| {crowd} | {len(seconds)} | {p50:.3f} | {p95:.3f} | {seconds.max():.2f} "
                f"| {len(tried)} | {held} |",
                flush=True,
            )


def reader_of(server: Served) -> httpx.Client:
    """Before the first case."""
    client, db = httpx.Client(base_url=server.url, timeout=120), server.database()
    client.post(server.invite().removeprefix(server.url))
    actor = accounts.actor_for(db, token=client.cookies["skinreader-study"])
    joining.give_consent(db, actor=actor, version="2")
    joining.save_profile(db, actor=actor, profile={"profession": "student"})
    db.close()
    return client


def waits(client: httpx.Client, duration: float) -> list[float]:
    """The seconds of each answer."""
    taken, end = [], time.monotonic() + duration
    while time.monotonic() < end:
        start = time.perf_counter()
        client.get("/study-api/current").raise_for_status()
        taken.append(time.perf_counter() - start)
        time.sleep(_THINK_SECONDS)
    return taken


@contextmanager
def knocking(url: str, crowd: int, tried: list[int]) -> Iterator[None]:
    """`crowd` connections that try one password after the other, each for another name."""
    is_over = threading.Event()

    def knock(number: int) -> None:
        with httpx.Client(base_url=url, timeout=120) as client:
            while not is_over.is_set():
                name = f"somebody-{number}-{len(tried)}"
                sent = client.post("/login", data={"name": name, "password": "a wrong password"})
                tried.append(sent.status_code)

    with ThreadPoolExecutor(max(1, crowd)) as pool:
        sent = [pool.submit(knock, number) for number in range(crowd)]
        try:
            yield
        finally:
            is_over.set()
        for one in sent:
            one.result()


if __name__ == "__main__":
    main()
