"""The line for a nightly backup, run as the manual has it and as cron would read it."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from readerstudy.db import Database

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "deployment.md"


def command(home, out):
    """Without the times; cron takes a bare % for the end of the line."""
    line = re.search(r"```cron\n(?:\S+ ){5}(.*)\n```", PAGE.read_text())[1]
    assert not re.search(r"(?<!\\)%", line)
    return line.replace(r"\%", "%").replace("/srv/skinreader", str(home)).replace("/backup/", out)


def test_the_nightly_line_of_the_manual_makes_a_backup(tmp_path):
    home = tmp_path / "home"
    python = home / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o700)
    db = Database(f"sqlite:///{home}/var/database/skinreader.db", files=home / "var" / "cases")
    db.migrate()
    db.images.mkdir()
    (db.images / "a.png").write_bytes(b"an image")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SKINREADER_")}
    line = command(home, f"{tmp_path}/")
    done = subprocess.run(
        ["/bin/sh", "-c", line], env=environment, capture_output=True, timeout=120, check=False
    )
    db.close()
    assert (done.returncode, done.stderr) == (0, b"")
    [made] = tmp_path.glob("skinreader-????-??-??.zip")
    with zipfile.ZipFile(made) as archive:
        assert sorted(archive.namelist()) == ["cases/a.png", "skinreader.db"]
    assert made.stat().st_mode & 0o777 == 0o600
