"""What a study's report knows beside the numbers; plain values, filled by the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReaderGroup:
    """Readers with one answer to one question of their profile; simulated ones are apart."""

    question: str
    answer: str
    people: int
    simulated: int
    answered: int


@dataclass(frozen=True)
class About:
    """`flow`: steps in words with their counts. `facts`: what `checklists` asks, by its keys."""

    title: str
    slug: str
    state: str
    seal: str | None
    synthetic: bool
    made_by: str
    dates: Sequence[tuple[str, str]]
    flow: Sequence[tuple[str, int]]
    groups: Sequence[ReaderGroup]
    models: Sequence[tuple[str, str]]
    amended: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
