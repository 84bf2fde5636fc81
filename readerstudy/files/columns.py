"""The tables of the export: this list of columns drives files, codebook and data dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from readerstudy.domain.profile import OF_EXPERIENCE, PROFILE_FIELDS, ProfileField
from readerstudy.domain.reading import QUESTIONS


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    meaning: str


_TIME = "ISO 8601 time, UTC"
_CODE = "class code"

READINGS = (
    Column("study", "text", "short name of the study"),
    Column("reader_id", "text", "pseudonymous code of the reader"),
    Column("reader_kind", "human, model or simulated", "who or what answered"),
    Column("case_id", "text", "name of the case in the study's manifest"),
    Column("patient_id", "text", "patient of the case, empty if unknown"),
    Column("truth", _CODE, "reference standard of the case"),
    Column(
        "arm",
        "unaided, aided, practice, attention or repeat",
        "under which condition the case was read",
    ),
    Column("answer", _CODE, "current answer; empty = shown, and not answered with a class"),
    *(Column(asked.name, asked.metadata["kind"], asked.metadata["meaning"]) for asked in QUESTIONS),
    Column("position", "from 1", "place of the case in the reader's own drawn order"),
    Column("shown_at", _TIME, "when the server first showed the case"),
    Column("answered_at", _TIME, "when the server stored the current answer"),
    Column(
        "active_ms",
        "milliseconds",
        "time in view, less idle time, as the browser measured it",
    ),
    Column("timed_out", "true or false", "whether a time limit ended the case"),
    Column("changed", "true or false", "whether the answer is a later revision"),
    Column("cannot_tell", "true or false", "whether the reader said that it cannot be told"),
    Column("advice", _CODE, "class that the model suggested, in aided readings"),
    Column("advice_shown", "JSON", "classes and probabilities that were shown, highest first"),
    Column("is_misled", "true or false", "whether the advice was wrong on purpose"),
    Column("screen", "pixels x pixels", "size of the browser's window"),
    Column("zooms", "whole number", "how often the image was enlarged"),
    Column("advice_malignancy", "0 to 1", "probability of all malignant classes, where shown"),
)

CASES = (
    Column("case_id", "text", "name of the case in the study's manifest"),
    Column("truth", _CODE, "reference standard of the case"),
    Column("basis", "text", "what the reference standard rests on, such as histology"),
    Column("role", "test, practice or attention", "what the case is for; only test cases count"),
    Column("is_repeated", "true or false", "whether readers see it a second time"),
    Column("clinical_text", "text", "what readers were told beside the image"),
    Column("lesion_id", "text", "lesion, empty if unknown"),
    Column("patient_id", "text", "patient, empty if unknown"),
    Column("site", "text", "where on the body"),
    Column("age_band", "text", "age of the patient, in bands"),
    Column("skin_tone", "text", "skin tone, as the manifest gives it"),
    Column("source", "text", "where the image comes from"),
    Column("licence", "text", "licence of the image"),
    Column("image_sha256", "64 hexadecimal digits", "hash of the image as it was shown"),
    Column("view_sha256", "hashes between spaces", "further views of the case, as they were shown"),
)


def _values(field: ProfileField) -> str:
    values = ", ".join(field.choices) or "text"
    return f"{values}, or as readers.years has it" if field.key in OF_EXPERIENCE else values


READERS = (
    Column("reader_id", "text", "pseudonymous code of the reader"),
    Column("reader_kind", "human, model or simulated", "who or what answered"),
    Column("joined_at", _TIME, "when the invitation was first accepted"),
    Column("order_seed", "whole number", "seed of the reader's drawn order"),
    Column("option_order", "class codes between spaces", "order of the reader's buttons"),
    Column("consent_version", "text", "version of the consent text that was accepted"),
    Column("consent_language", "en, zh", "language in which it was shown"),
    Column("consent_at", _TIME, "when it was accepted"),
    *(
        Column(field.key, _values(field), f"self-declared: {field.label.lower()}")
        for field in PROFILE_FIELDS
    ),
    Column("excluded", "text", "why the protocol leaves the reader out; empty if it does not"),
    Column("answered", "whole number", "cases answered"),
    Column("total", "whole number", "cases assigned"),
)

AMENDMENTS = (
    Column("case_id", "text", "name of the case in the study's manifest"),
    Column("at", _TIME, "when it was amended"),
    Column("old_truth", _CODE, "reference standard of before, which the seal holds"),
    Column("old_basis", "text", "what it rested on"),
    Column("new_truth", _CODE, "reference standard since, as in cases.csv"),
    Column("new_basis", "text", "what it rests on"),
    Column("reason", "text", "why it was amended, as its owner wrote"),
)

RESULTS = (
    Column("quantity", "text", "what was estimated, for example sensitivity"),
    Column("class", _CODE, "class taken against all others, or all"),
    Column("subject", "text", "model:NAME, reader:ID, mean_reader or a difference of two"),
    Column("method", "text", "statistical method, as docs/statistics.md defines it"),
    Column("estimate", "number", "the estimate; a fraction, not a percentage"),
    Column("se", "number", "standard error"),
    Column("df", "number", "degrees of freedom; empty where they are infinite"),
    Column("statistic", "number", "test statistic"),
    Column("p", "0 to 1", "two-sided p value unless the note says otherwise"),
    Column("ci_low", "number", "lower end of the confidence interval"),
    Column("ci_high", "number", "upper end of the confidence interval"),
    Column("n_cases", "whole number", "cases that entered"),
    Column("n_readers", "whole number", "readers that entered"),
    Column("note", "text", "what a user of the number must know"),
)

CONSENTS = (
    Column("consent_version", "text", "version of the consent text"),
    Column("consent_language", "en, zh", "language in which it was shown"),
    Column("text_sha256", "64 hexadecimal digits", "hash of the text; those of consent/ are now's"),
    Column("accepted", "whole number", "readers who accepted this text"),
)

IDENTITIES = (
    Column("reader_id", "text", "code of the reader; empty if nobody came, or who came withdrew"),
    Column("name", "text", "name of the person who was invited"),
    Column("email", "text", "address of the person who was invited"),
    Column("note", "text", "note of the owner"),
    Column("invited_at", _TIME, "when the invitation was made"),
    Column("expires_at", _TIME, "when it ends, if it does"),
    Column("revoked_at", _TIME, "when it was taken back, if it was"),
    Column("joined_at", _TIME, "when it was accepted"),
    Column("seal", "64 hexadecimal digits", "seal of the study; empty before it opens"),
)

SUPPORTS = (
    Column("model", "text", "model whose advice the picture stands beside"),
    Column("case_id", "text", "name of the case in the study's manifest"),
    Column("kind", "saliency or similar", "the model's map of the case, or a similar known case"),
    Column("position", "from 1", "place among those of its kind"),
    Column("caption", "text", "what stands below it"),
    Column("image_sha256", "64 hexadecimal digits", "hash of the picture as it was shown"),
)

PREDICTIONS = (
    Column("case_id", "text", "name of the case in the study's manifest"),
    Column("p_<code>", "0 to 1", "probability of the class; one column per class of the model"),
)

CODEBOOK = (
    Column("file", "text", "file of the bundle"),
    Column("column", "text", "name of the column"),
    Column("kind", "text", "kind of value, or the values that occur"),
    Column("meaning", "text", "what it means"),
)

TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "readings.csv": READINGS,
        "cases.csv": CASES,
        "readers.csv": READERS,
        "amendments.csv": AMENDMENTS,
        "predictions_<name>.csv": PREDICTIONS,
        "supports.csv": SUPPORTS,
        "results.csv": RESULTS,
        "consents.csv": CONSENTS,
        "identities.csv (never in the bundle)": IDENTITIES,
        "codebook.csv": CODEBOOK,
    }
)


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)
