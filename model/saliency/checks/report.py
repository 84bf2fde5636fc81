"""The findings as JSON, CSV, a page of tables (markdown) and a figure (SVG)."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from model.saliency.checks import checks
from model.saliency.checks.figure import draw
from model.saliency.checks.findings import Finding, find
from model.saliency.checks.trust import Trust, write_trust

_MEANINGS = {
    checks.SHARE: "more is better; compare with the area and with the map of the centre",
    checks.HIT: "the largest value lies on a structure; by chance as often as the area says",
    checks.DELETION: "less is better",
    checks.INSERTION: "more is better",
    checks.UNFORETOLD: "0: foretells every change of the logit; 1: none",
    checks.CHANGE: "0: holds still under ±2 grey levels; 1: changes by as much as itself",
}


def write_all(trust: Trust, out: Path) -> None:
    """`findings.json`, `findings.csv`, `findings.md` and `findings.svg` in `out`."""
    write_trust(trust, out / "findings.json")
    table = pd.DataFrame([finding.to_dict() for finding in trust.findings])
    table.to_csv(out / "findings.csv", index=False)
    (out / "findings.md").write_text(markdown(trust), "utf-8")
    draw(trust.findings).savefig(out / "findings.svg")


def markdown(trust: Trust) -> str:
    """Tables of all findings; each number with its interval and n."""
    blocks = [f"{key}: {value}" for key, value in trust.about.items()]
    tables = [_by_map(trust.findings), _by_difference(trust.findings), _by_group(trust.findings)]
    return "\n\n".join(["  \n".join(blocks), *(t for t in tables if t)]) + "\n"


def _maps(findings: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(f.map for f in findings if f.map))


def _by_map(findings: Sequence[Finding]) -> str:
    present = [q for q in _MEANINGS if any(f.quantity == q for f in findings)]
    area = find(findings, "", checks.AREA)
    rows = [
        [name, *(_shown(find(findings, name, quantity)) for quantity in present)]
        for name in _maps(findings)
    ]
    notes = [f"{quantity}: {_MEANINGS[quantity]}" for quantity in present]
    notes += [f"{checks.AREA}: {_shown(area)}"] if area else []
    return _table(["map", *present], rows) + "\n\n" + "; ".join(notes) + "."


def _by_difference(findings: Sequence[Finding]) -> str:
    rows = [
        [f.map, f.quantity, f.against, _shown(f)] for f in findings if f.against and not f.group
    ]
    return _table(["map", "quantity", "minus that of", "difference"], rows) if rows else ""


def _by_group(findings: Sequence[Finding]) -> str:
    groups = list(dict.fromkeys(f.group for f in findings if f.group))
    methods = list(dict.fromkeys(f.map for f in findings if f.group))
    rows = [
        [group, quantity, *(_shown(find(findings, m, quantity, group=group)) for m in methods)]
        for quantity in (checks.RANKS, checks.SSIM)
        for group in groups
    ]
    return _table(["random weights in", "similarity", *methods], rows) if rows else ""


def _shown(found: Finding | None) -> str:
    if found is None or math.isnan(found.estimate):
        return "–"
    bounds = (
        "no interval" if math.isnan(found.ci_low) else f"{found.ci_low:.3f} to {found.ci_high:.3f}"
    )
    return f"{found.estimate:.3f} ({bounds}; n = {found.n})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
