"""Ordered class lists: the paper's fourteen diseases, ISIC 2019's eight, and any from a file."""

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from data import documents
from data.errors import UserError
from data.texts import listed, problem, quoted

MAX_CLASSES = 200
_MAX_CODE = 40
_MAX_NAME = 200


class TaxonomyError(UserError):
    """A class list, or a class in it, is not what was expected."""


class Family(StrEnum):
    """Coarse groups of diseases, used for subgroup results."""

    INFLAMMATORY = "inflammatory"
    INFECTIOUS = "infectious"
    BENIGN_TUMOUR = "benign tumour"
    MALIGNANT_TUMOUR = "malignant tumour"
    VASCULAR = "vascular"
    OTHER = "other"


@dataclass(frozen=True)
class Disease:
    """One class: a short code without spaces, its names, and two groupings."""

    code: str
    name_en: str
    name_zh: str
    malignant: bool
    family: Family


@dataclass(frozen=True)
class Taxonomy:
    """An ordered list of diseases; the order is the order of a network's outputs."""

    name: str
    diseases: tuple[Disease, ...]

    def __post_init__(self) -> None:
        if len(self.diseases) < 2:
            raise TaxonomyError(
                f"Expected at least 2 classes in taxonomy {quoted(self.name)}, "
                f"but got {len(self.diseases)}; add the missing classes."
            )
        repeated = sorted(code for code, n in Counter(self.codes).items() if n > 1)
        if repeated:
            raise TaxonomyError(
                f"Expected each code once in taxonomy {quoted(self.name)}, "
                f"but got {listed(repeated)} more than once; rename or remove one."
            )

    def __len__(self) -> int:
        return len(self.diseases)

    def __getitem__(self, code: str) -> Disease:
        return self.diseases[self.index(code)]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in order."""
        return tuple(disease.code for disease in self.diseases)

    def index(self, code: str) -> int:
        """Position of `code`, from 0. Raises TaxonomyError for an unknown code."""
        try:
            return self.codes.index(code)
        except ValueError:
            raise TaxonomyError(
                f"Expected a class of {self.name} ({', '.join(self.codes)}), but got "
                f"{quoted(code)}; check the spelling and the case of the letters."
            ) from None

    def subset(self, codes: tuple[str, ...], *, name: str) -> "Taxonomy":
        """The classes named in `codes`, in that order, as a taxonomy of its own."""
        return Taxonomy(name, tuple(self[code] for code in codes))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready copy; `from_dict` reads it back to an equal taxonomy."""
        return {"name": self.name, "diseases": [asdict(d) for d in self.diseases]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Taxonomy":
        """Read what `to_dict` wrote. Raises TaxonomyError naming the entry that does not fit."""
        try:
            return cls(str(content["name"]), tuple(_disease(d) for d in content["diseases"]))
        except (KeyError, TypeError) as error:
            raise TaxonomyError(
                'Expected a taxonomy as {"name": ..., "diseases": [...]}, '
                f"but {listed([str(error)])} is missing or of the wrong kind; see "
                "docs/taxonomies.md."
            ) from error


def _disease(entry: dict[str, Any]) -> Disease:
    if not isinstance(entry, dict) or not str(entry.get("code", "")).strip():
        raise TaxonomyError(
            f"Expected each class to have a code, but got {quoted(entry)}; give it a short one."
        )
    code = str(entry["code"]).strip()
    if not code.replace("_", "").replace("-", "").isalnum():
        raise TaxonomyError(
            f"Expected a code of letters, digits, '-' and '_', but got {quoted(code)}; rename it."
        )
    malignant = entry.get("malignant", False)
    if not isinstance(malignant, bool):
        raise TaxonomyError(
            f"Expected malignant of {code} to be true or false, but got {quoted(malignant)}; "
            "mend it."
        )
    try:
        family = Family(entry.get("family", Family.OTHER))
    except ValueError:
        raise TaxonomyError(
            f"Expected family of {code} to be one of {', '.join(Family)}, "
            f"but got {quoted(entry['family'])}; choose one of these."
        ) from None
    name_en = str(entry.get("name_en", code))
    return Disease(code, name_en, str(entry.get("name_zh", name_en)), malignant, family)


def check_classes(taxonomy: Taxonomy) -> None:
    """Raises TaxonomyError for classes from outside that are too many, or have odd names.

    Not part of a Taxonomy itself: what was stored before must still be read.
    """
    if len(taxonomy) > MAX_CLASSES:
        raise TaxonomyError(
            f"Expected at most {MAX_CLASSES} classes, but got {len(taxonomy):,}; put some together."
        )
    limits = [(taxonomy.name, _MAX_NAME)]
    for its in taxonomy.diseases:
        limits += [(its.code, _MAX_CODE), (its.name_en, _MAX_NAME), (its.name_zh, _MAX_NAME)]
    for text, most in limits:
        if wrong := problem(text, most=most):
            raise TaxonomyError(
                f"Expected names of classes that can be taken, but {quoted(text)} {wrong}; mend it."
            )


_INFLAMMATORY = Family.INFLAMMATORY
_BENIGN = Family.BENIGN_TUMOUR
_MALIGNANT = Family.MALIGNANT_TUMOUR
_VASCULAR = Family.VASCULAR

# The fourteen classes and their order are those of the abstract of Zhu et al. 2021.
PUMCH14 = Taxonomy(
    "PUMCH14",
    (
        Disease("LP", "lichen planus", "扁平苔藓", False, _INFLAMMATORY),
        Disease("Rosa", "rosacea", "玫瑰痤疮", False, _INFLAMMATORY),
        Disease("VW", "viral warts", "病毒疣", False, Family.INFECTIOUS),
        Disease("AV", "acne vulgaris", "寻常痤疮", False, _INFLAMMATORY),
        Disease(
            "KAHS", "keloid and hypertrophic scar", "瘢痕疙瘩和增生性瘢痕", False, Family.OTHER
        ),
        Disease("EAD", "eczema and dermatitis", "湿疹和皮炎", False, _INFLAMMATORY),
        Disease("DF", "dermatofibroma", "皮肤纤维瘤", False, _BENIGN),
        Disease("SD", "seborrheic dermatitis", "脂溢性皮炎", False, _INFLAMMATORY),
        Disease("SK", "seborrheic keratosis", "脂溢性角化病", False, _BENIGN),
        Disease("MN", "melanocytic nevus", "黑素细胞痣", False, _BENIGN),
        Disease("Hem", "hemangioma", "血管瘤", False, _VASCULAR),
        Disease("Pso", "psoriasis", "银屑病", False, _INFLAMMATORY),
        Disease("PWS", "port wine stain", "鲜红斑痣", False, _VASCULAR),
        Disease("BCC", "basal cell carcinoma", "基底细胞癌", True, _MALIGNANT),
    ),
)

ISIC2019 = Taxonomy(
    "ISIC2019",
    (
        Disease("MEL", "melanoma", "黑色素瘤", True, _MALIGNANT),
        Disease("NV", "melanocytic nevus", "黑素细胞痣", False, _BENIGN),
        Disease("BCC", "basal cell carcinoma", "基底细胞癌", True, _MALIGNANT),
        Disease("AK", "actinic keratosis", "光化性角化病", False, Family.OTHER),
        Disease("BKL", "benign keratosis", "良性角化病", False, _BENIGN),
        Disease("DF", "dermatofibroma", "皮肤纤维瘤", False, _BENIGN),
        Disease("VASC", "vascular lesion", "血管病变", False, _VASCULAR),
        Disease("SCC", "squamous cell carcinoma", "鳞状细胞癌", True, _MALIGNANT),
    ),
)

# The paper does not name the eight classes of its reader study: these are this project's choice.
DEMO8 = PUMCH14.subset(("BCC", "SK", "MN", "DF", "Hem", "Pso", "EAD", "VW"), name="DEMO8")

SHIPPED = {taxonomy.name: taxonomy for taxonomy in (PUMCH14, ISIC2019, DEMO8)}


def load_taxonomy(name_or_path: str | Path) -> Taxonomy:
    """A shipped taxonomy by name, or one from a JSON file (see docs/taxonomies.md).

    Raises TaxonomyError when there is no such name or file, or the file does not fit.
    """
    if str(name_or_path) in SHIPPED:
        return SHIPPED[str(name_or_path)]
    path = Path(name_or_path)
    if not path.is_file():
        raise TaxonomyError(
            f"Expected the name of a taxonomy ({', '.join(SHIPPED)}) or a JSON file, "
            f"but got {quoted(str(name_or_path))}; check the name or the path."
        )
    try:
        content = documents.read(path, "JSON")
    except documents.DocumentError as error:
        raise TaxonomyError(
            f"Expected {path} to be a JSON file in UTF-8, but reading it failed ({error}); mend it."
        ) from error
    taxonomy = Taxonomy.from_dict(content)
    check_classes(taxonomy)
    return taxonomy
