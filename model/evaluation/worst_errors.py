"""The worst errors of an evaluation, to look at: one page with the images inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from data.arrays import Floats, Ints
from data.images import decode
from data.taxonomy import Taxonomy
from model.markup import data_uri, percent

_THUMBNAIL_PX = 224


@dataclass(frozen=True)
class Mistake:
    """A case whose argmax answer was wrong; both probabilities are fractions in [0, 1]."""

    case_id: str
    truth: str
    answer: str
    p_truth: float
    p_answer: float


def worst_mistakes(
    case_ids: Sequence[str], probabilities: Floats, truth: Ints, codes: Sequence[str], *, limit: int
) -> list[Mistake]:
    """At most `limit` wrong answers, those first that gave the reference the least probability."""
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != truth)
    given = probabilities[wrong, truth[wrong]]
    return [
        Mistake(
            case_ids[i],
            codes[truth[i]],
            codes[answers[i]],
            float(probabilities[i, truth[i]]),
            float(probabilities[i, answers[i]]),
        )
        for i in wrong[np.argsort(given, kind="stable")][:limit]
    ]


def gallery(
    mistakes: Sequence[Mistake], *, paths: dict[str, Path], taxonomy: Taxonomy, title: str, n: int
) -> str:
    """A self-contained page; `n` is the number of cases that were judged."""
    tiles = "".join(_tile(mistake, paths[mistake.case_id], taxonomy) for mistake in mistakes)
    shown = f"The {len(mistakes)} worst errors" if mistakes else "No errors"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>{shown} among n = {n} cases, those first whose reference standard was given the least "
        "probability (argmax answers). Keep this file as carefully as the images: they are in "
        f"it.</p><main>{tiles}</main></html>\n"
    )


def _tile(mistake: Mistake, path: Path, taxonomy: Taxonomy) -> str:
    picture = Image.fromarray(decode(path))
    picture.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    truth, answer = (taxonomy[code].name_en for code in (mistake.truth, mistake.answer))
    return (
        f'<figure><img src="{data_uri(np.asarray(picture))}" alt="">'
        f"<figcaption><b>{escape(truth)}</b> ({percent(mistake.p_truth)})<br>"
        f"answered {escape(answer)} ({percent(mistake.p_answer)})<br>"
        f"<code>{escape(mistake.case_id)}</code></figcaption></figure>"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1c1c1c}"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:1.2rem}"
    "figure{margin:0}img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:8px}"
    "figcaption{font-size:13px;overflow-wrap:anywhere}code{color:#666}"
)
