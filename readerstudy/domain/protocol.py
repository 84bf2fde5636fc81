"""The protocol: everything about a study that is fixed before the first answer, and sealed."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.texts import listed, quoted
from readerstudy.domain.profile import DEFAULT_YEARS

_MAX_FAULTS = 50

Text = Annotated[str, Field(min_length=1, max_length=40)]

Year = Annotated[int, Field(ge=1, le=60)]

ProfileKey = Literal[
    "profession",
    "board_certified",
    "years_dermatology",
    "years_dermoscopy",
    "country",
    "age",
    "sex",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Questions(_Part):
    """What is asked of each case beside the forced choice of one class.

    `cannot_tell` offers an answer outside the classes; `top3` two more choices in order;
    `management` what to do, one of these; `option_order` that of the buttons, drawn per reader
    and stored if shuffled. `information` "image": only the case's own image is shown (level I), not
    the clinical text and further views that the manifest may have (level II).
    """

    confidence: bool = True
    cannot_tell: bool = False
    top3: bool = False
    management: tuple[Text, ...] = ()
    option_order: Literal["fixed", "shuffled"] = "fixed"
    information: Literal["full", "image"] = "full"

    def further(self) -> list[str]:
        """What is asked beside the class, in words."""
        words = {
            "I cannot tell": self.cannot_tell,
            "second and third choice": self.top3,
            "confidence from 0 to 100": self.confidence,
            f"management: {', '.join(self.management)}": bool(self.management),
        }
        return [text for text, is_asked in words.items() if is_asked]


class Order(_Part):
    """Which cases a reader gets.

    All; `batch`: `size` of them, drawn per reader, classes in proportion; `anchor`: `anchor` cases
    that everybody gets, and in turn one of the blocks of `size` of the rest.
    """

    rule: Literal["all", "batch", "anchor"] = "all"
    size: int = Field(default=30, ge=1, le=100_000)
    anchor: int = Field(default=20, ge=1, le=100_000)


class Policies(_Part):
    """What a reader may do with cases that are answered; by default nothing.

    `back`: look at them again. `revise`: also change the answer, which adds a revision.
    `feedback` "immediate": be told the reference standard once no reading of the case is left; for
    teaching.
    """

    back: bool = False
    revise: bool = False
    feedback: Literal["none", "immediate"] = "none"

    @model_validator(mode="after")
    def _can_be_together(self) -> Self:
        if self.revise and not self.back:
            raise ValueError("revise needs back: an answer is changed where it is shown again")
        if self.revise and self.feedback != "none":
            raise ValueError(
                "revise and feedback exclude each other: whoever was told may not change the answer"
            )
        return self


class Aid(_Part):
    """A model's advice: none, or by one of two designs.

    `second-read`: after the first answer is locked; `crossed`: instead of the unaided reading, in
    every second block of cases.

    `top_k` most probable classes are shown, with `malignancy` also the probability of all malignant
    ones together, and the imported pictures of the kinds in `support`.
    `wrong_share` of the advice is wrong on purpose, which the last page tells the reader.
    """

    design: Literal["none", "second-read", "crossed"] = "none"
    model: str = ""
    top_k: int = Field(default=3, ge=1, le=20)
    block: int = Field(default=10, ge=1, le=1000)
    wrong_share: float = Field(default=0.0, ge=0.0, le=0.5)
    malignancy: bool = False
    support: tuple[Literal["saliency", "similar"], ...] = ()

    @model_validator(mode="after")
    def _has_model(self) -> Self:
        if self.design != "none" and not self.model:
            raise ValueError("name the model whose advice is shown, for example model = 'b4'")
        return self

    @model_validator(mode="after")
    def _shows_pictures_of_true_advice(self) -> Self:
        if self.support and self.design == "none":
            raise ValueError("support needs a design in which advice is shown")
        if self.support and self.wrong_share > 0:
            raise ValueError(
                "support and wrong_share exclude each other: the pictures belong to the model's "
                "own advice and would show which was changed"
            )
        if len(set(self.support)) < len(self.support):
            raise ValueError("support names each kind once")
        return self


class Analysis(_Part):
    """What will be tested, and which readers are left out by rule, never by hand.

    `alpha` cannot be chosen: all intervals are 95%; it is written out so that the seal names it.
    `min_answered`: share of the own test cases that a reader must have answered.
    `max_attention_errors`: wrong attention checks a reader may have; none without a number.
    """

    endpoint: Literal["balanced_accuracy", "accuracy", "sensitivity", "specificity", "auc"] = (
        "balanced_accuracy"
    )
    margin: float | None = Field(default=None, gt=0.0, lt=1.0)
    alpha: float = Field(default=0.05, ge=0.05, le=0.05)
    planned_readers: int | None = Field(default=None, ge=1)
    missing: Literal["omit", "wrong"] = "omit"
    min_answered: float = Field(default=0.0, ge=0.0, le=1.0)
    max_attention_errors: int | None = Field(default=None, ge=0)

    @property
    def excludes(self) -> bool:
        """Whether any rule of exclusion is set."""
        return self.min_answered > 0 or self.max_attention_errors is not None


class Readers(_Part):
    """What readers are asked about themselves, and what becomes of their data.

    `profile`: the questions, in the order of the page whatever the order here.
    `years`: whole years at which groups of experience part; (3, 10): none, <3, 3-10, >10.
    `withdrawal`: answers of a reader who withdraws are deleted, or kept under a new random code.
    `contacts_until`: the day until which names and addresses are kept at most; readers are told.
    """

    profile: tuple[ProfileKey, ...] = (
        "profession",
        "board_certified",
        "years_dermatology",
        "years_dermoscopy",
        "country",
    )
    years: tuple[Year, ...] = Field(default=DEFAULT_YEARS, min_length=1, max_length=6)
    withdrawal: Literal["delete", "anonymise"] = "anonymise"
    contacts_until: date | None = None

    @model_validator(mode="after")
    def _years_ascend(self) -> Self:
        if list(self.years) != sorted(set(self.years)):
            raise ValueError("years must ascend, for example [3, 10]")
        return self


class Feedback(_Part):
    """What readers learn once the study is closed, beside their own result.

    `missed_cases`: image, own answer and reference standard of the cases they got wrong.
    """

    missed_cases: bool = False


class Protocol(_Part):
    """The parts together. `time_limit_s` ends a case unanswered, which is missing, not wrong."""

    format: Literal[1] = 1
    questions: Questions = Questions()
    order: Order = Order()
    policies: Policies = Policies()
    aid: Aid = Aid()
    analysis: Analysis = Analysis()
    readers: Readers = Readers()
    feedback: Feedback = Feedback()
    time_limit_s: int | None = Field(default=None, ge=5, le=3600)

    @model_validator(mode="after")
    def _revises_nothing_that_is_over(self) -> Self:
        if self.policies.revise and (self.time_limit_s is not None or self.aid.wrong_share > 0):
            raise ValueError(
                "policies.revise goes neither with time_limit_s nor with aid.wrong_share: the time "
                "would be over, or the last page would have told which advice was wrong"
            )
        return self

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, every setting written out."""
        return self.model_dump(mode="json")


DEFAULT_PROTOCOL = Protocol()


def faults_of(error: ValidationError) -> list[str]:
    """One line for each setting that is wrong, in the file's own names."""
    found = [_words(fault) for fault in error.errors(include_url=False)]
    rest = len(found) - _MAX_FAULTS
    return found[:_MAX_FAULTS] + ([f"and {rest:,} more"] if rest > 0 else [])


def _words(fault: Any) -> str:
    place = listed([".".join(str(part) for part in fault["loc"])]) or "the file"
    if fault["type"] == "extra_forbidden":
        return f"{place}: there is no such setting; see docs/protocol.md"
    if fault["type"] == "missing":
        return f"{place}: is missing"
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}, but got {quoted(fault['input'])}"
