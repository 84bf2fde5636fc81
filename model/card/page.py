"""The model card for people: one list of sections, as HTML and as Markdown."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from model.card.card import ModelCard
from model.errors import ModelError
from model.metrics.metric import FamilyName, Metric, SubgroupMetric
from model.metrics.prediction_sets import COVERAGE

USE = (
    "For research and teaching. Not a medical device: do not use it to judge a lesion. Its answers "
    "were compared with the reference standard of the images named below and with nothing else."
)
_FEW = 20
_NARROW = 2
_PATHS = {"data", "weights", "split", "publish"}
_ABBREVIATIONS = {"auc", "auc,", "ppv", "npv", "f1", "ece"}
_ASSETS = Path(__file__).parents[1] / "assets"
_PAGE_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;"
    "color:#1c1c1c}"
)
_FAMILIES = {
    "ranking": "ranking (no decision)",
    "argmax": "argmax (the most probable class)",
    "threshold": "threshold (each class at its own)",
    "probability": "probability",
    "sets": "prediction sets",
    "scope": "foreign images",
}
_PER_CLASS: tuple[tuple[str, FamilyName, str], ...] = (
    ("AUC", "ranking", "auc"),
    ("average precision", "ranking", "average precision"),
    ("sensitivity, argmax", "argmax", "sensitivity"),
    ("specificity, argmax", "argmax", "specificity"),
    ("PPV, argmax", "argmax", "ppv"),
    ("F1, argmax", "argmax", "f1"),
    ("sensitivity, threshold", "threshold", "sensitivity"),
    ("specificity, threshold", "threshold", "specificity"),
    ("Brier score", "probability", "brier score"),
    ("held by its set", "sets", COVERAGE),
)


@dataclass(frozen=True)
class Section:
    """A heading with sentences, and a table whose first row is its head; either may be empty."""

    title: str
    text: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


def sections(card: ModelCard) -> list[Section]:
    """Everything that a card says, in the order of a reader's questions."""
    found = [
        Section("Use", (USE, f"Domain: {card.domain}", f"Licence of the weights: {card.licence}.")),
        Section("What it is", table=(("fact", "value"), *_facts(card))),
        Section("Limits", tuple(_limits(card))),
        _overall(card),
        _classes(card),
        _answers(card),
        _sets(card),
        _outside(card),
        _subgroups(card),
        Section("How it was made", table=(("fact", "value"), *_provenance(card))),
    ]
    return [section for section in found if section.text or len(section.table) > 1]


def to_html(card: ModelCard) -> str:
    """A fragment for a page; `to_page` makes a file of it."""
    parts = []
    for section in sections(card):
        text = "".join(f"<p>{escape(line)}</p>" for line in section.text)
        parts.append(f"<h3>{escape(section.title)}</h3>{text}{_table(section.table)}")
    return f'<div class="sr-card">{"".join(parts)}</div>'


def to_page(card: ModelCard) -> str:
    """A self-contained HTML file."""
    style = _PAGE_STYLE + (_ASSETS / "card.css").read_text("utf-8")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Model card: {escape(card.name)}</title><style>{style}</style>"
        f"<h1>Model card: {escape(card.name)}</h1>{to_html(card)}</html>\n"
    )


def to_markdown(card: ModelCard) -> str:
    """The same as Markdown."""
    parts = [f"# Model card: {card.name}"]
    for section in sections(card):
        table = section.table if len(section.table) > 1 else ()
        rows = [f"| {' | '.join(map(_cell, row))} |" for row in table]
        if rows:
            rows.insert(1, "|" + "---|" * len(table[0]))
        parts += [f"## {section.title}", *section.text, "\n".join(rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_page(card: ModelCard, path: Path) -> None:
    """Write the card as a .html or .md file. Raises ModelError for another ending."""
    makers = {".html": to_page, ".md": to_markdown}
    if path.suffix not in makers:
        raise ModelError(
            f"Expected --out to end in .html or .md, but got {path.name!r}; choose one, or --json."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(makers[path.suffix](card), "utf-8")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(rows: Sequence[Sequence[str]]) -> str:
    if len(rows) < 2:
        return ""
    names = [escape(cell) for cell in rows[0]]
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(f"<tr>{_row(row, names)}</tr>" for row in rows[1:])
    wide = " sr-wide" if len(names) > _NARROW else ""
    return (
        f'<div class="sr-scroll{wide}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def _row(row: Sequence[str], names: Sequence[str]) -> str:
    cells = (
        f'<td data-label="{name}">{escape(cell)}</td>'
        for name, cell in zip(names[1:], row[1:], strict=True)
    )
    return f'<th scope="row">{escape(row[0])}</th>{"".join(cells)}'


def number(metric: Metric) -> str:
    """An estimate with its interval; undefined is a dash."""
    if math.isnan(metric.estimate):
        return "–"
    if math.isnan(metric.ci_low):
        return f"{metric.estimate:.3f} (–)"
    return f"{metric.estimate:.3f} ({metric.ci_low:.3f} to {metric.ci_high:.3f})"


def _spelt(quantity: str) -> str:
    """With the abbreviations in capitals."""
    words = (word.upper() if word in _ABBREVIATIONS else word for word in quantity.split())
    return " ".join(words)


def _facts(card: ModelCard) -> Iterable[tuple[str, str]]:
    shape = card.preprocessing
    yield "name", card.name
    yield "network", f"{card.backbone}, {'with' if card.auxiliary else 'no'} auxiliary classifiers"
    yield (
        "classes",
        ", ".join(f"{d.code} ({d.name_en})" for d in card.taxonomy.diseases),
    )
    yield "input", f"{shape.size_px} px square ({shape.fit}), views averaged: {card.views}"
    yield "temperature", f"{card.temperature:.3f}, fitted on the tuning part"
    yield "images", "drawn (synthetic)" if card.synthetic else "real"


def _limits(card: ModelCard) -> Iterable[str]:
    yield (
        f"It names one of its {len(card.taxonomy)} classes whatever it is shown. Results hold for "
        "images like the held-out ones, with their mix of classes."
    )
    if card.synthetic:
        yield "Trained and judged on drawings: no figure below says anything about patients."
    few = [
        f"{m.class_} ({m.n})"
        for m in card.metrics
        if (m.family, m.quantity) == ("argmax", "sensitivity") and m.n < _FEW
    ]
    if few:
        yield (
            f"Fewer than {_FEW} held-out cases stand behind {', '.join(few)}: hints, not results."
        )


def _overall(card: ModelCard) -> Section:
    rows = [
        (_spelt(m.quantity), _FAMILIES[m.family], number(m), str(m.n), m.method)
        for m in card.metrics
        if not m.class_
    ]
    head = ("quantity", "family", "estimate (95% interval)", "n", "method")
    text = ("Decisions by argmax and by threshold answer different questions.",)
    return Section("Results over all classes, held-out images", text if rows else (), (head, *rows))


def _classes(card: ModelCard) -> Section:
    by_key = {(m.family, m.quantity, m.class_): m for m in card.metrics}
    rows = []
    for code in card.taxonomy.codes:
        found = [by_key.get((family, quantity, code)) for _, family, quantity in _PER_CLASS]
        cases = by_key.get(("argmax", "sensitivity", code))
        if cases is not None:
            cells = ("–" if metric is None else number(metric) for metric in found)
            rows.append((code, str(cases.n), f"{card.thresholds[code]:.3f}", *cells))
    head = ("class", "n", "threshold", *(name for name, _, _ in _PER_CLASS))
    text = (
        "n: held-out cases of the class; specificity rests on all others. 95% intervals: DeLong "
        "for AUC, bootstrap for average precision and Brier score, Wilson for shares and F1. "
        "Thresholds were chosen on the tuning part.",
    )
    return Section("Results by class", text if rows else (), (head, *rows))


def _answers(card: ModelCard) -> Section:
    rows = [
        (
            f"{100 * b.low:.0f}% to {100 * b.high:.0f}%",
            str(b.n),
            f"{100 * b.confidence:.1f}%",
            f"{100 * b.share:.1f}% ({100 * b.interval[0]:.1f} to {100 * b.interval[1]:.1f})",
        )
        for b in card.answers
    ]
    head = ("probability of the answer", "n", "mean", "right (Wilson 95%)")
    text = () if rows else ("Not measured.",)
    return Section("How often answers were right, held-out images", text, (head, *rows))


def _sets(card: ModelCard) -> Section:
    rule = card.sets
    if rule is None:
        return Section("Prediction sets")
    kind = (
        "of each class's own images"
        if rule.by_class
        else "of all classes together; of a single class it may be fewer"
    )
    text = (
        f"For {100 * (1 - rule.misses):g} of 100 images like the tuning ones the right class is to "
        f"be in the set: {kind}. The limits were chosen on {rule.n} tuning cases (split conformal, "
        "Sadinle et al. 2019); how often held-out images kept the promise stands in the tables "
        "above.",
    )
    rows = [(code, f"{limit:.3f}") for code, limit in rule.limits.items()]
    if not rule.by_class:
        rows = [("every class", rows[0][1])]
    return Section("Prediction sets", text, (("class", "in the set from"), *rows))


def _outside(card: ModelCard) -> Section:
    limit = card.scope
    if limit is None:
        return Section("Foreign images", ("Whether an image is foreign was not measured.",))
    text = (
        f"An image is called foreign when its {limit.score} exceeds {limit.limit:.3f}: chosen on "
        f"{limit.n} tuning cases for {100 * limit.false_alarms:.0f}% false alarms.",
    )
    head = ("images", "quantity", "estimate (95% interval)", "n", "method")
    return Section("Foreign images", text, (head, *map(_group_row, card.outside)))


def _subgroups(card: ModelCard) -> Section:
    rows = [(f.column, *_group_row(f)) for f in card.subgroups]
    head = ("column", "value", "quantity", "estimate (95% interval)", "n", "method")
    text = (
        "Means over classes are over those that a subgroup has: subgroups with other classes "
        "cannot be compared by them."
        if rows
        else "Not measured: the held-out images name neither skin tone, site, age, sex, source nor "
        "modality.",
    )
    return Section("Results by subgroup", text, (head, *rows))


def _group_row(found: SubgroupMetric) -> tuple[str, ...]:
    metric = found.metric
    return (found.value, _spelt(metric.quantity), number(metric), str(metric.n), metric.method)


def _provenance(card: ModelCard) -> Iterable[tuple[str, str]]:
    for key, value in card.provenance.items():
        if key != "settings":
            yield key.replace("_", " "), _words(value)
    for name, value in card.provenance.get("settings", {}).items():
        # Where it lay on somebody's machine is nobody else's business.
        shown = Path(value).name if name in _PATHS else value
        yield f"--{name.replace('_', '-')}", _words(shown)
    yield "hash of the data", card.data_hash or "–"
    yield "made", card.made_at or "–"
    yield "code", card.code_version or "–"
    yield "SHA-256 of the weights", card.sha256 or "–"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(inner)}" for name, inner in value.items())
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
