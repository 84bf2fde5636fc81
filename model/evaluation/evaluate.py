"""Judge a checkpoint on labelled cases: every figure, table and picture of the evaluation."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.arrays import Ints
from data.version import code_version, made_now
from model.card.card import ModelCard, write_card
from model.card.page import write_page
from model.evaluation import figures
from model.evaluation.worst_errors import gallery, worst_mistakes
from model.inference.predict_files import (
    Case,
    Predicted,
    predict_cases,
    write_errors,
    write_predictions,
)
from model.inference.predictor import Predictor
from model.metrics.classification import all_metrics, confusion
from model.metrics.metric import Metric, SubgroupMetric
from model.metrics.prediction_sets import set_metrics
from model.metrics.reliability import reliability_bins
from model.metrics.subgroups import subgroup_metrics
from model.metrics.temperature import ThresholdRule
from model.training.data_module import cases_hash

N_WORST = 40


@dataclass(frozen=True)
class Evaluation:
    """What a checkpoint said to labelled cases, and how good that was.

    `cases` has the manifest's row of each predicted case, in the order of `predicted`; `truth` (n,)
    int64. `n_groups` counts patients (or lesions): intervals take cases as independent.
    """

    card: ModelCard
    cases: pd.DataFrame
    predicted: Predicted
    truth: Ints
    thresholds: dict[str, float]
    rule: str
    metrics: tuple[Metric, ...]
    subgroups: tuple[SubgroupMetric, ...]
    data_hash: str

    @property
    def n_groups(self) -> int:
        """Patients, or lesions, or single cases where the manifest names neither."""
        first = self.cases["patient_id"].where(
            self.cases["patient_id"] != "", self.cases["lesion_id"]
        )
        return int(first.where(first != "", self.cases["case_id"]).nunique())


def evaluate(
    predictor: Predictor, *, cases: pd.DataFrame, thresholds: dict[str, float], rule: ThresholdRule
) -> Evaluation:
    """Predict the rows of a manifest (see model.training.data_module) and judge what came out.

    Unreadable images are left out of the figures. `thresholds` are those of `rule`, chosen on the
    tuning part.
    """
    card = predictor.card
    pairs = zip(cases["case_id"], cases["path"], strict=True)
    predicted = predict_cases(predictor, [Case(case_id, Path(path)) for case_id, path in pairs])
    readable = cases.set_index("case_id", drop=False).loc[list(predicted.case_ids)]
    truth = np.array([card.taxonomy.index(label) for label in readable["label"]], dtype=np.int64)
    probabilities, codes = predicted.probabilities, card.taxonomy.codes
    return Evaluation(
        card=card,
        cases=readable,
        predicted=predicted,
        truth=truth,
        thresholds=thresholds,
        rule=str(rule),
        metrics=(
            *all_metrics(probabilities, truth, codes, thresholds=thresholds),
            *set_metrics(card.sets, probabilities, truth, codes),
        ),
        subgroups=subgroup_metrics(probabilities, truth, codes, cases=readable),
        data_hash=cases_hash(cases),
    )


def write_evaluation(done: Evaluation, out: Path, *, n_worst: int = N_WORST) -> None:
    """All files of an evaluation into the folder `out`; docs/model.md lists them."""
    write_predictions(done.predicted, done.card, out / "predictions.csv")
    write_errors(done.predicted.errors, out / "errors.csv")
    _write_tables(done, out)
    _write_pictures(done, out)
    (out / "errors.html").write_text(_gallery(done, n_worst), "utf-8")
    for ending in (".html", ".md"):
        write_page(card_of(done), out / f"card{ending}")


def caveats(done: Evaluation) -> list[str]:
    """Sentences on why the figures look better, or surer, than they are; often none."""
    found = []
    if done.data_hash == done.card.data_hash:
        found.append(
            "These are all cases of its training, most of which it learned from, and figures on "
            "them flatter it; --part test judges the held-out ones."
        )
    if done.n_groups < len(done.truth):
        found.append(
            f"The {len(done.truth)} cases are of {done.n_groups} patients or lesions; intervals "
            "take cases as independent, so that these are too narrow."
        )
    return found


def card_of(done: Evaluation) -> ModelCard:
    """The checkpoint's card with the figures of this evaluation in place of its own."""
    kept = [metric for metric in done.card.metrics if metric.family == "scope"]
    judged = {
        "n": len(done.truth),
        "patients or lesions": done.n_groups,
        "hash of the cases": done.data_hash,
        "threshold rule": done.rule,
        "code": code_version(),
        "made": made_now(),
    }
    return dataclasses.replace(
        done.card,
        thresholds=done.thresholds,
        metrics=(*done.metrics, *kept),
        subgroups=done.subgroups,
        provenance={**done.card.provenance, "judged on": judged},
    )


def publish(done: Evaluation, path: Path) -> None:
    """Write the figures of an evaluation into the card at `path`."""
    write_card(card_of(done), path)


def _write_tables(done: Evaluation, out: Path) -> None:
    rows = [metric.to_dict() for metric in done.metrics]
    subgroups = [found.to_dict() for found in done.subgroups]
    content = {
        "checkpoint": done.card.name,
        "checkpoint_sha256": done.card.sha256,
        "data_hash": done.data_hash,
        "domain": done.card.domain,
        "n_cases": len(done.truth),
        "n_groups": done.n_groups,
        "threshold_rule": done.rule,
        "thresholds": done.thresholds,
        "metrics": rows,
        "subgroups": subgroups,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "metrics.json").write_text(text + "\n", "utf-8")
    pd.DataFrame(rows).to_csv(out / "metrics.csv", index=False)
    columns = None if subgroups else ["column", "value", *Metric.__dataclass_fields__]
    pd.DataFrame(subgroups, columns=columns).to_csv(out / "subgroups.csv", index=False)
    codes = list(done.card.taxonomy.codes)
    counts = confusion(done.predicted.probabilities, done.truth)
    table = pd.DataFrame(counts, index=pd.Index(codes, name="truth \\ answer"), columns=codes)
    table.to_csv(out / "confusion.csv")
    _write_bins(done, out / "reliability.csv")


def _write_bins(done: Evaluation, path: Path) -> None:
    columns = ["low", "high", "confidence", "n", "right", "ci_low", "ci_high"]
    rows = [
        (b.low, b.high, b.confidence, b.n, b.right, *b.interval)
        for b in reliability_bins(done.predicted.probabilities, done.truth)
    ]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def _write_pictures(done: Evaluation, out: Path) -> None:
    probabilities, truth = done.predicted.probabilities, done.truth
    codes, metrics = done.card.taxonomy.codes, done.metrics
    ece = next(m for m in metrics if m.quantity == "ece")
    drawn = {
        "roc": figures.roc_figure(probabilities, truth, codes, metrics),
        "precision-recall": figures.precision_recall_figure(probabilities, truth, codes, metrics),
        "reliability": figures.reliability_figure(reliability_bins(probabilities, truth), ece),
        "confusion": figures.confusion_figure(confusion(probabilities, truth), codes),
    }
    for name, content in drawn.items():
        (out / f"{name}.svg").write_bytes(content)


def _gallery(done: Evaluation, limit: int) -> str:
    taxonomy, ids = done.card.taxonomy, done.predicted.case_ids
    mistakes = worst_mistakes(
        ids, done.predicted.probabilities, done.truth, taxonomy.codes, limit=limit
    )
    paths = {case_id: Path(path) for case_id, path in zip(ids, done.cases["path"], strict=True)}
    title = f"Worst errors of {done.card.name}"
    return gallery(mistakes, paths=paths, taxonomy=taxonomy, title=title, n=len(ids))
