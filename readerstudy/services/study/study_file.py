"""The one file that says all of a study, in YAML or TOML."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import documents
from data.taxonomy import SHIPPED, Taxonomy, load_taxonomy
from data.texts import listed, quoted
from readerstudy.db.tables import Study
from readerstudy.domain import Rule
from readerstudy.domain.consent import DEFAULT_CONSENT, ConsentText
from readerstudy.domain.errors import StudyError
from readerstudy.domain.protocol import Protocol, faults_of

FORMS = ("YAML", "TOML")


class _Consent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1, max_length=20)
    text: str = Field(min_length=1)
    text_zh: str | None = None


class StudyFile(BaseModel):
    """What `create-study --file` reads and the export writes; docs/protocol.md explains it."""

    model_config = ConfigDict(extra="forbid")

    slug: str
    title: str
    taxonomy: str | dict[str, Any]
    synthetic: bool = False
    rule: Rule = Rule.RENORMALISE
    consent: _Consent | None = None
    protocol: Protocol = Protocol()

    def arguments(self, *, folder: Path | None) -> dict[str, Any]:
        """Of `studies.create_study`; a taxonomy named by a file is looked for in `folder`.

        None: from a page, which must not read the server's files.
        """
        consent = DEFAULT_CONSENT
        if self.consent is not None:
            consent = ConsentText(**self.consent.model_dump())
        return {
            "slug": self.slug,
            "title": self.title,
            "taxonomy": _taxonomy(self.taxonomy, folder),
            "synthetic": self.synthetic,
            "rule": self.rule,
            "protocol": self.protocol,
            "consent": consent,
        }


def read_study_file(path: Path) -> StudyFile:
    """YAML, or TOML if the name ends so. Raises StudyError naming every setting that is wrong."""
    try:
        content = documents.content_of(path)
    except documents.DocumentError as error:
        raise _unreadable(str(path), error) from error
    return decode_study(content, name=str(path))


def decode_study(content: bytes, *, name: str) -> StudyFile:
    """The same from the content of a file of that name."""
    form = "TOML" if name.lower().endswith(".toml") else "YAML"
    return parse_study(content, form=form, source=name)


def _unreadable(source: str, error: Exception) -> StudyError:
    return StudyError(
        f"Expected a study in YAML or TOML in {listed([source])}, but it cannot be read ({error}); "
        "correct it."
    )


def parse_study(
    given: str | bytes | dict[str, Any], *, form: str = "YAML", source: str = "the form"
) -> StudyFile:
    """From the text of a file, or from settings. Raises StudyError as above."""
    content = given if isinstance(given, dict) else _loaded(given, form, source)
    if not isinstance(content, dict):
        raise StudyError(
            f"Expected settings in {listed([source])}, but it holds none; see docs/protocol.md."
        )
    try:
        return StudyFile.model_validate(content)
    except ValidationError as error:
        faults = faults_of(error)
        raise StudyError(
            f"Expected a study in {listed([source])}, but {len(faults)} settings are wrong; mend "
            "them:\n" + "\n".join(faults)
        ) from error


def _loaded(text: str | bytes, form: str, source: str) -> Any:
    if form not in FORMS:
        raise StudyError(f"Expected {' or '.join(FORMS)}, but got {quoted(form)}; choose one.")
    try:
        return documents.parse(text, form)
    except documents.DocumentError as error:
        raise _unreadable(source, error) from error


def write_study_file(study: Study) -> str:
    """A file that makes the same study again: YAML, every setting written out."""
    content = StudyFile(
        slug=study.slug,
        title=study.title,
        taxonomy=study.stored_taxonomy,
        synthetic=study.synthetic,
        rule=study.rule,
        consent=_Consent(
            version=study.consent_version, text=study.consent_text, text_zh=study.consent_text_zh
        ),
        protocol=study.protocol,
    )
    plain = content.model_dump(mode="json")
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def _taxonomy(given: str | dict[str, Any], folder: Path | None) -> Taxonomy:
    if isinstance(given, dict):
        return Taxonomy.from_dict(given)
    if folder is None:
        if given not in SHIPPED:
            raise StudyError(
                f"Expected the classes as {', '.join(SHIPPED)} or written out, but got "
                f"{quoted(given)}; see docs/taxonomies.md."
            )
        return SHIPPED[given]
    beside = folder / given
    return load_taxonomy(str(beside) if beside.is_file() else given)
