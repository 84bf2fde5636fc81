"""Whose number a record is, and by which method: values, whose text is what files hold."""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["model", "reader", "mean_reader", "majority_vote", "readers", "trials"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One model or reader, or many as one; or this `minus` another.

    >>> gap = Subject.model("b4") - MEAN_READER
    >>> str(gap), gap.words
    ('model:b4 - mean_reader', 'b4 minus mean reader')
    """

    kind: Kind
    name: str = ""
    is_aided: bool = False
    minus: "Subject | None" = None

    @classmethod
    def model(cls, name: str) -> "Subject":
        return cls("model", name)

    @classmethod
    def reader(cls, name: str, *, is_aided: bool = False) -> "Subject":
        return cls("reader", name, is_aided)

    def __sub__(self, other: "Subject") -> "Subject":
        return replace(self, minus=other)

    def __str__(self) -> str:
        mark = " " if self.kind == "trials" else ":"
        text = f"{self.kind}{mark}{self.name}" if self.name else self.kind
        text += ":aided" if self.is_aided else ""
        return f"{text} - {self.minus}" if self.minus else text

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Its own, and that of what is subtracted."""
        return (self.kind, *(self.minus.kinds if self.minus else ()))

    @property
    def words(self) -> str:
        """As people say it; names stay as they are."""
        reader = "aided reader" if self.is_aided else "reader"
        text = {
            "model": self.name,
            "reader": f"{reader} {self.name}",
            "mean_reader": f"mean {reader}",
            "majority_vote": "majority vote",
            "readers": "readers",
            "trials": f"trials {self.name}",
        }[self.kind]
        return f"{text} minus {self.minus.words}" if self.minus else text


@dataclass(frozen=True, slots=True)
class Method:
    """A method, and what it is about where the record's quantity does not say it.

    `component`: of variance. `quantity`: what a claim, test or variance is of. `covariance`: how
    that of areas was estimated.

    >>> str(Method("or", component="ms", quantity="auc", covariance="delong"))
    'or:ms:auc:delong'
    """

    name: str
    component: str = ""
    quantity: str = ""
    covariance: str = ""

    def __str__(self) -> str:
        parts = (self.name, self.component, self.quantity, self.covariance)
        return ":".join(part for part in parts if part)


MEAN_READER = Subject("mean_reader")
AIDED_READER = Subject("mean_reader", is_aided=True)
READERS = Subject("readers")
MAJORITY = Subject("majority_vote")
PRIMARY = Method("or-rrrc-capped")
PRIMARY_OF_AREAS = Method("or-rrrc-capped", covariance="delong")
MOVER = Method("or-rrrc-mover")
AREA_METHODS = (Method("delong"), Method("clopper-pearson-pairs"))
