"""Zip files of strangers: every entry is checked, and all faults told, before any is unpacked."""

import io
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath

from data.images import MAX_BYTES
from data.texts import listed, problem, quoted
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.intake.staging import check_room

MAX_ENTRIES = 10_000
MAX_TOTAL_BYTES = 4_000_000_000
# Pictures hardly shrink, tables by ten times: what shrinks more is a trap.
_MAX_RATIO = 100
_RATIO_FROM_BYTES = 1_000_000
_MAX_NAME, _MAX_PART, _MAX_PARTS = 1_000, 255, 50
# The list of files that a zip has at its end, with room for long names.
_MAX_LIST_BYTES = 5_000_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN = 20
# What the library raises for files that no honest program writes.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class _Archive(io.FileIO):
    """Read in pieces no larger than the list of files may be: a zip says itself how large it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = _MAX_LIST_BYTES
        if size > _MAX_LIST_BYTES:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(size) or b""


def unpack(archive: Path, *, folder: Path, table: str, min_free: int = 0) -> Path:
    """Where the file named `table` lies in `folder`, with all others of the zip.

    Raises ImportRefused naming every entry that is refused, FullError where less than `min_free`
    bytes of the disk would be left.
    """
    try:
        with _Archive(archive) as file, zipfile.ZipFile(file) as opened:
            entries = [entry for entry in opened.infolist() if _is_wanted(entry)]
            n_bytes = _checked_size(entries, packed=archive.stat().st_size)
            check_room(folder, min_free=min_free, n_bytes=n_bytes)
            for entry in entries:
                _write(opened, entry, folder)
    except _UNREADABLE as error:
        raise _refused(table, str(error)) from error
    except OSError as error:  # whose own words name the server's folders
        raise _refused(table, error.strerror or type(error).__name__) from error
    return _find(table, folder, [entry.filename for entry in entries])


def _refused(table: str, reason: str) -> ImportRefused:
    return ImportRefused(
        f"Expected a zip with {table} and what it names, but it cannot be read "
        f"({listed([reason])}); pack it again."
    )


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    """What macOS and file managers add is passed over, and folders come with their files."""
    parts = PurePosixPath(entry.filename).parts
    is_litter = "__MACOSX" in parts or bool(parts and parts[-1] in (".DS_Store", "Thumbs.db"))
    return not (entry.filename.endswith("/") or is_litter)


def _checked_size(entries: list[zipfile.ZipInfo], *, packed: int) -> int:
    """How many bytes they unpack to, of an archive of `packed` bytes."""
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or total > MAX_TOTAL_BYTES:
        raise ImportRefused(
            f"Expected a zip of at most {MAX_ENTRIES:,} files and {MAX_TOTAL_BYTES:,} bytes, but "
            f"got {len(entries):,} files and {total:,} bytes; split it, or import the folder."
        )
    paths = [PurePosixPath(entry.filename) for entry in entries]
    count = Counter(paths)
    folders = {parent for path in paths for parent in path.parents[:_MAX_PARTS]}
    faults = [
        f"{quoted(entry.filename)}: {fault}"
        for entry, path in zip(entries, paths, strict=True)
        if (fault := _fault(entry, path, is_twice=count[path] > 1 or path in folders))
    ]
    if faults:
        more = f"\nand {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ImportRefused(
            f"Expected a zip of plain files, but {len(faults)} are refused; pack it again without "
            "them:\n" + "\n".join(faults[:_SHOWN]) + more
        )
    if total > _RATIO_FROM_BYTES + _MAX_RATIO * packed:
        raise ImportRefused(
            f"Expected pictures and a table, which hardly shrink, but these {packed:,} bytes would "
            f"grow to {total:,}; pack it again without what is not needed."
        )
    return total


def _fault(entry: zipfile.ZipInfo, path: PurePosixPath, *, is_twice: bool) -> str:
    size = entry.file_size
    is_astray = ".." in path.parts or any(c in entry.filename for c in "\\:\0")
    is_large = size > _RATIO_FROM_BYTES
    longest = max((len(part.encode()) for part in path.parts), default=0)
    faults = {
        "it has no name": not path.name,
        "its name leads out of the folder": is_astray or path.is_absolute(),
        "its name is too long or has odd signs": bool(problem(entry.filename, most=_MAX_NAME))
        or longest > _MAX_PART
        or len(path.parts) > _MAX_PARTS,
        "it is a link or a device, not a file": stat.S_IFMT(entry.external_attr >> 16)
        not in (0, stat.S_IFREG),
        "it is encrypted": bool(entry.flag_bits & 1),
        "it is packed in a way that is not read here; use deflate": entry.compress_type
        not in _METHODS,
        "it is there twice": is_twice,
        f"it has {size:,} bytes, at most {MAX_BYTES:,} are read": size > MAX_BYTES,
        "it grows more than a picture or a table can": is_large
        and size > _MAX_RATIO * max(1, entry.compress_size),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    """Never more than the entry said, since that is what was checked."""
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file)


def _find(table: str, folder: Path, names: list[str]) -> Path:
    found = [name for name in names if PurePosixPath(name).name == table]
    if len(found) != 1:
        raise ImportRefused(
            f"Expected one {table} in the zip, but got {listed(found) or 'none'}; pack the "
            "table under this name with what belongs to it."
        )
    return folder / found[0]
