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

from data.decoding import decode_apart
from data.images import encode, quality_report
from data.phantom import draw_phantom
from model.demo import view
from model.demo.uploads import reduced
from model.demo.visits import Visit, Visits
from model.overlay import overlay
from model.predictor import Predictor, load_predictors
from model.saliency import METHODS
from model.transforms import fit_square, unfit

_MAP_EVERY = 10


def resident_mb() -> int:
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def upload(number: int, photo: bytes, predictors: list[Predictor], visits: Visits) -> None:
    image = decode_apart(photo)
    small = reduced(image)
    fitted = {p.card.name: fit_square(image, p.card.preprocessing) for p in predictors}
    visit = Visit(view=small, fitted=fitted, photo_uri=view.data_uri(small))
    quality_report(image)
    visits.add(visit)
    predictor = predictors[number % len(predictors)]
    card = predictor.card
    predictor.predict([fitted[card.name]])
    if number % _MAP_EVERY == 0:
        code, method = card.taxonomy.codes[0], list(METHODS)[number // _MAP_EVERY % len(METHODS)]
        found = predictor.explain(fitted[card.name], target=code, method=method)
        saliency = unfit(found, shape=small.shape, preprocessing=card.preprocessing)
        visit.maps[card.name, code, method] = view.data_uri(overlay(small, saliency, opacity=1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=500)
    parser.add_argument("--visitors", type=int, default=4)
    options = parser.parse_args()
    predictors, visits = load_predictors(), Visits()
    photos = [
        encode(draw_phantom("BCC", seed=77, size=size).image, format="JPEG") for size in (600, 1600)
    ]
    print("| uploads | seconds | resident, MB |\n|---|---|---|")
    print(f"| 0 | 0 | {resident_mb()} |", flush=True)
    start = time.perf_counter()
    with ThreadPoolExecutor(options.visitors) as pool:
        numbers = iter(range(options.uploads))
        while some := list(itertools.islice(numbers, 25)):
            sent = [pool.submit(upload, n, photos[n % 2], predictors, visits) for n in some]
            for one in sent:
                one.result()
            seconds = time.perf_counter() - start
            print(f"| {some[-1] + 1} | {seconds:.0f} | {resident_mb()} |", flush=True)


if __name__ == "__main__":
    main()
