"""A study as files of iMRMC, MRMCaov and RJafroc."""

from collections.abc import Callable, Iterator
from pathlib import Path

from data.texts import file_names
from readerstudy.interchange import imrmc_mrmcaov, rjafroc
from readerstudy.interchange.ratings import Kind, Ratings, ratings_of
from readerstudy.stats import Study

READ: dict[str, Callable[[Path], Ratings]] = {
    "imrmc": imrmc_mrmcaov.read_imrmc,
    "imrmc-csv": imrmc_mrmcaov.read_imrmc_frame,
    "mrmcaov": imrmc_mrmcaov.read_mrmcaov,
    "rjafroc": rjafroc.read_rjafroc,
}


def study_files(study: Study, *, format_: str, kind: Kind) -> dict[str, bytes]:
    """By name, one file per class against all others; for RJafroc its list of names beside it."""
    files: dict[str, bytes] = {}
    for class_, name in file_names(study.classes).items():
        ratings = ratings_of(study, class_=class_, kind=kind)
        title = f"SkinReader: {class_} against all others"
        files |= {name + ending: content for ending, content in _by_ending(ratings, format_, title)}
    return files


def _by_ending(ratings: Ratings, format_: str, title: str) -> Iterator[tuple[str, bytes]]:
    if format_ == "imrmc":
        yield ".imrmc", imrmc_mrmcaov.imrmc_text(ratings, title=title).encode()
    elif format_ == "imrmc-csv":
        yield ".imrmc.csv", imrmc_mrmcaov.imrmc_frame(ratings).encode()
    elif format_ == "mrmcaov":
        yield ".mrmcaov.csv", imrmc_mrmcaov.mrmcaov_frame(ratings).encode()
    else:
        workbook, ids = rjafroc.workbook_and_ids(ratings)
        yield ".xlsx", workbook
        yield rjafroc.IDS, ids.encode()
