"""What is installed is pinned with its hash, and is what requirements*.txt ask for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
PIN = re.compile(r"(?P<name>[\w.-]+)(\[\w+\])?==(?P<version>[\w.+!]+)( ; (?P<marker>.+))?")


def lines(lock):
    """Each pin with its hashes as one line."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(lock):
    """{(name, version)}, all systems and Pythons together."""
    found = {PIN.match(line) for line in lines(lock)}
    return {(pin["name"].lower().replace("_", "-"), pin["version"]) for pin in found}


def asked(requirements):
    text = (ROOT / requirements).read_text("utf-8")
    more = re.findall(r"^-r (\S+)$", text, re.MULTILINE)
    own = {
        (pin["name"].lower(), pin["version"]) for pin in map(PIN.fullmatch, text.split("\n")) if pin
    }
    return own.union(*map(asked, more))


def test_every_list_has_its_lock():
    assert {path.stem for path in ROOT.glob("requirements*.txt")} == {Path(x).stem for x in LOCKS}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_what_is_asked_for_and_more(lock):
    wanted = asked(lock.replace(".lock", ".txt"))
    assert wanted
    assert wanted - pins(lock) == set()
    assert len(pins(lock)) > len(wanted)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_version_with_hashes_and_from_no_named_place(lock):
    for line in lines(lock):
        pin, *hashes = re.split(r"\s+--hash=", line.strip())
        assert PIN.fullmatch(pin.strip()), line
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in hashes), line
    assert "//" not in (ROOT / lock).read_text("utf-8")


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-scale.lock"])
def test_tests_run_with_the_versions_that_are_served(lock):
    assert pins("requirements.lock") - pins(lock) == set()


def test_make_installs_from_locks_alone():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    installs = re.findall(r"^\t.*(?:pip (?:install|download)|INSTALL).*$", makefile, re.MULTILINE)
    assert len(installs) >= 4
    for line in installs:
        assert re.search(r"(\$\(INSTALL\)|--require-hashes) .*-r [\w/-]+\.lock$", line), line
    assert re.search(r"^INSTALL := .*--require-hashes$", makefile, re.MULTILINE)


@pytest.mark.slow
def test_pip_finds_all_of_it_with_these_hashes():
    """Of the one lock that `make test` does not install from."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
    done = subprocess.run(
        [*command, "--require-hashes", "-r", "requirements-supply.lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
