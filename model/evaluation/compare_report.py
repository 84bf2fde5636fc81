"""What a comparison found: tables as JSON, CSV and Markdown, and ROC curves as SVG."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from data.arrays import Floats, Ints
from data.measures.multiplicity import holm
from data.measures.resampling import percentile_interval
from model.evaluation.compare import Comparison, Trained
from model.metrics.bootstrap import draw_weights
from model.metrics.classification import macro_auc
from model.metrics.metric import plain_row
from model.metrics.paired import (
    bootstrap_difference,
    bootstrap_macro,
    bootstrap_rates,
    delong_difference,
    mean_areas,
)
from model.training.config import to_plain

DELONG = "paired DeLong 95%, cases grouped by patient and lesion, areas averaged over seeds"
BOOTSTRAP = "paired bootstrap of patients and lesions, percentile 95%, areas averaged over seeds"
# Okabe & Ito 2008: told apart by people who are colour-blind.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_GRID = np.linspace(0, 1, 201)


def write_comparison(comparison: Comparison, *, out: Path, replicates: int) -> pd.DataFrame:
    """Write comparison.json, networks.csv, differences.csv, comparison.md and roc.svg into `out`.

    Returns the differences: one row per rival and class, and one per rival for the macro AUC.
    """
    rng = np.random.default_rng(comparison.config.seed)
    weights = draw_weights(comparison.groups, replicates=replicates, rng=rng)
    truth = comparison.truth
    macros = [bootstrap_macro(t.probabilities, truth, weights=weights) for t in comparison.trained]
    networks = pd.DataFrame(
        [
            _network_row(trained, comparison, macros=macro, weights=weights)
            for trained, macro in zip(comparison.trained, macros, strict=True)
        ]
    )
    differences = pd.concat(
        [
            _adjusted(_macro_differences(comparison, macros)),
            _adjusted(_class_differences(comparison)),
        ]
    )
    networks.to_csv(out / "networks.csv", index=False)
    differences.to_csv(out / "differences.csv", index=False)
    content = {
        "data_hash": comparison.data_hash,
        "seeds": comparison.seeds,
        "n": len(truth),
        "replicates": replicates,
        "settings": to_plain(comparison.config),
        "networks": _plain(networks),
        "differences": _plain(differences),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "comparison.json").write_text(text + "\n", "utf-8")
    (out / "comparison.md").write_text(_markdown(networks, differences, comparison), "utf-8")
    draw_curves(comparison).savefig(out / "roc.svg")
    return differences


def _macro_differences(comparison: Comparison, macros: Sequence[Floats]) -> list[dict[str, Any]]:
    """A positive difference means that the reference is better; so below."""
    truth = comparison.truth
    first = _macro(comparison.trained[0], truth)
    return [
        {
            "reference": comparison.trained[0].arm.name,
            "rival": rival.arm.name,
            "class": "",
            "n": len(truth),
            **asdict(
                bootstrap_difference(macros[0], macro, difference=first - _macro(rival, truth))
            ),
            "method": BOOTSTRAP,
        }
        for rival, macro in zip(comparison.trained[1:], macros[1:], strict=True)
    ]


def _class_differences(comparison: Comparison) -> list[dict[str, Any]]:
    truth, codes = comparison.truth, comparison.taxonomy.codes
    reference, *rivals = [mean_areas(t.probabilities, truth) for t in comparison.trained]
    return [
        {
            "reference": comparison.trained[0].arm.name,
            "rival": trained.arm.name,
            "class": code,
            "n": int((truth == index).sum()),
            **asdict(
                delong_difference(
                    reference.contributions[:, index],
                    rival.contributions[:, index],
                    difference=float(reference.areas[index] - rival.areas[index]),
                    groups=comparison.groups,
                )
            ),
            "method": DELONG,
        }
        for trained, rival in zip(comparison.trained[1:], rivals, strict=True)
        for index, code in enumerate(codes)
    ]


def _adjusted(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Holm over all rivals and classes of a table."""
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p"].to_numpy(np.float64)))


def _macro(trained: Trained, truth: Ints) -> float:
    return float(np.mean([macro_auc(p, truth) for p in trained.probabilities]))


def _network_row(
    trained: Trained, comparison: Comparison, *, macros: Floats, weights: Floats
) -> dict[str, Any]:
    """Means over seeds; the range over seeds says how much one training may mislead."""
    truth = comparison.truth
    own = [macro_auc(probabilities, truth) for probabilities in trained.probabilities]
    right = np.mean([p.argmax(axis=1) == truth for p in trained.probabilities], axis=0)
    top1, balanced = bootstrap_rates(right, truth, weights=weights)
    recalls = [float(right[truth == c].mean()) for c in np.unique(truth)]
    return {
        "network": trained.arm.name,
        "seeds": len(own),
        "n": len(truth),
        **_with_interval("macro_auc", float(np.mean(own)), macros),
        "macro_auc_least": min(own),
        "macro_auc_most": max(own),
        **_with_interval("top1_accuracy", float(right.mean()), top1),
        **_with_interval("balanced_accuracy", float(np.mean(recalls)), balanced),
        "training_seconds": float(np.mean(trained.seconds)),
        **asdict(trained.costs),
    }


def _with_interval(name: str, estimate: float, replicates: Floats) -> dict[str, float]:
    _, low, high = percentile_interval(replicates)
    return {name: estimate, f"{name}_low": low, f"{name}_high": high}


def draw_curves(comparison: Comparison) -> Figure:
    """One panel per class and one of their mean: true against false positive rate, all networks.

    The curves of several seeds are averaged vertically, and so is the mean over the classes
    (Fawcett 2006, section 8.1).
    """
    truth, codes = comparison.truth, comparison.taxonomy.codes
    present = [index for index in range(len(codes)) if 0 < (truth == index).sum() < len(truth)]
    columns = 5
    rows = -(-(len(present) + 1) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.7 * rows + 0.9), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for trained, colour in zip(comparison.trained, _COLOURS, strict=False):
        curves = {c: _curve(trained, truth, c) for c in present}
        label = f"{trained.arm.name}: macro AUC {_macro(trained, truth):.3f}"
        panels[0].plot(_GRID, np.mean(list(curves.values()), axis=0), color=colour, label=label)
        for panel, index in zip(panels[1:], present, strict=False):
            panel.plot(_GRID, curves[index], color=colour, linewidth=1)
    titles = ["mean of the classes", *(f"{codes[i]} (n = {(truth == i).sum()})" for i in present)]
    for panel, title in zip(panels, titles, strict=False):
        _dress(panel, title)
    for panel in panels[len(titles) :]:
        panel.set_axis_off()
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    figure.supxlabel("1 - specificity", fontsize=9)
    figure.supylabel("sensitivity", fontsize=9)
    return figure


def _curve(trained: Trained, truth: Ints, index: int) -> Floats:
    curves = []
    for probabilities in trained.probabilities:
        false, true, _ = roc_curve(truth == index, probabilities[:, index])
        curves.append(np.interp(_GRID, false, true))
    mean: Floats = np.mean(curves, axis=0)
    return mean


def _dress(panel: Axes, title: str) -> None:
    panel.plot([0, 1], [0, 1], color="#999999", linewidth=0.5)
    panel.set_title(title, fontsize=9)
    panel.set_aspect("equal")
    panel.tick_params(labelsize=7)


def _markdown(networks: pd.DataFrame, differences: pd.DataFrame, comparison: Comparison) -> str:
    reference = comparison.trained[0].arm.name
    lines = [
        f"# {reference} and {len(networks) - 1} others on the same {len(comparison.truth)} cases",
        "",
        f"Data: {comparison.config.data}. {len(comparison.seeds)} training(s) each, seeds "
        f"{', '.join(map(str, comparison.seeds))}; {comparison.config.size_px} px, "
        f"{comparison.config.epochs} epochs, weights at the start: {comparison.config.weights}.",
        "",
        "| network | macro AUC (95%); range over seeds | top-1 accuracy | balanced accuracy "
        "| parameters, M | MACs, G | ms per image | training, min |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['network']} | {_interval(row, 'macro_auc')}; {row['macro_auc_least']:.3f} to "
        f"{row['macro_auc_most']:.3f} | {_interval(row, 'top1_accuracy')} | "
        f"{_interval(row, 'balanced_accuracy')} | {row['parameters'] / 1e6:.1f} | "
        f"{row['macs'] / 1e9:.2f} | {row['latency_ms']:.0f} | {row['training_seconds'] / 60:.1f} |"
        for row in networks.to_dict("records")
    ]
    lines += [
        "",
        f"Differences of the AUC, {reference} minus the other; Holm-corrected p.",
        "",
        "| other | class | n | difference (95%) | p | p, Holm |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['rival']} | {row['class'] or 'macro'} | {row['n']} | "
        f"{_number(row['estimate'], '+.3f')} ({_number(row['ci_low'], '+.3f')} to "
        f"{_number(row['ci_high'], '+.3f')}) | {_number(row['p'], '.3g')} | "
        f"{_number(row['p_holm'], '.3g')} |"
        for row in differences.to_dict("records")
    ]
    lines += [
        "",
        f"Per class: {DELONG}. All else: {BOOTSTRAP}. Time per image: median of single "
        "images, float32.",
        "",
    ]
    return "\n".join(lines)


def _interval(row: Mapping[Any, Any], name: str) -> str:
    return f"{row[name]:.3f} ({row[f'{name}_low']:.3f} to {row[f'{name}_high']:.3f})"


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [plain_row(row) for row in table.to_dict("records")]
