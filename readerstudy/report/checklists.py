"""Items of STARD-AI and CLAIM, paraphrased, and where this report answers them."""

from collections.abc import Mapping
from dataclasses import dataclass

AUTHORS = "to be written by the authors"
_BUNDLE = "The export carries"


@dataclass(frozen=True)
class Item:
    """`fact` names what the study's data say; `words` is what holds for every study."""

    number: str
    topic: str
    fact: str = ""
    words: str = ""


@dataclass(frozen=True)
class Row:
    """An item with its answer; `is_open` where the authors must write it, or write more."""

    number: str
    topic: str
    answer: str
    is_open: bool


STARD_AI = (
    Item("6", "Approval by an ethics committee"),
    Item("7", "Who and which data could take part"),
    Item("11", "Where the data come from", "sources"),
    Item("12", "Who set the labels, and their experience"),
    Item("13", "Devices and versions of software", "software"),
    Item("14", "How images were prepared", "preparation"),
    Item("15a", "The model and its version", "models"),
    Item("15b", "How the model was developed"),
    Item("15c", "Cut-offs: fixed before or explored", "rule"),
    Item("15d", "Who uses it, and their expertise", words="See the table of readers."),
    Item("16", "Reference standard", "bases"),
    Item("17a", "What readers knew of the case and of the reference standard", "blinding"),
    Item("17b", "Whether those who set the reference standard knew the model's results"),
    Item("18", "Statistical methods", words="See the methods."),
    Item("19", "Indeterminate results", "indeterminate"),
    Item("20", "Missing results", "missing"),
    Item("21", "Variability among readers", "variability"),
    Item("22", "Planned number of readers and cases", "planned"),
    Item("23, 35", "Fairness and subgroups", "subgroups"),
    Item("24", "Flow of participants", words="See the flow."),
    Item("25", "Baseline characteristics", "baseline"),
    Item("28", "Whether the test cases represent the patients meant"),
    Item("30", "Cross-tabulation with the reference standard", "crossed"),
    Item("31", "Estimates with intervals", words="See the tables; every number has its method."),
    Item("36", "Registration"),
    Item("37", "Protocol", "protocol"),
    Item("39", "Commercial interests"),
    Item("40a", "Data and code", "code"),
    Item(
        "40b",
        "Whether outputs are stored and can be audited",
        words=f"{_BUNDLE} every answer and prediction, checksums, and a script that computes every "
        "number again.",
    ),
)

CLAIM = (
    Item("11", "De-identification", "identities"),
    Item("14-15", "Definition of the reference standard and why it was chosen", "bases"),
    Item("16-17", "Annotators and their tools"),
    Item("18", "Variability within and among readers", "variability"),
    Item("19", "How data were divided"),
    Item("20", "Level at which the parts are disjoint (patient, lesion, image)"),
    Item("21", "Size of the test set", "baseline"),
    Item("22-23", "The model and its software", "models"),
    Item("24-27", "Initialisation, training, selection and ensembling"),
    Item("28", "Metrics", words="See the methods."),
    Item("29", "Uncertainty", words="Every estimate has an interval or says why it has none."),
    Item("30", "Robustness"),
    Item("31", "Explanations and their validation"),
    Item("32-33", "Internal and external testing"),
    Item("35", "Flow", words="See the flow."),
    Item("37", "Subgroups", "subgroups"),
    Item("38", "Performance with intervals", words="See the tables."),
    Item("39", "Confusion matrix and examples of failure", "crossed"),
)

# These say a part; the rest cannot come from the data.
_PARTS = frozenset(
    {"sources", "software", "preparation", "models", "bases", "subgroups", "baseline", "planned"}
)


def answered(items: tuple[Item, ...], facts: Mapping[str, str]) -> list[Row]:
    """Each item with what is known, marked where the authors must write."""
    return [_row(item, facts) for item in items]


def _row(item: Item, facts: Mapping[str, str]) -> Row:
    known = item.words or facts.get(item.fact, "")
    if not known:
        return Row(item.number, item.topic, AUTHORS, is_open=True)
    if item.fact in _PARTS:
        return Row(item.number, item.topic, f"{known} The rest is {AUTHORS}.", is_open=True)
    return Row(item.number, item.topic, known, is_open=False)
