"""Download a search of the ISIC archive into a folder, and go on after an interruption."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.sources.isic_api import Archive, ArchiveError, LinkExpiredError, Record, UnreachableError

_ID = re.compile(r"ISIC_\d{7,12}")
STATE, RECORDS, IMAGES = "fetch.json", "records.jsonl", "images"


@dataclass
class State:
    """What was asked and how far it is; written after each page."""

    api: str
    query: str
    collections: str
    licences: list[str]
    next_url: str
    total: int | None = None
    finished: bool = False
    other_licence: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Fetch:
    """A folder with images/, records.jsonl (what the archive says of each image) and fetch.json.

    Image addresses are signed and expire, so that each page's images are fetched before the next
    page is asked for; an interrupted fetch begins again at the page where it stood, and what is
    there with the right size is not fetched again.
    """

    def __init__(self, archive: Archive, folder: Path, state: State) -> None:
        self.archive = archive
        self.folder = folder
        self.state = state
        self.records = {record["isic_id"]: record for record in read_records(folder)}

    def run(self, *, limit: int | None, told: Callable[[int, int | None], None]) -> None:
        """Fetch until the end or `limit` images; `told(done, total)` is called after each image.

        An image that is refused is noted in the state and the next one taken; without a connection
        the fetch ends, and the same call goes on.
        """
        (self.folder / IMAGES).mkdir(parents=True, exist_ok=True)
        self._write_records(self.records.values())
        self._miss_images()
        self._save()
        self._retry_failed()
        while not self.state.finished and (limit is None or len(self.records) < limit):
            if not self._page(limit, told):
                break

    def _page(self, limit: int | None, told: Callable[[int, int | None], None]) -> bool:
        """One page; whether all of it was taken."""
        page = self.archive.page(self.state.next_url)
        if self.state.total is None:
            self.state.total = page.total
        other = 0
        for record in page.records:
            if self.state.licences and record.get("copyright_license") not in self.state.licences:
                other += 1
                continue
            if limit is not None and len(self.records) >= limit:
                self._save()
                return False
            self._take(record)
            told(len(self.records), self.state.total)
        self.state.other_licence += other
        self.state.next_url, self.state.finished = page.next_url, not page.next_url
        self._save()
        return True

    def _take(self, record: Record) -> None:
        isic_id = _checked_id(record)
        if isic_id in self.records and image_path(self.folder, isic_id).is_file():
            return
        try:
            try:
                self._download(record)
            except LinkExpiredError:
                record = self.archive.image(isic_id)
                self._download(record)
        except UnreachableError:
            raise
        except ArchiveError as error:
            self.state.failed[isic_id] = str(error)
            return
        self._keep(isic_id, record)

    def _download(self, record: Record) -> None:
        target = image_path(self.folder, _checked_id(record))
        try:
            file = record["files"]["full"]
            url, size = str(file["url"]), file.get("size")
        except (KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(
                f"Expected the address of the file of {record['isic_id']}, but the archive gives "
                "none; the image may not be public."
            ) from error
        if not (target.is_file() and target.stat().st_size == size):
            self.archive.download(url, size if isinstance(size, int) else None, target)

    def _keep(self, isic_id: str, record: Record) -> None:
        kept = {name: value for name, value in record.items() if name != "files"}
        self.state.failed.pop(isic_id, None)
        if isic_id not in self.records:
            with (self.folder / RECORDS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")
        self.records[isic_id] = kept

    def _miss_images(self) -> None:
        """What was fetched and has gone since then is asked for again."""
        for isic_id in self.records:
            if not image_path(self.folder, isic_id).is_file():
                self.state.failed[isic_id] = "its image is not there any more"

    def _retry_failed(self) -> None:
        for isic_id in list(self.state.failed):
            try:
                record = self.archive.image(isic_id)
                self._download(record)
            except UnreachableError:
                raise
            except ArchiveError as error:
                self.state.failed[isic_id] = str(error)
            else:
                self._keep(isic_id, record)
            self._save()

    def _save(self) -> None:
        write_whole(self.folder / STATE, json.dumps(asdict(self.state), indent=1))

    def _write_records(self, records: Iterable[Record]) -> None:
        """Anew, since a cut-off last line would swallow the next one."""
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        write_whole(self.folder / RECORDS, "".join(lines))


def open_fetch(archive: Archive, folder: Path, asked: State) -> Fetch:
    """Begin in `folder`, or go on. Raises ArchiveError if it holds another search."""
    path = folder / STATE
    if not path.is_file():
        return Fetch(archive, folder, asked)
    try:
        stored = State(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ArchiveError(
            f"Expected the state of a fetch in {path}, but it is damaged; choose another folder, "
            "or delete this file to list the search again (images that are there are kept)."
        ) from error
    for name in ("api", "query", "collections", "licences"):
        was, now = getattr(stored, name), getattr(asked, name)
        if was != now:
            raise ArchiveError(
                f"Expected the search that {folder} was begun with ({name} {was!r}), but got "
                f"{now!r}; choose another folder."
            )
    return Fetch(archive, folder, stored)


def read_records(folder: Path) -> list[Record]:
    """The records of a fetch, each image once; a line that was cut off is left out."""
    path = folder / RECORDS
    found: dict[str, Record] = {}
    text = path.read_text("utf-8", errors="replace") if path.is_file() else ""
    # Not splitlines: it would cut at line separators within a text of the archive.
    for line in text.split("\n"):
        try:
            record: Any = json.loads(line)
            found[_checked_id(record)] = record
        except (ValueError, ArchiveError):
            continue
    return list(found.values())


def image_path(folder: Path, isic_id: str) -> Path:
    """Where the image lies."""
    return folder / IMAGES / f"{isic_id}.jpg"


def write_whole(path: Path, text: str) -> None:
    """The whole file or none."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _checked_id(record: Any) -> str:
    """The id names a file, so that nothing but an id may stand there."""
    isic_id = record.get("isic_id") if isinstance(record, dict) else None
    if not isinstance(isic_id, str) or not _ID.fullmatch(isic_id):
        raise ArchiveError(
            f"Expected an id such as ISIC_0012345, but the archive gave {isic_id!r}; check --api."
        )
    return isic_id
