"""The files of the export bundle, from one consistent picture of a study."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from readerstudy import clock
from readerstudy.db import Session
from readerstudy.db.queries import readings as queries_results
from readerstudy.db.queries import studies, trail
from readerstudy.db.tables import Study
from readerstudy.domain import Withdrawal
from readerstudy.domain.seal import canonical_json
from readerstudy.files import codebook, zip_bundle
from readerstudy.files import columns as tidy
from readerstudy.files.csvio import write_csv
from readerstudy.files.readme import readme
from readerstudy.files.recompute_script import RECOMPUTE
from readerstudy.files.study_analysis import Settings, result_tables
from readerstudy.report.stamp import stamp_of
from readerstudy.services.reading.readers import options_of
from readerstudy.services.results.consents import consent_files
from readerstudy.services.results.readings import Readings, Rows
from readerstudy.services.study import amendments as amending
from readerstudy.services.study import seal_content
from readerstudy.services.study.study_file import write_study_file
from readerstudy.stats import Analysis
from readerstudy.stats.figures.roc import RocFigure
from readerstudy.stats.figures.study_figures import Picture

Files = dict[str, bytes]
_FEEDBACK = (
    "Teaching study: readers were told the reference standard after each case, so later answers\n"
    "rest on it.\n"
)


def study_files(session: Session, study: Study, *, readings: Readings, settings: Settings) -> Files:
    cases = queries_results.cases(session, study)
    files = {
        "readings.csv": _csv(tidy.READINGS, readings.kept),
        "cases.csv": _csv(tidy.CASES, cases),
        "readers.csv": _csv(tidy.READERS, _readers(session, study, readings)),
        "codebook.csv": codebook.codebook_csv().encode(),
        "seal.json": canonical_json(seal_content.seal_content(session, study)).encode(),
        "study.json": _json(_study(study, n_amendments=trail.n_amendments(session, study.id))),
        "study.yaml": write_study_file(study).encode(),
        "versions.json": _json(zip_bundle.versions(made_at=clock.now().isoformat())),
        "settings.json": settings.to_json().encode(),
        "recompute.py": RECOMPUTE.encode(),
        "README.txt": _readme(session, study, readings, settings).encode(),
    }
    files |= consent_files(session, study) | support_files(session, study)
    if amendments := amending.amendment_rows(session, study):
        files["amendments.csv"] = _csv(tidy.AMENDMENTS, amendments)
    if readings.left_out:
        files["readings_left_out.csv"] = _csv(tidy.READINGS, readings.left_out)
    return files


def prediction_files(session: Session, study: Study, *, frames: dict[str, pd.DataFrame]) -> Files:
    files: Files = {}
    for model in studies.models(session, study.id):
        frame = frames[model.name]
        rows = ({str(k): v for k, v in row.items()} for row in frame.to_dict("records"))
        stem = f"predictions_{model.name}"
        files[f"{stem}.csv"] = write_csv(list(frame.columns), rows).encode()
        files[f"{stem}.json"] = _json(model.card)
    return files


def support_files(session: Session, study: Study) -> Files:
    """Nothing where no picture was imported; they themselves stay where the cases' images are."""
    rows = seal_content.support_rows(session, study)
    return {"supports.csv": _csv(tidy.SUPPORTS, rows)} if rows else {}


def result_files(analysis: Analysis, pictures: Mapping[str, Picture]) -> Files:
    # matplotlib takes a second to import; only an export needs it.
    from readerstudy.report.figures import render  # noqa: PLC0415

    files = result_tables(analysis)
    stamp = stamp_of(analysis.meta)
    for name, picture in pictures.items():
        if isinstance(picture, RocFigure) and not (picture.curves or picture.points):
            continue
        files[f"figures/{name}.svg"] = render(picture, "svg", stamp=stamp)
        files[f"figures/{name}.pdf"] = render(picture, "pdf", stamp=stamp)
    return files


def pack(files: Files) -> bytes:
    return zip_bundle.pack(files)


def _csv(columns: tuple[tidy.Column, ...], rows: Rows) -> bytes:
    return write_csv(tidy.names(columns), rows).encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _readers(session: Session, study: Study, readings: Readings) -> Rows:
    declared = queries_results.declarations(session, study)
    return [
        {
            "reader_id": counts.reader.code,
            "reader_kind": counts.reader.kind,
            "joined_at": counts.reader.created_at,
            "order_seed": counts.reader.order_seed,
            "option_order": " ".join(o.code for o in options_of(study, counts.reader.option_order)),
            "excluded": readings.excluded.get(counts.reader.code, ""),
            "answered": counts.answered,
            "total": counts.total,
            **declared[counts.reader.id],
        }
        for counts in studies.reader_counts(session, study.id)
        if counts.reader.withdrawal is not Withdrawal.DELETE
    ]


def _study(study: Study, *, n_amendments: int) -> dict[str, Any]:
    return {
        "slug": study.slug,
        "title": study.title,
        "state": study.state.value,
        "synthetic": study.synthetic,
        "taxonomy": study.stored_taxonomy,
        "rule": study.rule.value,
        "protocol": study.protocol.to_dict(),
        "consent_version": study.consent_version,
        "consent_text": study.consent_text,
        "consent_text_zh": study.consent_text_zh,
        "created_at": study.created_at.isoformat(),
        "opened_at": study.opened_at.isoformat() if study.opened_at else None,
        "closed_at": study.closed_at.isoformat() if study.closed_at else None,
        "archived_at": study.archived_at.isoformat() if study.archived_at else None,
        "sign_off": study.sign_off,
        "n_amendments": n_amendments,
        "seal": study.seal_hash,
    }


def _readme(session: Session, study: Study, readings: Readings, settings: Settings) -> str:
    kinds = {row["reader_kind"] for row in readings.left_out} - set(readings.kinds)
    groups = [f"{kind} readers" for kind in sorted(kinds)]
    if readings.excluded:
        groups.append(f"{len(readings.excluded)} readers excluded by the protocol (readers.csv)")
    left_out = f"Left out: {', '.join(groups)}, in readings_left_out.csv.\n" if groups else ""
    if n_amended := trail.n_amendments(session, study.id):
        left_out += f"Amended: {amending.words(n_amended)} See amendments.csv.\n"
    told = _FEEDBACK if study.protocol.policies.feedback == "immediate" else ""
    return readme(
        slug=study.slug,
        title=study.title,
        state=study.state,
        is_synthetic=study.synthetic,
        seal=study.seal_hash,
        settings=settings,
        kinds=readings.kinds if settings.has_readings else (),
        left_out=told + left_out,
    )
