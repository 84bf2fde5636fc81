"""From a label and a seed to a phantom: skin, recipe, borrowed element, artefacts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.phantom import follicular, inflammatory, nuisance, tumours, vascular
from data.phantom.borrowed import BORROWED
from data.phantom.canvas import Canvas, Map
from data.phantom.skin import SKIN_TYPES, make_canvas

_RECIPES: Final[dict[str, Callable[[Canvas], None]]] = {
    "LP": inflammatory.lichen_planus,
    "Rosa": follicular.rosacea,
    "VW": follicular.viral_wart,
    "AV": follicular.acne,
    "KAHS": vascular.keloid_scar,
    "EAD": inflammatory.eczema,
    "DF": tumours.dermatofibroma,
    "SD": inflammatory.seborrheic_dermatitis,
    "SK": tumours.seborrheic_keratosis,
    "MN": tumours.nevus,
    "Hem": vascular.hemangioma,
    "Pso": inflammatory.psoriasis,
    "PWS": vascular.port_wine_stain,
    "BCC": tumours.basal_cell_carcinoma,
}
CODES: Final = tuple(_RECIPES)
_ATYPICAL: Final = 0.18
_FADING: Final = 0.55  # the faintest lesions keep 45 % of their contrast, more on dark skin
_TRIES: Final = 10
_MARKED: Final = 0.2
_SMALLEST: Final = 32
_LARGEST: Final = 2048
_SCENE, _LESION, _NUISANCE = range(3)


@dataclass(frozen=True)
class Phantom:
    """A drawn picture and what it shows.

    `image` (size, size, 3) uint8 sRGB; `mask` (size, size) bool, True on the diagnostic
    structures; `skin_type` 1 to 6 after Fitzpatrick.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: str
    skin_type: int
    seed: int


def draw_phantom(
    label: str, *, seed: int, size: int = 256, nuisance: float = 1.0, skin_type: int | None = None
) -> Phantom:
    """Draw one dermoscopy phantom of a disease, the same bytes for the same arguments.

    `label` is one of CODES, `seed` a non-negative integer, `size` the side in pixels (32 to
    2048), `nuisance` the strength of the artefacts (0 none, 1 as for training, up to 2),
    `skin_type` 1 to 6 or None to draw it. Skin and artefacts depend on the seed alone, never on
    the label. About 18 in 100 phantoms are atypical: their key clue is missing, one element of a
    look-alike is added, and the mask may be empty. Says nothing about patients.
    Reference: criteria and sources in docs/phantoms.md.
    """
    _check(label, seed=seed, size=size, strength=nuisance, skin_type=skin_type)
    return _draw(label, seed=seed, size=size, strength=nuisance, skin_type=skin_type)


def _draw(label: str, *, seed: int, size: int, strength: float, skin_type: int | None) -> Phantom:
    lesion = np.random.default_rng([seed, _LESION, CODES.index(label)])
    atypical = bool(lesion.random() < _ATYPICAL)
    canvas = _bare(seed, size=size, skin_type=skin_type, atypical=atypical)
    canvas.rng = lesion
    healthy = canvas.image.copy()
    _draw_lesion(canvas, label, healthy)
    presence = 1 - _FADING * min(1.0, canvas.skin.depth) * float(lesion.random()) ** 2
    canvas.image = healthy + np.float32(presence) * (canvas.image - healthy)
    nuisance.apply(canvas, planned(seed, strength=strength))
    return Phantom(_to_bytes(canvas), canvas.mask > _MARKED, label, canvas.skin.type, seed)


def _draw_lesion(canvas: Canvas, label: str, healthy: Map) -> None:
    """Follow the recipe; start over when the lots of a typical lesion left no clue at all."""
    for _ in range(_TRIES):
        canvas.image, canvas.mask[:] = healthy.copy(), 0
        _RECIPES[label](canvas)
        if canvas.atypical or (canvas.mask > _MARKED).any():
            break
    if canvas.atypical:
        options = BORROWED[label]
        options[int(canvas.rng.integers(len(options)))](canvas)


def planned(seed: int, *, strength: float) -> nuisance.Plan:
    """The artefacts of a seed, the same for every label."""
    return nuisance.plan(np.random.default_rng([seed, _NUISANCE]), strength=strength)


def _bare(seed: int, *, size: int, skin_type: int | None, atypical: bool = False) -> Canvas:
    scene = np.random.default_rng([seed, _SCENE])
    return make_canvas(size=size, skin_type=skin_type, scene=scene, atypical=atypical)


def bare_skin(seed: int, *, size: int = 256, skin_type: int | None = None) -> NDArray[np.uint8]:
    """The healthy skin under the phantom of the same seed, without artefacts: (size, size, 3)."""
    _check(CODES[0], seed=seed, size=size, strength=0.0, skin_type=skin_type)
    return _to_bytes(_bare(seed, size=size, skin_type=skin_type))


def _to_bytes(canvas: Canvas) -> NDArray[np.uint8]:
    return np.round(np.clip(canvas.image, 0, 1) * 255).astype(np.uint8)


def _check(label: str, *, seed: int, size: int, strength: float, skin_type: int | None) -> None:
    if label not in _RECIPES:
        raise UserError(
            f"Expected label to be one of {', '.join(CODES)}, but got {label!r}; use such a code."
        )
    if seed < 0:
        raise UserError(f"Expected seed to be 0 or more, but got {seed}; use another seed.")
    if not _SMALLEST <= size <= _LARGEST:
        raise UserError(
            f"Expected size to be {_SMALLEST} to {_LARGEST} pixels, but got {size}; "
            "draw within that range and resize."
        )
    if not 0 <= strength <= 2:
        raise UserError(
            f"Expected nuisance to be from 0 to 2, but got {strength}; 1 is the usual strength."
        )
    if skin_type is not None and skin_type not in SKIN_TYPES:
        raise UserError(
            f"Expected skin_type to be 1 to 6, but got {skin_type}; leave it out to draw one."
        )
