"""How far the maps of a checkpoint can be trusted: measured, kept beside it, said in one line."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.card.card import ModelCard
from model.errors import CheckpointError
from model.saliency.checks import checks
from model.saliency.checks.baselines import BASELINES
from model.saliency.checks.findings import Finding, find

SUFFIX = ".saliency.json"
FORMAT = 1
NOT_MEASURED = "How far this map can be trusted was not measured for this checkpoint."
_TOO_SIMILAR = 0.5


@dataclass(frozen=True)
class Trust:
    """What the checks found for one checkpoint (`sha256` of its weights), and on which images."""

    sha256: str
    images: str
    synthetic: bool
    findings: tuple[Finding, ...]
    about: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `read_trust` reads it back."""
        return {
            "format": FORMAT,
            "sha256": self.sha256,
            "images": self.images,
            "synthetic": self.synthetic,
            "about": self.about,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def read_trust(folder: Path, card: ModelCard) -> Trust | None:
    """The measured trust of a checkpoint in `folder`; None when it was not measured.

    Also None when it was measured for other weights of the same name: then it says nothing here.
    Raises CheckpointError for a file that cannot be read.
    """
    path = folder / f"{card.name}{SUFFIX}"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
        findings = tuple(Finding.from_dict(f) for f in content["findings"])
        found = Trust(
            content["sha256"], content["images"], content["synthetic"], findings, content["about"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"Expected {path.name} to hold the checks of the saliency maps, but it cannot be read "
            f"({error}); make it again with python -m model saliency-checks, or remove it."
        ) from error
    return found if found.sha256 == card.sha256 else None


def read_all_trust(folder: Path, cards: Iterable[ModelCard]) -> dict[str, Trust]:
    """The measured trust of all checkpoints in `folder` that have one, by their names."""
    found = ((card.name, read_trust(folder, card)) for card in cards)
    return {name: trust for name, trust in found if trust is not None}


def write_trust(trust: Trust, path: Path) -> None:
    """Write it as indented UTF-8 JSON."""
    text = json.dumps(trust.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", "utf-8")


def in_words(trust: Trust | None, method: str) -> str:
    """One or two sentences on the maps of a method, with n and intervals."""
    if trust is None:
        return NOT_MEASURED
    parts = (_on_structures(trust, method), _on_deletion(trust, method), _on_chance(trust, method))
    return " ".join(part for part in parts if part) or NOT_MEASURED


def _on_structures(trust: Trust, method: str) -> str:
    share = find(trust.findings, method, checks.SHARE)
    area = find(trust.findings, "", checks.AREA)
    centre = find(trust.findings, "centre", checks.SHARE)
    if share is None or area is None or centre is None:
        return ""
    return (
        f"On {share.n} {trust.images}, {_percent(share)} of this map's weight fell on the "
        f"true structures, which cover {100 * area.estimate:.0f}%; a spot in the middle that knows "
        f"nothing of the picture puts {100 * centre.estimate:.0f}% there."
    )


def _on_deletion(trust: Trust, method: str) -> str:
    against = [
        (name, found)
        for name in BASELINES
        if (found := find(trust.findings, method, checks.DELETION, against=name)) is not None
    ]
    if not against or any(math.isnan(found.ci_high) for _, found in against):
        return ""
    names = {"random": "random pixels", "edges": "edges", "centre": "the middle"}
    beaten = [names[name] for name, found in against if found.ci_high < 0]
    rest = [names[name] for name, found in against if found.ci_high >= 0]
    n = against[0][1].n
    tail = f", but not measurably faster than {_listed(rest)}" if rest else ""
    lowers = (
        f"lowers the answer's probability faster than blanking {_listed(beaten)}{tail}"
        if beaten
        else "does not measurably lower the answer's probability faster than blanking "
        f"{_listed(rest)}"
    )
    images = trust.images if not find(trust.findings, method, checks.SHARE) else "of these"
    return f"On {n} {images}, blanking what this map marks {lowers}."


def _on_chance(trust: Trust, method: str) -> str:
    """Only worth a line when the map is left standing although nothing learned is."""
    groups = [
        f
        for f in trust.findings
        if f.map == method and f.quantity == checks.RANKS and f.group.startswith("cascading")
    ]
    if not groups or not groups[-1].estimate > _TOO_SIMILAR:
        return ""
    last = groups[-1]
    return (
        f"With all weights random it still looks alike (rank correlation {last.estimate:.2f}, "
        f"{last.ci_low:.2f} to {last.ci_high:.2f}, n = {last.n}): it shows the picture more than "
        "what was learned."
    )


def _percent(found: Finding) -> str:
    if math.isnan(found.ci_low):
        return f"{100 * found.estimate:.0f}%"
    return f"{100 * found.estimate:.0f}% ({100 * found.ci_low:.0f} to {100 * found.ci_high:.0f}%)"


def _listed(words: Sequence[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
