"""A study as files of iMRMC, MRMCaov and RJafroc."""

from collections.abc import Callable
from pathlib import Path

from data.texts import file_names
from readerstudy.interchange import imrmc_mrmcaov, rjafroc
from readerstudy.interchange.ratings import Ratings, ratings_of
from readerstudy.stats import Study

READ: dict[str, Callable[[Path], Ratings]] = {
    "imrmc": imrmc_mrmcaov.read_imrmc,
    "imrmc-csv": imrmc_mrmcaov.read_imrmc_frame,
    "mrmcaov": imrmc_mrmcaov.read_mrmcaov,
    "rjafroc": rjafroc.read_rjafroc,
}
_ENDINGS = {
    "imrmc": ".imrmc",
    "imrmc-csv": ".imrmc.csv",
    "mrmcaov": ".mrmcaov.csv",
    "rjafroc": ".xlsx",
}


def write_study(study: Study, folder: Path, *, format_: str, kind: str) -> list[Path]:
    """One file per class against all others; for RJafroc its list of names beside it."""
    written = []
    for class_, name in file_names(study.classes).items():
        path = folder / f"{name}{_ENDINGS[format_]}"
        ratings = ratings_of(study, class_=class_, kind="call" if kind == "call" else "confidence")
        if format_ == "imrmc":
            imrmc_mrmcaov.write_imrmc(
                ratings, path, title=f"SkinReader: {class_} against all others"
            )
        elif format_ == "imrmc-csv":
            imrmc_mrmcaov.write_imrmc_frame(ratings, path)
        elif format_ == "mrmcaov":
            imrmc_mrmcaov.write_mrmcaov(ratings, path)
        else:
            rjafroc.write_rjafroc(ratings, path)
        written.append(path)
    return written
