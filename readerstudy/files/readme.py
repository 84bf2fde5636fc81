"""README.txt of the bundle: what is inside and how to compute every number again."""

import shlex
from collections.abc import Sequence

from readerstudy.files.study_analysis import Settings

_TEXT = """\
{title}
{underline}
{synthetic}
Export of the study `{slug}` ({state}). This is a simulated reading of images, not clinical data.

Seal: {seal}
The seal is the SHA-256 of seal.json, which lists what was fixed before the first answer: classes,
rule, cases with the hashes of their images, reference standard, predictions.

Readers analysed: {kinds}.
{left_out}
Files
  readings.csv      one row per reader, case and arm
  readers.csv       readers under their codes; no names, no addresses
  cases.csv         cases with their reference standard
{predictions}\
  results.json/csv  every estimate with interval, method and numbers of cases and readers
  report.html       the report: flow, readers, figures, numbers, methods, checklists; print for PDF
  recompute.py      computes results.json and results.csv again, from settings.json and the tables
  figures/          every figure as SVG and PDF, each with the seal
  mrmc/             input files of iMRMC, MRMCaov and RJafroc, if somebody has read
  codebook.csv      every column in words
  study.yaml        the protocol: makes the same study again (create-study --file study.yaml)
  study.json        the study's settings and sign-off; versions.json: what made this file
  consent/          the consent texts; consents.csv: their versions, hashes, and how many accepted
  SHA256SUMS        check with: sha256sum --check SHA256SUMS

{again}"""
_PREDICTIONS = """\
  predictions_*     what each model said, with the hash of its checkpoint
"""
_AGAIN = """\
Compute the results again, with SkinReader installed, and compare the bytes:
  python recompute.py

"""
_RECIPE = """\
The same numbers with other choices, in this folder:
  python -m readerstudy analyse --readings readings.csv{predictions} \\
    --classes {classes} --rule {rule} --missing {missing}{margin} \\
    --replicates {replicates} --seed {seed} --out again
"""
_NO_RECIPE = """\
No case was shown to these readers, so there is nothing to analyse: readings.csv has no rows.
"""
_MODELS_ALONE = "results.json holds the models alone, on all cases.\n"


def readme(
    *,
    slug: str,
    title: str,
    state: str,
    is_synthetic: bool,
    seal: str | None,
    settings: Settings,
    kinds: Sequence[str],
    left_out: str,
) -> str:
    no_recipe = _NO_RECIPE + (_MODELS_ALONE if settings.models else "")
    return _TEXT.format(
        title=title,
        underline="=" * len(title),
        synthetic="\nThe images of this study are synthetic.\n" if is_synthetic else "",
        slug=slug,
        state=state,
        seal=seal or "none, the study has not been opened",
        kinds=" and ".join(kinds) or "none",
        left_out=left_out,
        predictions=_PREDICTIONS if settings.models else "",
        again=_AGAIN + (_recipe(settings) if kinds else no_recipe),
    )


def _recipe(its: Settings) -> str:
    return _RECIPE.format(
        predictions="".join(f" --predictions {m}=predictions_{m}.csv" for m in its.models),
        classes=shlex.join(its.classes),
        rule=its.rule,
        missing=its.missing,
        margin="" if its.margin is None else f" --margin {its.margin}",
        replicates=its.replicates,
        seed=its.seed,
    )
