"""Our numbers for the peers' entries, by the peers' names, from the records of `analyse` alone."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from data.measures.tails import quantile, two_sided
from readerstudy.files.read_tables import read_predictions, read_readings
from readerstudy.stats import analyse
from readerstudy.stats.power.power import Claim, cases_needed, obuchowski_rockette, power

GAP = "model:model_a - mean_reader"
QUANTITY = {"sens": "sensitivity", "spec": "specificity", "accuracy": "accuracy"}
NAN = float("nan")
POSITIVE = "malignant"


@dataclass(frozen=True)
class Row:
    """One record of results.json, null as nan."""

    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    n_cases: int
    n_readers: int
    note: str


class Results:
    """The records of one results.json."""

    def __init__(self, text: str) -> None:
        body = json.loads(text)
        self.meta = body["meta"]
        fields = Row.__dataclass_fields__
        self._rows = {
            (r["quantity"], r["class"], r["subject"], r["method"]): Row(
                **{k: NAN if r[k] is None else r[k] for k in fields}
            )
            for r in body["records"]
        }
        assert len(self._rows) == len(body["records"]), "two records have one name"

    def get(self, quantity: str, class_: str, subject: str, method: str) -> Row:
        key = (quantity, class_, subject, method)
        assert key in self._rows, f"no record {key}"
        return self._rows[key]


class Ours:
    """The results of one study, as the command writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = json.loads((folder / "study.json").read_text())

    def _results(self, missing: str) -> Results:
        predictions = {
            name: read_predictions(self.folder / f"{name}.csv") for name in ("model_a", "model_b")
        }
        options = {"positive": self.info["positive"], "margin": 0.05, "missing": missing}
        found = analyse(read_readings(self.folder / "readers.csv"), predictions, **options)
        return Results(found.to_json())

    @cached_property
    def results(self) -> Results:
        return self._results("omit")

    @cached_property
    def counted_wrong(self) -> Results:
        return self._results("wrong")

    @property
    def complete(self) -> bool:
        return self.info["fully_crossed"]

    def readers(self) -> list[str]:
        table = pd.read_csv(self.folder / "readers.csv", dtype=str, keep_default_na=False)
        return sorted(set(table["reader_id"]))

    def records(self, what: str) -> Results:
        return self.counted_wrong if what.endswith("unanswered_wrong") else self.results

    def get(self, what: str, subject: str, method: str) -> Row:
        quantity, class_, covariance = name_of(what)
        if covariance:
            method += f":{covariance}"
        return self.records(what).get(quantity, class_, subject, method)

    def variance(self, what: str, subject: str, method: str) -> float:
        """One variance component."""
        quantity, class_, covariance = name_of(what)
        metric = f"{quantity}:{covariance}" if covariance and method[:2] == "or" else quantity
        name = f"{method}:{metric}"
        return self.records(what).get("variance_component", class_, subject, name).estimate

    def is_noted_or_undefined(self, name: str) -> bool:
        """Where a peer fails or gives noise, ours says so in words."""
        head, _, what = name.partition(".")
        if head in ("ustat_conditionalD", "java"):
            return True
        subject = "mean_reader" if head == "mean_reader" else GAP
        if head == "imrmc":
            record = self.results.get(*name_of(what)[:2], subject, "ustat")
        else:
            record = self.get(what, subject, "or-rrrc")
        return bool(record.note) and np.isnan(record.p)


def name_of(what: str) -> tuple[str, str, str]:
    """Quantity, class and covariance of a peer's name such as sens.mel or auc.DeLong."""
    head, _, rest = what.partition(".")
    if head == "auc":
        return "auc", POSITIVE, rest.lower() or "unbiased"
    if head == "sens_spec_mean":
        return head, rest, "jackknife"
    if head.startswith("accuracy"):
        return "accuracy", "all", ""
    if head == "balanced_accuracy":
        return head, "all", ""
    return QUANTITY[head], rest, ""


def values_for(mine: Ours, name: str, values):
    """Our fields for one entry; a list of dicts where the peer gave rows."""
    head, _, what = name.partition(".")
    if head in ("sens", "spec", "accuracy", "balanced_accuracy", "auc"):
        return _model_alone(mine, head, what)
    return HANDLERS[head](mine, what, values)


def _model_alone(mine: Ours, head: str, what: str) -> dict:
    model, _, class_ = what.partition(".")
    subject = f"model:{model}"
    if head == "balanced_accuracy":
        record = mine.results.get(head, "all", subject, "mean-recall")
        return {"estimate": record.estimate}
    if head == "auc":
        record = mine.results.get("auc", class_, subject, "delong")
        n_pos = mine.results.meta["cases_per_class"][class_]
        return {
            "n_pos": n_pos, "n_neg": record.n_cases - n_pos, "auc": record.estimate,
            "var": record.se**2, "se": record.se, **_limits(record, filled=True),
        }  # fmt: skip
    return proportion(mine, QUANTITY[head], class_ or "all", subject)


def proportion(mine: Ours, quantity: str, class_: str, subject: str) -> dict:
    methods = {"wilson": "wilson", "cp": "clopper-pearson", "ac": "agresti-coull"}
    found = {k: mine.results.get(quantity, class_, subject, m) for k, m in methods.items()}
    first = found["wilson"]
    limits = {
        f"{k}_{side}": getattr(r, f"ci_{side}")
        for k, r in found.items()
        for side in ("low", "high")
    }
    x = round(first.estimate * first.n_cases)
    return {"x": x, "n": first.n_cases, "estimate": first.estimate, **limits}


def _limits(record: Row, *, filled: bool = False) -> dict:
    """A perfect AUC: the peer prints its one point as an interval, ours is undefined and noted."""
    if filled and record.se == 0:
        assert "variance is 0" in record.note
        return {"ci_low": record.estimate, "ci_high": record.estimate}
    return {"ci_low": record.ci_low, "ci_high": record.ci_high}


def _delong_paired(mine: Ours, what: str, values) -> dict:
    class_ = what.removeprefix("model_a_vs_b.")
    record = mine.results.get("auc", class_, "model:model_a - model:model_b", "delong")
    alone = [mine.results.get("auc", class_, f"model:model_{m}", "delong").se for m in "ab"]
    found = {
        "diff": record.estimate, "cov": (alone[0] ** 2 + alone[1] ** 2 - record.se**2) / 2,
        "se": record.se, "z": record.statistic, "p": record.p, **_limits(record),
    }  # fmt: skip
    if record.se == 0:
        assert record.note
        found |= {k: 0.0 for k in ("ci_low", "ci_high") if values[k] == 0}
        found |= {"z": NAN if values["z"] in ("NaN", "NA") else found["z"]}
    return found


def _mean_reader(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, "mean_reader", "or-rrrc")
    ms = mine.variance(what, "mean_reader", "or:ms")
    return {
        "estimate": record.estimate, "se": record.se, "df": record.df, **_limits(record),
        "ms_r": ms, "MS": ms, "cov2": mine.variance(what, "mean_reader", "or:cov2"),
    }  # fmt: skip


def _difference(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-rrrc")
    mean = mine.get(what, "mean_reader", "or-rrrc").estimate
    parts = {
        name: mine.variance(what, GAP, f"or:{name}")
        for name in ("ms_tr", "var_tr", "var", "cov1", "cov2", "cov3")
    }
    return {
        "diff": record.estimate, "se": record.se, "df": record.df, "t": record.statistic,
        "p": record.p, **_limits(record), **parts, "model": record.estimate + mean,
        "mean_reader": mean, "var_error": parts["var"],
        "cov2_minus_cov3": parts["cov2"] - parts["cov3"],
    }  # fmt: skip


def _noninferiority(mine: Ours, what: str, values) -> dict:
    quantity, class_, covariance = name_of(what)
    method = f"or-rrrc:{quantity}" + (f":{covariance}" if covariance else "")
    record = mine.records(what).get("noninferiority", class_, GAP, method)
    return {"margin": 0.05, "t": record.statistic, "p_one_sided": record.p, "_se": record.se}


def _fixed_readers(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-frrc")
    return {"diff": record.estimate, "se": record.se, "z": record.statistic, "p": record.p,
            **_limits(record)}  # fmt: skip


def _fixed_cases(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-rrfc")
    return {"diff": record.estimate, "se": record.se, "df": record.df, "t": record.statistic,
            "p": record.p, **_limits(record)}  # fmt: skip


def _jointly(mine: Ours, what: str, values) -> dict:
    return _pooled(mine, what, "ustat")


def _conditionally(mine: Ours, what: str, values) -> dict:
    try:
        return _pooled(mine, what, "ustat-conditional")
    except AssertionError:
        # One reader: there is no second estimate, and nothing but the estimates to compare.
        assert len(mine.readers()) == 1
        return _pooled(mine, what, "ustat")


def _pooled(mine: Ours, what: str, method: str) -> dict:
    subjects = {"model": "model:model_a", "mean_reader": "mean_reader", "diff": GAP}
    name = name_of(what)[:2]
    rows = {k: mine.records(what).get(*name, s, method) for k, s in subjects.items()}
    variances = {f"var_{k}": mine.variance(what, s, method) for k, s in subjects.items()}
    gap = rows["diff"]
    roots = {f"se_{k}": math.sqrt(max(variances[f"var_{k}"], 0.0)) for k in ("mean_reader", "diff")}
    return {
        **{k: row.estimate for k, row in rows.items()}, **variances, **roots,
        "n_readers": gap.n_readers, "n_cases": gap.n_cases,
    }  # fmt: skip


def _imrmc(mine: Ours, what: str, values) -> dict:
    name = name_of(what)[:2]
    gap, mean = (mine.records(what).get(*name, s, "ustat") for s in (GAP, "mean_reader"))
    return {
        "diff": gap.estimate, "se": gap.se, "df_bdg": gap.df, "p_bdg": gap.p,
        "ci_low_bdg": gap.ci_low, "ci_high_bdg": gap.ci_high,
        "p_normal": two_sided(gap.statistic, np.inf),
        "mean_reader": mean.estimate, "se_mean_reader": mean.se, "df_bdg_mean_reader": mean.df,
        "ci_low_mean_reader": mean.ci_low, "ci_high_mean_reader": mean.ci_high,
        "model": gap.estimate + mean.estimate,
    }  # fmt: skip


def _java(mine: Ours, what: str, values) -> dict:
    what = what.removeprefix("imrmc.")
    gap, mean = (mine.results.get(*name_of(what)[:2], s, "ustat") for s in (GAP, "mean_reader"))
    return {
        "diff": gap.estimate, "var_diff": mine.variance(what, GAP, "ustat"), "df_bdg": gap.df,
        "p_bdg": gap.p, "ci_low_bdg": gap.ci_low, "ci_high_bdg": gap.ci_high,
        "mean_reader": mean.estimate,
        "var_mean_reader": mine.variance(what, "mean_reader", "ustat"),
        "var_diff_mle": mine.variance(what, GAP, "ustat-mle"), **_hillis(mine, what, gap),
    }  # fmt: skip


def _hillis(mine: Ours, what: str, pooled: Row) -> dict:
    """df of or-rrrc with unbiased covariance and the pooled SE, in complete designs only."""
    if not mine.complete:
        return dict.fromkeys(("df_hillis", "p_hillis", "ci_low_hillis", "ci_high_hillis"), NAN)
    record = mine.get("auc.unbiased" if what == "auc" else what, GAP, "or-rrrc")
    whole = float(np.floor(record.df)) if record.df <= 50 else np.inf
    half = quantile(0.95, whole) * pooled.se
    return {
        "df_hillis": record.df, "p_hillis": two_sided(pooled.statistic, whole),
        "ci_low_hillis": record.estimate - half, "ci_high_hillis": record.estimate + half,
    }  # fmt: skip


def _auc_readers(mine: Ours, what: str, values) -> list[dict]:
    rows = []
    for reader in mine.readers():
        own = mine.results.get("auc", POSITIVE, f"reader:{reader}", "delong")
        gap = mine.results.get("auc", POSITIVE, f"model:model_a - reader:{reader}", "delong")
        rows.append({
            "reader_id": reader, "auc": own.estimate, "var": own.se**2,
            **_perfect_reader(own), "model_minus_reader": gap.estimate, "z": gap.statistic,
            "p": gap.p,
        })  # fmt: skip
    return rows


def _perfect_reader(own: Row) -> dict:
    if own.se < 1e-12:
        return {"ci_low": own.estimate, "ci_high": own.estimate}
    return {"ci_low": own.ci_low, "ci_high": own.ci_high}


def _rjafroc(mine: Ours, what: str, values) -> dict:
    if what.startswith("sens_spec_mean"):
        return _difference(mine, what, values)
    fixed = what.endswith("RRFC")
    record = mine.get("auc.jackknife", GAP, "or-rrfc" if fixed else "or-rrrc")
    own = _difference(mine, "auc.jackknife", values)
    return {
        "model": own["model"], "mean_reader": own["mean_reader"], "diff": record.estimate,
        "se": record.se, "df": record.df, "t": record.statistic, "p": record.p,
        **_limits(record), "var_reader": 2 * own["ms_tr"],
        "var_error": NAN if fixed else 2 * (own["var"] - own["cov1"]),
        "cov2": NAN if fixed else 2 * own["cov2_minus_cov3"],
    }  # fmt: skip


def _mcnemar(mine: Ours, what: str, values) -> list[dict]:
    class_ = "all" if what == "all" else POSITIVE
    suffix = {"all": "", "positives": ":sensitivity", "negatives": ":specificity"}[what]
    rows = []
    for reader in mine.readers():
        subject = f"model:model_a - reader:{reader}"

        def at(method: str, quantity: str = "mcnemar", subject: str = subject) -> Row:
            return mine.results.get(quantity, class_, subject, method + suffix)

        counts = {
            name: at(name.replace("_", "-"), "mcnemar_count").estimate
            for name in ("both_right", "model_only", "reader_only", "both_wrong")
        }
        rows.append({
            "reader_id": reader, **counts, "p_exact": at("mcnemar-exact").p,
            "p_mid": at("mcnemar-midp").p, "chi2": at("mcnemar-chi2").statistic,
            "p_chi2": at("mcnemar-chi2").p, "chi2_cc": at("mcnemar-chi2-corrected").statistic,
            "p_chi2_cc": at("mcnemar-chi2-corrected").p,
            "p_exact_holm": at("mcnemar-exact-holm").p, "p_exact_bh": at("mcnemar-exact-bh").p,
        })  # fmt: skip
    return rows


AGREEMENT = {
    "gwet": "ac1_gwet", "fleiss": "kappa_fleiss", "krippen": "alpha_krippendorff",
    "krippendorff": "alpha_krippendorff", "pa": "agreement_observed",
    "bp": "kappa_brennan_prediger", "conger": "kappa_conger",
}  # fmt: skip


def _agreement(mine: Ours, what: str, values):
    def among(quantity: str, method: str = "available-cases", class_: str = "all") -> Row:
        return mine.results.get(quantity, class_, "readers", method)

    if what == "cohen_model_vs_reader":
        return _cohen(mine)
    if what == "fleiss_complete_cases":
        record = among("kappa_fleiss", "complete-cases")
        classes = mine.results.meta["classes"]
        per_class = {c: among("kappa_fleiss", "complete-cases", c).estimate for c in classes}
        return {"kappa": record.estimate, "z": record.statistic, "p": record.p,
                "per_class": per_class, "n_cases": record.n_cases}  # fmt: skip
    if what == "krippendorff_alpha":
        return {"alpha": among("alpha_krippendorff").estimate}
    quantity = AGREEMENT[what.split(".", maxsplit=1)[0]]
    record = among(quantity)
    found = {"coeff": record.estimate, "se": record.se, **_limits(record), "p": record.p}
    if quantity == "agreement_observed":
        return found | {"pa": record.estimate, "pe": 0.0}
    observed, chance = (among(f"agreement_{k}", quantity) for k in ("observed", "by_chance"))
    return found | {"pa": observed.estimate, "pe": chance.estimate}


def _cohen(mine: Ours) -> list[dict]:
    rows = []
    for reader in mine.readers():
        subject = f"model:model_a - reader:{reader}"
        record = mine.results.get("kappa_cohen", "all", subject, "cohen")
        rows.append({"reader_id": reader, "kappa": record.estimate, "z": record.statistic,
                     "n": record.n_cases})  # fmt: skip
    return rows


def _python(mine: Ours, what: str, values):
    head, _, rest = what.partition(".")
    if head == "agreement":
        return _agreement(mine, rest, values)
    quantity, method = {
        "auc_ovr_macro": ("auc_macro", "delong"),
        "auc_ovo_macro": ("auc_hand_till", "hand-till"),
    }[head]
    return {"auc": mine.results.get(quantity, "all", f"model:{rest}", method).estimate}


def _hand_till(mine: Ours, what: str, values) -> dict:
    record = mine.results.get("auc_hand_till", "all", f"model:{what}", "hand-till")
    return {"auc": record.estimate}


def _pilot(mine: Ours):
    """What `plan --components` takes, from the records."""
    names = ("var_tr", "var", "cov1", "cov2", "cov3")
    parts = {name: mine.variance("auc.jackknife", GAP, f"or:{name}") for name in names}
    n_cases = mine.get("auc.jackknife", GAP, "or-rrrc").n_cases
    return obuchowski_rockette(**parts, n_cases=n_cases)


def _power(mine: Ours, what: str, values) -> list[dict]:
    rows = []
    for row in values:
        found = {
            d: power(_pilot(mine), Claim("superiority", row["effect"]),
                     n_readers=np.array(row["readers"]), n_cases=np.array(row["cases"]),
                     design=f"or-{d}")
            for d in ("rrrc", "frrc", "rrfc")
        }  # fmt: skip
        rows.append({
            "effect": row["effect"], "readers": row["readers"], "cases": row["cases"],
            **{f"power_{d}": float(f.power) for d, f in found.items()},
            "ncp_rrrc": float((row["effect"] / found["rrrc"].se) ** 2),
            "df2_rrrc": float(found["rrrc"].df),
        })  # fmt: skip
    return rows


def _sample_size(mine: Ours, what: str, values) -> list[dict]:
    rows = []
    for row in values:
        cases, reached = cases_needed(
            _pilot(mine),
            Claim("superiority", row["effect"]),
            n_readers=np.array(row["readers"]),
            target=np.array(row["target"]),
            design="or-rrrc",
        )
        rows.append({**{k: row[k] for k in ("readers", "effect", "target")}, "cases": int(cases),
                     "power": float(reached)})  # fmt: skip
    return rows


HANDLERS: dict[str, Callable] = {
    "delong_paired": _delong_paired,
    "mean_reader": _mean_reader,
    "model_minus_readers": _difference,
    "noninferiority_5pct": _noninferiority,
    "model_minus_readers_frrc": _fixed_readers,
    "model_minus_readers_rrfc": _fixed_cases,
    "ustat_jointD": _jointly,
    "ustat_conditionalD": _conditionally,
    "imrmc": _imrmc,
    "java": _java,
    "auc_readers": _auc_readers,
    "rjafroc": _rjafroc,
    "mcnemar": _mcnemar,
    "agreement": _agreement,
    "py": _python,
    "auc_hand_till": _hand_till,
    "power": _power,
    "sample_size": _sample_size,
}
