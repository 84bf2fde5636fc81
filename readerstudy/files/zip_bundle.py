"""One zip with everything that a paper needs, and checksums over it."""

import hashlib
import io
import platform
import subprocess
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from readerstudy import __version__

_PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "matplotlib", "openpyxl", "sqlalchemy")
# A fixed time, so that the same content gives the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files in order of their names, with SHA256SUMS as `sha256sum --check` reads it."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in [*sorted(files.items()), ("SHA256SUMS", sums.encode())]:
            info = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def versions(*, made_at: str) -> dict[str, Any]:
    """`commit` is null where the code is no git checkout."""
    return {
        "skinreader": __version__,
        "commit": commit(),
        "made_at": made_at,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


@cache
def commit() -> str | None:
    """Of this project's checkout, "-dirty" where files were changed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
