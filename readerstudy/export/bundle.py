"""One zip with everything that a paper needs, and checksums over it."""

import hashlib
import io
import platform
import zipfile
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from readerstudy import __version__

_PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "matplotlib", "sqlalchemy")
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
    return {
        "skinreader": __version__,
        "made_at": made_at,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
