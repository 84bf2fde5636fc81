"""Ask the package index, by pip-audit, for known advisories of all locked versions: `make audit`.

Exit code 0: every version was asked about and none has an advisory; 1: one has; 3: the index did
not answer for all. pip-audit alone calls the last "no known vulnerabilities" where an index has
the packages without their advisories, as mirrors do.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

FOUND, UNASKED = 1, 3
_MOST_SECONDS = 900


def main(program: str, locks: Sequence[str]) -> int:
    answers = [answer for lock in locks for answer in ask(program, lock)]
    unasked = [answer["name"] for answer in answers if "vulns" not in answer]
    advised = {f"{a['name']} {a['version']}": a["vulns"] for a in answers if a.get("vulns")}
    for package, advisories in sorted(advised.items()):
        for advisory in advisories:
            mended = ", ".join(advisory["fix_versions"]) or "none yet"
            print(f"{package}: {advisory['id']}, mended in {mended}")
    if advised:
        return FOUND
    if unasked:
        print(
            "Expected the package index to tell the advisories of every locked version, but it "
            f"told none for {len(unasked)} of {len(answers)} ({', '.join(unasked[:3])}, …): "
            "whether they have any is unknown. Run make audit where pypi.org itself answers, not "
            "a mirror of its files."
        )
        return UNASKED
    print(f"{len(answers)} versions, and no advisory is known about them.")
    return 0


def ask(program: str, lock: str) -> list[dict]:
    """One answer per package that this machine would install; one for a lock without answers."""
    words = ["--requirement", lock, "--disable-pip", "--format", "json"]
    command = [program, *words, "--progress-spinner", "off"]
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
        )
        found = json.loads(said.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        found = []
    return found or [{"name": f"all of {lock}"}]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
