"""The map of features on the demo page: known cases, and where a visitor's picture lies."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, sqrt
from typing import Any
from urllib.parse import quote

import numpy as np

from data.taxonomy import Taxonomy
from model.card.card import ModelCard
from model.demo.visits import Visits
from model.feature_map.files import THUMBNAIL_PX, PublicMap
from model.feature_map.tsne import Neighbour

FOLDER_URL = "/app-assets/map/"
_UNUSUAL = 0.95
_FOREIGN = (
    "<p><b>This picture is outside what this checkpoint knows: its place and its nearest cases "
    "mean nothing.</b></p>"
)


class MapSection:
    """Places the picture of a visit on its checkpoint's map, from the features of its ranking."""

    def __init__(
        self, cards: Sequence[ModelCard], maps: Mapping[str, PublicMap], visits: Visits
    ) -> None:
        self._cards = {card.name: card for card in cards}
        self._maps = maps
        self._visits = visits

    def place(self, key: str, checkpoint: str) -> str:
        """The section with the picture of this visit, or without one when none is ranked."""
        if checkpoint not in self._cards:  # a client may send any name
            checkpoint = next(iter(self._cards))
        public = self._maps.get(checkpoint)
        card = self._cards[checkpoint]
        visit = self._visits.get(key)
        if public is None:
            return without_map(card)
        if visit is None or checkpoint not in visit.features:
            return section(public, card)
        features = visit.features[checkpoint]
        [nearest] = public.found.nearest(features, card)
        spot = public.on_grid(public.found.place(features, card))[0]
        share = public.found.share_nearer(nearest)
        listed = _nearest(public, card.taxonomy, nearest, share=share)
        return section(
            public,
            card,
            spot=(int(spot[0]), int(spot[1])),
            nearest=(_FOREIGN if checkpoint in visit.foreign else "") + listed,
        )


def without_map(card: ModelCard) -> str:
    """The section of a checkpoint that has no map."""
    return (
        '<section class="sr-atlas"><h2>Map of features</h2><p>No map was made for '
        f"<b>{escape(card.name)}</b>.</p></section>"
    )


def section(
    public: PublicMap,
    card: ModelCard,
    *,
    spot: tuple[int, int] | None = None,
    nearest: str = "",
) -> str:
    """The map, drawn by the page's script; `spot` is the picture's place on the grid."""
    about = public.found.about
    sprite = f' data-sprite="{_address(public.sprite)}"' if public.sprite else ""
    at = f' data-spot="{spot[0]},{spot[1]}"' if spot else ""
    hint = (
        "The star is this picture; the map did not move for it."
        if spot
        else "Choose a picture above to see where it lies."
    )
    return (
        f'<section class="sr-atlas" data-points="{_address(public.points)}"{sprite}{at}>'
        f"<h2>Map of features</h2><p>{_kind(about)}{len(public.found):,} known cases as "
        f"<b>{escape(card.name)}</b> sees them (t-SNE): near ones look alike to the network. "
        f"{hint} Distances across the map mean little.</p>"
        f'<div class="sr-atlas-body"><div class="sr-atlas-plot">'
        '<canvas role="img" aria-label="Scatter plot of known cases by class; the nearest cases '
        'of a picture are listed as text"></canvas>'
        '<div class="sr-atlas-zoom"><button type="button" data-zoom="in" aria-label="Closer">+'
        '</button><button type="button" data-zoom="out" aria-label="Farther">−</button></div>'
        '<div class="sr-atlas-tip" hidden></div></div>'
        f'<div class="sr-atlas-side">{nearest}<div class="sr-atlas-legend"></div></div></div>'
        f'<p class="sr-atlas-quality">{_quality(about)}</p></section>'
    )


def _address(file: str) -> str:
    """Quoted, since a checkpoint may have a name that neither HTML nor CSS takes as it is."""
    return FOLDER_URL + quote(file)


def _kind(about: dict[str, Any]) -> str:
    return "<b>Synthetic images</b> (drawings, no patients): " if about["synthetic"] else ""


def _nearest(
    public: PublicMap, taxonomy: Taxonomy, nearest: Sequence[Neighbour], *, share: float
) -> str:
    rows = "".join(_known_case(public, taxonomy, neighbour) for neighbour in nearest)
    alone = ": hardly any lies as alone as it" if share >= _UNUSUAL else ""
    unusual = (
        f"<p>{100 * share:.0f}% of the known cases have nearer neighbours than this picture"
        f"{alone}. Distances are those in the network's features and have no unit.</p>"
    )
    return f'<h3>Nearest known cases</h3><ol class="sr-nearest">{rows}</ol>{unusual}'


def _known_case(public: PublicMap, taxonomy: Taxonomy, neighbour: Neighbour) -> str:
    disease = taxonomy.diseases[public.found.labels[neighbour.row]]
    origin = (
        "synthetic" if public.found.about["synthetic"] else public.found.case_ids[neighbour.row]
    )
    return (
        f'<li data-code="{escape(disease.code)}">{_thumbnail(public, neighbour.row)}<span>'
        f"<b>{escape(disease.name_en)}</b> <code>{escape(disease.code)}</code>"
        f"<small>{escape(origin)}, distance {neighbour.distance:.1f}</small></span></li>"
    )


def _thumbnail(public: PublicMap, row: int) -> str:
    if not public.sprite:
        return ""
    down, across = divmod(row, ceil(sqrt(len(public.found))))
    place = f"-{across * THUMBNAIL_PX}px -{down * THUMBNAIL_PX}px"
    style = f"background:url({_address(public.sprite)}) {place}"
    return f'<i class="sr-thumb" style="{style}" aria-hidden="true"></i>'


def _quality(about: dict[str, Any]) -> str:
    """Every figure with n, the kind of images, interval and method."""
    found = {record["quantity"]: record for record in about["quality"]}
    chance = found.pop("purity by chance")["estimate"]
    words = "; ".join(
        f"{escape(name)} {r['estimate']:.3f} ({r['ci_low']:.3f} to {r['ci_high']:.3f})"
        for name, r in found.items()
        if np.isfinite(r["ci_low"])
    )
    n, method = (next(iter(found.values()))[key] for key in ("n", "method"))
    images = escape(about["images"])
    return f"{words}; purity by chance {chance:.2f}. n = {n} {images}, {escape(method)}."
