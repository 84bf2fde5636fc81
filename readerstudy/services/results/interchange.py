"""Input files of iMRMC, MRMCaov and RJafroc for the export, by the code behind `convert`."""

from collections.abc import Mapping

import pandas as pd

from readerstudy.files.study_analysis import Settings
from readerstudy.interchange.files import READ, study_files
from readerstudy.interchange.ratings import Kind
from readerstudy.stats import StatsError, build_study

KINDS: tuple[Kind, ...] = ("call", "confidence")
_HEAD = """\
One file per class, the class against all others; see docs/interchange.md of SkinReader.
call/ rates 1 for the class and 0 for others; confidence/ has the confidences and probabilities.
Seal of the study: {seal}
"""


def interchange_files(
    frame: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], settings: Settings
) -> dict[str, bytes]:
    """Nothing without readings. What a format cannot hold is left out, and README.txt says why."""
    if not settings.has_readings:
        return {}
    study = build_study(
        frame,
        predictions,
        classes=settings.classes,
        rule=settings.rule,
        missing=settings.missing,
    )
    files: dict[str, bytes] = {}
    left_out = []
    for kind in KINDS:
        for format_ in READ:
            try:
                made = study_files(study, format_=format_, kind=kind)
                files |= {f"mrmc/{kind}/{name}": made[name] for name in sorted(made)}
            except StatsError as error:
                left_out.append(f"Left out: {kind}, {format_}. {error}\n")
    head = _HEAD.format(seal=settings.seal or "none, the study has not been opened")
    return files | {"mrmc/README.txt": "".join([head, *left_out]).encode()}
