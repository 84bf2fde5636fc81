"""Which code made a file, and when."""

import datetime as dt
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

VERSION = "0.1.0"


@cache
def code_version() -> str:
    """The project's version, and the commit where the code is a git checkout."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return VERSION
    return f"{VERSION}+{found.stdout.strip()}"


def versions() -> dict[str, str]:
    """Versions that a result may depend on, for cards."""
    found = {name: metadata.version(name) for name in ("torch", "timm", "numpy", "scipy")}
    return {
        "python": platform.python_version(),
        **found,
        "machine": f"{platform.system()} {platform.machine()}",
    }


def made_now() -> str:
    """The time in UTC, ISO 8601, for cards and sidecars."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")  # noqa: TID251 (no study clock)
