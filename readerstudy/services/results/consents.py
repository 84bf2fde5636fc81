"""The consent texts of a study, and which were accepted, as files of the export."""

import hashlib

from readerstudy.db import Session
from readerstudy.db.queries import readings
from readerstudy.db.tables import Study
from readerstudy.files import columns
from readerstudy.files.csvio import write_csv


def consent_files(session: Session, study: Study) -> dict[str, bytes]:
    """The texts, and one row per version and language: of the study's own, and of the accepted."""
    texts = {"en": study.consent_text}
    if study.consent_text_zh is not None:
        texts["zh"] = study.consent_text_zh
    version = study.consent_version
    rows = {
        (version, language, hashlib.sha256(text.encode()).hexdigest()): 0
        for language, text in texts.items()
    }
    rows |= readings.consents(session, study)
    table = (
        dict(zip(columns.names(columns.CONSENTS), (*key, n), strict=True))
        for key, n in sorted(rows.items())
    )
    files = {f"consent/{language}.txt": text.encode() for language, text in texts.items()}
    return files | {"consents.csv": write_csv(columns.names(columns.CONSENTS), table).encode()}
