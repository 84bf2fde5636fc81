"""Judge a checkpoint on labelled cases: predictions, metrics of both families, confusion."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from model.card import ModelCard
from model.metrics import Ints, Metric, all_metrics, confusion
from model.parts import cases_hash, read_cases
from model.predict import Case, Predicted, predict_cases, write_errors, write_predictions
from model.predictor import Predictor


def evaluate(predictor: Predictor, *, data: str, out: Path) -> tuple[tuple[Metric, ...], Predicted]:
    """Predict the cases of a manifest or folder and write all results into `out`.

    Unreadable images are left out of the metrics and listed in errors.csv.
    """
    card = predictor.card
    table = read_cases(data, taxonomy=card.taxonomy)
    pairs = zip(table["case_id"], table["path"], strict=True)
    predicted = predict_cases(predictor, [Case(case_id, Path(path)) for case_id, path in pairs])
    labels = table.set_index("case_id")["label"].loc[list(predicted.case_ids)]
    truth = np.array([card.taxonomy.index(label) for label in labels], dtype=np.int64)
    metrics = all_metrics(
        predicted.probabilities, truth, card.taxonomy.codes, thresholds=card.thresholds
    )
    write_predictions(predicted, card, out / "predictions.csv")
    write_errors(predicted.errors, out / "errors.csv")
    _write_metrics(metrics, card, data_hash=cases_hash(table), out=out)
    _write_confusion(predicted, truth, card, out=out)
    return metrics, predicted


def _write_metrics(
    metrics: tuple[Metric, ...], card: ModelCard, *, data_hash: str, out: Path
) -> None:
    rows = [metric.to_dict() for metric in metrics]
    content = {
        "checkpoint": card.name,
        "checkpoint_sha256": card.sha256,
        "data_hash": data_hash,
        "domain": card.domain,
        "metrics": rows,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "metrics.json").write_text(text + "\n", "utf-8")
    pd.DataFrame(rows).to_csv(out / "metrics.csv", index=False)


def _write_confusion(predicted: Predicted, truth: Ints, card: ModelCard, *, out: Path) -> None:
    codes = list(card.taxonomy.codes)
    counts = confusion(predicted.probabilities, truth)
    table = pd.DataFrame(counts, index=pd.Index(codes, name="truth \\ answer"), columns=codes)
    table.to_csv(out / "confusion.csv")
