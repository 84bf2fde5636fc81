"""Zip files of strangers: every entry is checked, and all faults told, before any is unpacked."""

import shutil
import stat
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from data.images import MAX_BYTES
from readerstudy.errors import ImportRefused
from readerstudy.services.scratch import check_room

MAX_ENTRIES = 10_000
MAX_TOTAL_BYTES = 4_000_000_000
# Pictures hardly shrink, tables by ten times: what shrinks more is a trap.
_MAX_RATIO = 100
_RATIO_FROM_BYTES = 1_000_000
_SHOWN = 20


def unpack(archive: Path, *, folder: Path, table: str, min_free: int = 0) -> Path:
    """Where the file named `table` lies in `folder`, with all others of the zip.

    Raises ImportRefused naming every entry that is refused, FullError where less than `min_free`
    bytes of the disk would be left.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if _is_wanted(entry)]
            _check(entries)
            n_bytes = sum(entry.file_size for entry in entries)
            check_room(folder, min_free=min_free, n_bytes=n_bytes)
            for entry in entries:
                _write(opened, entry, folder)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ImportRefused(
            f"Expected a zip with {table} and what it names, but it cannot be read ({error}); "
            "pack it again."
        ) from error
    return _find(table, folder, [entry.filename for entry in entries])


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    """What macOS and file managers add is passed over, and folders come with their files."""
    parts = PurePosixPath(entry.filename).parts
    is_litter = "__MACOSX" in parts or bool(parts and parts[-1] in (".DS_Store", "Thumbs.db"))
    return not (entry.is_dir() or is_litter)


def _check(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or total > MAX_TOTAL_BYTES:
        raise ImportRefused(
            f"Expected a zip of at most {MAX_ENTRIES:,} files and {MAX_TOTAL_BYTES:,} bytes, but "
            f"got {len(entries):,} files and {total:,} bytes; split it, or import the folder."
        )
    count = Counter(entry.filename for entry in entries)
    faults = [
        f"{entry.filename!r}: {fault}"
        for entry in entries
        if (fault := _fault(entry, is_twice=count[entry.filename] > 1))
    ]
    if faults:
        more = f"\nand {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ImportRefused(
            f"Expected a zip of plain files, but {len(faults)} are refused; pack it again without "
            "them:\n" + "\n".join(faults[:_SHOWN]) + more
        )


def _fault(entry: zipfile.ZipInfo, *, is_twice: bool) -> str:
    size, path = entry.file_size, PurePosixPath(entry.filename)
    is_astray = ".." in path.parts or any(c in entry.filename for c in "\\:\0")
    is_large = size > _RATIO_FROM_BYTES
    faults = {
        "its name leads out of the folder": is_astray or path.is_absolute(),
        "it is a link or a device, not a file": stat.S_IFMT(entry.external_attr >> 16)
        not in (0, stat.S_IFREG),
        "it is encrypted": bool(entry.flag_bits & 1),
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
            f"Expected one {table} in the zip, but got {', '.join(found) or 'none'}; pack the "
            "table under this name with what belongs to it."
        )
    return folder / found[0]
