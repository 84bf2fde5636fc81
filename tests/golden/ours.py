"""Our numbers for the peers' entries, by the peers' names for them."""

import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from readerstudy.analyse.read import read_predictions, read_readings
from readerstudy.stats import Analysis, Record, agreement, analyse, build_study
from readerstudy.stats.auc import delong_influence, placements
from readerstudy.stats.confusion import metric_cells
from readerstudy.stats.crowd import vote_counts
from readerstudy.stats.hillis import or_inference
from readerstudy.stats.mcnemar import discordant
from readerstudy.stats.moments import Moments, moments, proportion_influence
from readerstudy.stats.pairs import Raters, auc_ustat, pair_sums
from readerstudy.stats.power import Claim, Components, cases_needed, components, power
from readerstudy.stats.sections.areas import model_placements
from readerstudy.stats.sections.rates import Metric, model_right
from readerstudy.stats.sections.reader_areas import (
    area,
    area_moments,
    model_raters,
    reader_ratings,
)
from readerstudy.stats.tails import quantile, two_sided
from readerstudy.stats.ustat import conditional_variance, ustat

GAP = "model:model_a - mean_reader"
QUANTITY = {"sens": "sensitivity", "spec": "specificity", "accuracy": "accuracy"}
NAN = float("nan")
POSITIVE = "malignant"


class Ours:
    """One study analysed once."""

    def __init__(self, folder: Path) -> None:
        self.info = json.loads((folder / "study.json").read_text())
        self.readings = read_readings(folder / "readers.csv")
        self.predictions = {
            name: read_predictions(folder / f"{name}.csv") for name in ("model_a", "model_b")
        }
        self.options = {"positive": self.info["positive"], "margin": 0.05}

    @cached_property
    def analysis(self) -> Analysis:
        return analyse(self.readings, self.predictions, **self.options)

    @cached_property
    def counted_wrong(self) -> Analysis:
        return analyse(self.readings, self.predictions, missing="wrong", **self.options)

    @cached_property
    def study(self):
        return build_study(self.readings, self.predictions, positive=self.info["positive"])

    @cached_property
    def study_counted_wrong(self):
        return build_study(
            self.readings, self.predictions, positive=self.info["positive"], missing="wrong"
        )

    @property
    def complete(self) -> bool:
        return self.info["fully_crossed"]

    def records(self, what: str) -> Analysis:
        return self.counted_wrong if what.endswith("unanswered_wrong") else self.analysis

    def get(self, what: str, subject: str, method: str) -> Record:
        quantity, class_, covariance = name_of(what)
        if covariance and method != "or-rrfc":
            method += f":{covariance}"
        record = self.records(what).get(quantity, class_, subject, method)
        assert record is not None, (quantity, class_, subject, method)
        return record

    def is_noted_or_undefined(self, name: str) -> bool:
        """Where a peer fails or gives noise, ours says so in words."""
        head, _, what = name.partition(".")
        if head in ("ustat_conditionalD", "java"):
            return True
        subject = "mean_reader" if head == "mean_reader" else GAP
        method = "ustat" if head == "imrmc" else "or-rrrc"
        record = self.get(what, subject, method)
        return bool(record.note) and np.isnan(record.p)

    def moments(self, what: str) -> tuple[Moments, Moments, Moments]:
        """Of the model on the readers' cells, of the readers, and of the difference."""
        quantity, class_, covariance = name_of(what)
        if covariance:
            return self._area_moments(quantity, class_, covariance)
        right, there, its = self.cells(what)
        theta, influence = proportion_influence(right, there)
        its_theta, its_influence = proportion_influence(its, there)
        n = int(there.any(axis=0).sum())
        return (
            moments(its_theta, its_influence, n_cases=n),
            moments(theta, influence, n_cases=n),
            moments(its_theta - theta, its_influence - influence, n_cases=n),
        )

    def cells(self, what: str):
        quantity, class_, _ = name_of(what)
        study = self.study_counted_wrong if what.endswith("unanswered_wrong") else self.study
        target = None if class_ == "all" else study.classes.index(class_)
        cells = metric_cells(study, quantity, target=target)
        metric = Metric(quantity, target, class_)
        its = np.broadcast_to(
            model_right(study, study.models[0], metric, cells.at), cells.right.shape
        )
        return cells.right, cells.there, its

    def area(self, quantity: str, class_: str):
        study = self.study
        target = study.classes.index(class_)
        is_class = study.truth == target
        if quantity == "auc":
            ratings, scores = (
                reader_ratings(study, target=target),
                study.models[0].scores[:, target],
            )
        else:
            ratings = np.where(study.answered, study.answers == target, np.nan)
            scores = (study.models[0].calls == target).astype(float)
        its, _, used = area(ratings, is_class)
        return its, model_raters(scores[used], its.readers, is_class[used])

    def _area_moments(self, quantity, class_, covariance):
        its, model = self.area(quantity, class_)
        return (
            area_moments(_as_readers(its, model), covariance),
            area_moments(its, covariance),
            area_moments(its, covariance, model=model),
        )


def _as_readers(its, model):
    shape = its.readers.positives.shape, its.readers.negatives.shape
    positives = np.broadcast_to(model.positives, shape[0])
    negatives = np.broadcast_to(model.negatives, shape[1])
    return replace(its, readers=Raters(positives, negatives, placements(positives, negatives)))


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
        record = mine.analysis.get(head, "all", subject, "mean-recall")
        return {"estimate": record.estimate}
    if head == "auc":
        record = mine.analysis.get("auc", class_, subject, "delong")
        n_pos = mine.analysis.meta["cases_per_class"][class_]
        return {
            "n_pos": n_pos, "n_neg": mine.study.n_cases - n_pos, "auc": record.estimate,
            "var": record.se**2, "se": record.se, **_limits(record, filled=True),
        }  # fmt: skip
    quantity = QUANTITY[head]
    methods = {"wilson": "wilson", "cp": "clopper-pearson", "ac": "agresti-coull"}
    found = {
        k: mine.analysis.get(quantity, class_ or "all", subject, m) for k, m in methods.items()
    }
    first = found["wilson"]
    limits = {
        f"{k}_{side}": getattr(r, f"ci_{side}")
        for k, r in found.items()
        for side in ("low", "high")
    }
    x = round(first.estimate * first.n_cases)
    return {"x": x, "n": first.n_cases, "estimate": first.estimate, **limits}


def _limits(record: Record, *, filled: bool = False) -> dict:
    """A perfect AUC: the peer prints its one point as an interval, ours is undefined and noted."""
    if filled and record.se == 0:
        assert "variance is 0" in record.note
        return {"ci_low": record.estimate, "ci_high": record.estimate}
    return {"ci_low": record.ci_low, "ci_high": record.ci_high}


def _delong_paired(mine: Ours, what: str, values) -> dict:
    class_ = what.removeprefix("model_a_vs_b.")
    record = mine.analysis.get("auc", class_, "model:model_a - model:model_b", "delong")
    target = mine.study.classes.index(class_)
    influence = delong_influence(model_placements(mine.study, target=target))
    found = {
        "diff": record.estimate, "cov": float(influence[0] @ influence[1]), "se": record.se,
        "z": record.statistic, "p": record.p, **_limits(record),
    }  # fmt: skip
    if record.se == 0:
        assert record.note
        found |= {k: 0.0 for k in ("ci_low", "ci_high") if values[k] == 0}
        found |= {"z": NAN if values["z"] in ("NaN", "NA") else found["z"]}
    return found


def _mean_reader(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, "mean_reader", "or-rrrc")
    found = {"estimate": record.estimate, "se": record.se, "df": record.df, **_limits(record)}
    if what != "balanced_accuracy":
        _, readers, _ = mine.moments(what)
        return {**found, "ms_r": readers.ms, "cov2": readers.cov2}
    parts = [
        metric_cells(mine.study, "sensitivity", target=c) for c in range(len(mine.study.classes))
    ]
    pieces = [proportion_influence(c.right, c.there) for c in parts]
    theta = np.mean([p[0] for p in pieces], axis=0)
    influence = np.concatenate([p[1] for p in pieces], axis=1) / len(parts)
    readers = moments(theta, influence, n_cases=mine.study.n_cases)
    return {**found, "MS": readers.ms, "cov2": readers.cov2}


def _difference(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-rrrc")
    found = {"diff": record.estimate, "se": record.se, "df": record.df, "t": record.statistic,
             "p": record.p, **_limits(record)}  # fmt: skip
    if what == "balanced_accuracy":
        return found
    model, readers, gap = mine.moments(what)
    # MRMCaov's two treatments, the model copied once per reader, from the moments of the three.
    var, cov2 = (model.var + readers.var) / 2, (model.cov2 + readers.cov2) / 2
    cov1, cov3 = var - gap.var / 2, cov2 - gap.cov2 / 2
    return {
        **found, "model": model.mean, "mean_reader": readers.mean, "ms_tr": gap.ms / 2,
        "cov2_minus_cov3": cov2 - cov3, "var_tr": gap.ms / 2 - var + cov1 + gap.cov2 / 2,
        "var_error": var, "cov1": cov1, "cov2": cov2, "cov3": cov3,
    }  # fmt: skip


def _noninferiority(mine: Ours, what: str, values) -> dict:
    quantity, class_, covariance = name_of(what)
    method = f"or-rrrc:{quantity}" + (f":{covariance}" if covariance else "")
    record = mine.records(what).get("noninferiority", class_, GAP, method)
    return {
        "margin": 0.05, "t": record.statistic, "p_one_sided": record.p, "_se": record.se
    }  # fmt: skip


def _fixed_readers(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-frrc")
    return {"diff": record.estimate, "se": record.se, "z": record.statistic, "p": record.p,
            **_limits(record)}  # fmt: skip


def _fixed_cases(mine: Ours, what: str, values) -> dict:
    record = mine.get(what, GAP, "or-rrfc")
    return {"diff": record.estimate, "se": record.se, "df": record.df, "t": record.statistic,
            "p": record.p, **_limits(record)}  # fmt: skip


def _pooled(mine: Ours, what: str, values) -> dict:
    right, there, its = mine.cells(what)
    model, readers, gap = (ustat(k, there) for k in (its, right, its - right))
    record = mine.records(what).get(*name_of(what)[:2], GAP, "ustat")
    assert record.estimate == gap.mean

    def root(variance: float) -> float:
        return float(np.sqrt(max(variance, 0.0)))

    return {
        "model": model.mean, "mean_reader": readers.mean, "diff": gap.mean,
        "var_model": model.variance, "var_mean_reader": readers.variance,
        "var_diff": gap.variance, "se_mean_reader": root(readers.variance),
        "se_diff": root(gap.variance), "n_readers": record.n_readers, "n_cases": record.n_cases,
    }  # fmt: skip


def _conditional(mine: Ours, what: str, values) -> dict:
    right, there, its = mine.cells(what)
    zero = np.zeros(right.shape)
    parts = {"model": (its, zero), "mean_reader": (right, zero), "diff": (its, right)}
    found = {f"var_{k}": conditional_variance(*pair, there) for k, pair in parts.items()}
    roots = {
        f"se_{k}": float(np.sqrt(max(found[f"var_{k}"], 0.0))) for k in ("mean_reader", "diff")
    }
    return {**_pooled(mine, what, values), **found, **roots}


def _imrmc(mine: Ours, what: str, values) -> dict:
    quantity, class_, _ = name_of(what)
    gap = mine.records(what).get(quantity, class_, GAP, "ustat")
    mean = mine.records(what).get(quantity, class_, "mean_reader", "ustat")
    normal = two_sided(gap.estimate / gap.se, np.inf) if gap.se > 0 else NAN
    return {
        "diff": gap.estimate, "se": gap.se, "df_bdg": gap.df, "p_bdg": gap.p,
        "ci_low_bdg": gap.ci_low, "ci_high_bdg": gap.ci_high, "p_normal": normal,
        "mean_reader": mean.estimate, "se_mean_reader": mean.se, "df_bdg_mean_reader": mean.df,
        "ci_low_mean_reader": _unclipped(mean, -1), "ci_high_mean_reader": _unclipped(mean, 1),
        "model": gap.estimate + mean.estimate,
    }  # fmt: skip


def _unclipped(mean: Record, side: int) -> float:
    """iMRMC lets a mean's interval leave [0, 1]; ours is clipped."""
    if not mean.se > 0:
        return NAN
    df = np.inf if mean.df > 50 else float(np.floor(mean.df))
    free = mean.estimate + side * quantile(0.95, df) * mean.se
    assert (mean.ci_low, mean.ci_high)[side > 0] == min(1.0, max(0.0, free))
    return free


def _java(mine: Ours, what: str, values) -> dict:
    what = what.removeprefix("imrmc.")
    quantity, class_, _ = name_of(what)
    gap, mean = (mine.analysis.get(quantity, class_, s, "ustat") for s in (GAP, "mean_reader"))
    found = {
        "diff": gap.estimate, "var_diff": gap.se**2, "df_bdg": gap.df, "p_bdg": gap.p,
        "ci_low_bdg": gap.ci_low, "ci_high_bdg": gap.ci_high,
        "mean_reader": mean.estimate, "var_mean_reader": mean.se**2,
    }  # fmt: skip
    if quantity == "auc":
        its, model = mine.area("auc", class_)
        pooled = auc_ustat(pair_sums(its.readers, model), mean=gap.estimate)
        readers = auc_ustat(pair_sums(its.readers), mean=mean.estimate)
    else:
        right, there, own = mine.cells(what)
        pooled, readers = ustat(own - right, there), ustat(right, there)
    found["var_mean_reader"] = readers.variance
    return {**found, "var_diff_mle": pooled.variance_biased, **_hillis(mine, what, gap)}


def _hillis(mine: Ours, what: str, pooled: Record) -> dict:
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
    for reader in mine.study.reader_ids:
        own = mine.analysis.get("auc", "malignant", f"reader:{reader}", "delong")
        gap = mine.analysis.get("auc", "malignant", f"model:model_a - reader:{reader}", "delong")
        rows.append({
            "reader_id": reader, "auc": own.estimate, "var": own.se**2,
            **_perfect_reader(own), "model_minus_reader": gap.estimate, "z": gap.statistic,
            "p": gap.p,
        })  # fmt: skip
    return rows


def _perfect_reader(own: Record) -> dict:
    if own.se < 1e-12:
        return {"ci_low": own.estimate, "ci_high": own.estimate}
    return {"ci_low": own.ci_low, "ci_high": own.ci_high}


def _rjafroc(mine: Ours, what: str, values) -> dict:
    if what.startswith("sens_spec_mean"):
        return _difference(mine, what, values)
    model, readers, gap = mine.moments("auc.jackknife")
    design = "or-rrfc" if what.endswith("RRFC") else "or-rrrc"
    found = or_inference(gap, design=design)
    return {
        "model": model.mean, "mean_reader": readers.mean, "diff": gap.mean, "se": found.se,
        "df": found.df, "t": found.statistic, "p": found.p, "ci_low": found.ci_low,
        "ci_high": found.ci_high, "var_reader": gap.ms,
        "var_error": gap.var if design == "or-rrrc" else NAN,
        "cov2": gap.cov2 if design == "or-rrrc" else NAN,
    }  # fmt: skip


def _mcnemar(mine: Ours, what: str, values) -> list[dict]:
    name = {"all": "accuracy", "positives": "sens.malignant", "negatives": "spec.malignant"}[what]
    right, there, its = mine.cells(name)
    table = discordant(its[0], right, there)
    class_ = "all" if what == "all" else "malignant"
    suffix = "" if what == "all" else f":{name_of(name)[0]}"
    rows = []
    for j, reader in enumerate(mine.study.reader_ids):
        subject = f"model:model_a - reader:{reader}"

        def at(method: str, subject: str = subject) -> Record:
            return mine.analysis.get("mcnemar", class_, subject, f"mcnemar-{method}{suffix}")

        rows.append({
            "reader_id": reader, "both_right": table.both_right[j],
            "model_only": table.model_only[j], "reader_only": table.reader_only[j],
            "both_wrong": table.both_wrong[j], "p_exact": at("exact").p, "p_mid": at("midp").p,
            "chi2": at("chi2").statistic, "p_chi2": at("chi2").p,
            "chi2_cc": at("chi2-corrected").statistic, "p_chi2_cc": at("chi2-corrected").p,
            "p_exact_holm": at("exact-holm").p, "p_exact_bh": at("exact-bh").p,
        })  # fmt: skip
    return rows


AGREEMENT = {
    "gwet": "ac1_gwet", "fleiss": "kappa_fleiss", "krippen": "alpha_krippendorff",
    "krippendorff": "alpha_krippendorff", "pa": "agreement_observed",
    "bp": "kappa_brennan_prediger",
}  # fmt: skip


def _agreement(mine: Ours, what: str, values):
    if what == "cohen_model_vs_reader":
        return _cohen(mine)
    if what == "fleiss_complete_cases":
        votes = vote_counts(mine.study.answers, n_classes=len(mine.study.classes))
        found = agreement.fleiss_complete(votes, n_raters=mine.study.n_readers)
        per_class = dict(zip(mine.study.classes, found.per_class, strict=True))
        p = two_sided(found.z, np.inf)
        return {"kappa": found.value, "z": found.z, "p": p, "per_class": per_class,
                "n_cases": found.n_cases}  # fmt: skip
    if what == "krippendorff_alpha":
        record = mine.analysis.get("alpha_krippendorff", "all", "readers", "available-cases")
        return {"alpha": record.estimate}
    key = what.split(".", maxsplit=1)[0]
    record = mine.analysis.get(AGREEMENT[key], "all", "readers", "available-cases")
    function = {"gwet": "gwet_ac1", "fleiss": "fleiss", "pa": "observed_agreement",
                "bp": "brennan_prediger"}.get(key, "krippendorff_alpha")  # fmt: skip
    votes = vote_counts(mine.study.answers, n_classes=len(mine.study.classes))
    found = getattr(agreement, function)(votes)
    return {"coeff": record.estimate, "se": record.se, **_limits(record), "pa": found.observed,
            "pe": found.by_chance, "p": record.p}  # fmt: skip


def _cohen(mine: Ours) -> list[dict]:
    rows = []
    for reader in mine.study.reader_ids:
        subject = f"model:model_a - reader:{reader}"
        record = mine.analysis.get("kappa_cohen", "all", subject, "cohen")
        rows.append({"reader_id": reader, "kappa": record.estimate, "z": record.statistic,
                     "n": record.n_cases})  # fmt: skip
    return rows


def _python(mine: Ours, what: str, values):
    head, _, rest = what.partition(".")
    if head == "agreement":
        return _agreement(mine, rest, values)
    quantity = {"auc_ovr_macro": "auc_macro", "auc_ovo_macro": "auc_hand_till"}[head]
    records = mine.analysis.find(quantity=quantity, subject=f"model:{rest}")
    return {"auc": records[0].estimate}


def _hand_till(mine: Ours, what: str, values) -> dict:
    record = mine.analysis.get("auc_hand_till", "all", f"model:{what}", "hand-till")
    return {"auc": record.estimate}


def _pilot(mine: Ours) -> Components:
    return components(mine.moments("auc.jackknife")[2])


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


HANDLERS = {
    "delong_paired": _delong_paired,
    "mean_reader": _mean_reader,
    "model_minus_readers": _difference,
    "noninferiority_5pct": _noninferiority,
    "model_minus_readers_frrc": _fixed_readers,
    "model_minus_readers_rrfc": _fixed_cases,
    "ustat_jointD": _pooled,
    "ustat_conditionalD": _conditional,
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
