"""How the time of `analyse` grows with readers and cases: a table and a figure."""

import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("svg")
from matplotlib import pyplot as plt

from readerstudy.stats import analyse

READERS = (10, 30, 100, 280, 1000, 3000, 10_000)
CASES = (50, 100, 200, 500, 1000, 2000)
FIXED_CASES, FIXED_READERS = 160, 280
CLASSES = tuple("ABCDEFGH")
REPLICATES = 2000
COLOURS = ("#0072B2", "#D55E00")


def study(n_readers: int, n_cases: int) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """A crossed study of eight classes with confidence, and two models."""
    rng = np.random.default_rng(n_readers * 7919 + n_cases)
    k = len(CLASSES)
    truth = np.arange(n_cases) % k
    evidence = 1.6 * np.eye(k)[truth] + rng.normal(0, 0.7, (n_cases, k))
    names = np.array(CLASSES)
    cases = np.array([f"c{i:05d}" for i in range(n_cases)])
    answers = np.empty((n_readers, n_cases), dtype=int)
    for reader in range(n_readers):
        answers[reader] = (evidence + rng.normal(0, 1, (n_cases, k))).argmax(axis=1)
    readings = pd.DataFrame(
        {
            "reader_id": np.repeat([f"r{j:05d}" for j in range(n_readers)], n_cases),
            "case_id": np.tile(cases, n_readers),
            "truth": np.tile(names[truth], n_readers),
            "answer": names[answers.ravel()],
            "confidence": rng.integers(0, 101, n_readers * n_cases),
        }
    )
    models = {}
    for name in ("a", "b"):
        weight = np.exp(evidence + rng.normal(0, 0.8, (n_cases, k)))
        table = pd.DataFrame(weight / weight.sum(axis=1, keepdims=True),
                             columns=[f"p_{c}" for c in CLASSES])  # fmt: skip
        models[name] = table.assign(case_id=cases)
    return readings, models


def seconds(n_readers: int, n_cases: int, *, replicates: int) -> float:
    """Processor time of one analysis, so that other work on the machine does not count."""
    readings, models = study(n_readers, n_cases)
    start = time.process_time()
    analyse(readings, models, replicates=replicates, rng=np.random.default_rng(0))
    return time.process_time() - start


def scaling(out: Path) -> list[str]:
    """Table of seconds; writes scaling.svg beside it."""
    seconds(10, 50, replicates=2)
    series = {
        f"readers ({FIXED_CASES} cases)": [(n, n, FIXED_CASES) for n in READERS],
        f"cases ({FIXED_READERS} readers)": [(n, FIXED_READERS, n) for n in CASES],
    }
    lines = [
        f"Eight classes, two models, confidence; seconds of processor time of `analyse`, with all "
        f"closed forms and with {REPLICATES:,} bootstrap replicates besides.",
        "",
        "| readers x cases | answers | closed forms | with bootstrap |",
        "|---|---|---|---|",
    ]
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
    for axis, (title, sizes) in zip(axes, series.items(), strict=True):
        times = []
        for _, readers, cases in sizes:
            closed, drawn = (seconds(readers, cases, replicates=r) for r in (0, REPLICATES))
            times.append((closed, drawn))
            lines.append(
                f"| {readers:,} x {cases:,} | {readers * cases:,} | {closed:.1f} | {drawn:.1f} |"
            )
            print(lines[-1], flush=True)
        for label, values, colour in zip(
            ("closed forms", f"with {REPLICATES:,} replicates"), zip(*times, strict=True), COLOURS,
            strict=True,
        ):  # fmt: skip
            axis.loglog([x for x, _, _ in sizes], values, "o-", color=colour, label=label)
        axis.set_xlabel(title)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds of processor time")
    axes[0].legend(frameon=False)
    figure.savefig(out / "scaling.svg", metadata={"Date": None})
    plt.close(figure)
    return lines
