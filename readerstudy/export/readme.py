"""README.txt of the bundle: what is inside and how to compute every number again."""

import shlex
from collections.abc import Sequence

from readerstudy.rules import BOOTSTRAP_SEED, REPLICATES

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
  figures/          ROC per class as SVG and PDF
  codebook.csv      every column in words
  study.json        the study's settings; versions.json: what made this file
  SHA256SUMS        check with: sha256sum --check SHA256SUMS

{again}"""
_PREDICTIONS = """\
  predictions_*     what each model said, with the hash of its checkpoint
"""
_RECIPE = """\
Compute the results again, with SkinReader installed, in this folder:
  python -m readerstudy analyse --readings readings.csv{predictions} \\
    --classes {classes} --rule {rule} \\
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
    rule: str,
    classes: Sequence[str],
    models: Sequence[str],
    kinds: Sequence[str],
    left_out: str,
) -> str:
    again = (
        _recipe(models, classes, rule) if kinds else _NO_RECIPE + (_MODELS_ALONE if models else "")
    )
    return _TEXT.format(
        title=title,
        underline="=" * len(title),
        synthetic="\nThe images of this study are synthetic.\n" if is_synthetic else "",
        slug=slug,
        state=state,
        seal=seal or "none, the study has not been opened",
        kinds=" and ".join(kinds) or "none",
        left_out=left_out,
        predictions=_PREDICTIONS if models else "",
        again=again,
    )


def _recipe(models: Sequence[str], classes: Sequence[str], rule: str) -> str:
    return _RECIPE.format(
        predictions="".join(f" --predictions {m}=predictions_{m}.csv" for m in models),
        classes=shlex.join(classes),
        rule=rule,
        replicates=REPLICATES,
        seed=BOOTSTRAP_SEED,
    )
