"""One case on a reader's page, and what the reader answers."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from readerstudy.domain.kinds import SupportKind
from readerstudy.domain.studies import Option

if TYPE_CHECKING:
    from readerstudy.domain.protocol import Questions


T = TypeVar("T")


def question(kind: str, meaning: str, *, setting: str = "") -> Any:
    """An optional question: its words in the codebook, and its setting if that has another name."""
    return field(default=None, metadata={"kind": kind, "meaning": meaning, "setting": setting})


@dataclass(frozen=True)
class Given:
    """What a reader answers; an empty `answer` if there is none (cannot tell, or out of time).

    The request, the table, a reader's own data, the export and its codebook follow these fields.
    """

    answer: Annotated[str, Field(max_length=50)]
    answer_2: Annotated[str | None, Field(max_length=50)] = question(
        "class code", "second choice, where the study asks for it", setting="top3"
    )
    answer_3: Annotated[str | None, Field(max_length=50)] = question(
        "class code", "third choice, where the study asks for it", setting="top3"
    )
    confidence: Annotated[int | None, Field(ge=0, le=100)] = question(
        "0 to 100", "how sure the reader was, where given"
    )
    management: Annotated[str | None, Field(max_length=40)] = question(
        "text", "what the reader would do, where the study asks for it"
    )
    cannot_tell: bool = False
    timed_out: bool = False


QUESTIONS = tuple(entry for entry in fields(Given) if entry.metadata)


@dataclass(frozen=True)
class AdvicePicture:
    """A picture beside the advice, numbered by its place from 1."""

    kind: SupportKind
    caption: str


@dataclass(frozen=True)
class Advice:
    """What a reader sees of a model: its most probable classes, highest first, and pictures.

    `malignancy`: probability of all malignant classes together, where the protocol shows it.
    """

    model: str
    shown: tuple[tuple[str, float], ...]
    malignancy: float | None = None
    pictures: tuple[AdvicePicture, ...] = ()


@dataclass(frozen=True)
class CaseView:
    """What the browser is told: not what kind of case this is, but for practice, as on the page.

    Position counts from 1. `first_answer` and `advice` belong to an aided second reading.

    `seconds_left` None: no limit. `views`: a caption, or nothing, for each image of the case.
    `preload`: token of the next case, whose `preload_views` images may be fetched.
    `back`, `forth`: tokens of answered cases before and after, where the protocol lets readers look
    back. `given`, `is_locked` and `reference` belong to an answered case that is shown again.
    """

    case_token: str
    position: int
    total: int
    is_practice: bool
    options: tuple[Option, ...]
    questions: "Questions"
    clinical_text: str
    seconds_left: float | None
    advice: Advice | None
    first_answer: str | None
    views: tuple[str, ...]
    preload: str | None
    preload_views: int
    back: str | None = None
    forth: str | None = None
    given: Given | None = None
    is_locked: bool = False
    reference: str | None = None


@dataclass(frozen=True)
class Measured:
    """What the browser says of itself: time in view and not idle, its window, uses of the zoom."""

    active_ms: int | None = None
    screen: Annotated[str | None, Field(max_length=40)] = None
    zooms: int | None = None


def names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, in order."""
    return tuple(entry.name for entry in fields(kind))


def part(kind: type[T], source: object) -> T:
    """The fields of `kind` in a request or a stored row."""
    return kind(**{name: getattr(source, name) for name in names(kind)})


@dataclass(frozen=True)
class Saved:
    """`reference`: the reference standard, only where the protocol says immediate feedback."""

    answered: int
    total: int
    reference: str | None = None
