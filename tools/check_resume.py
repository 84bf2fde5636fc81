"""Whether a killed training comes to the very same end: python tools/check_resume.py SETTINGS.

SETTINGS are those of `python -m model train`, without --out. The training runs twice undisturbed,
and once killed (SIGKILL) twice; weights, losses and figures must agree bit for bit.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.manifest import file_sha256
from model.training.run_folder import read_state

# Savings after which it is killed, counted from each start.
KILLS = (3, 5)


def main() -> int:
    """Returns 0 where all three agree."""
    with tempfile.TemporaryDirectory() as folder:
        first, second, killed = (Path(folder) / name for name in ("first", "second", "killed"))
        began = time.perf_counter()
        for out in (first, second):
            subprocess.run(command(out), check=True, cwd=ROOT, capture_output=True)
        print(f"undisturbed: {(time.perf_counter() - began) / 2:.0f} s each")
        for savings in KILLS:
            kill_after(savings, killed)
        subprocess.run(command(killed), check=True, cwd=ROOT, capture_output=True)
        found = [outcome(out) for out in (first, second, killed)]
    for name, same in (("same seed", found[0] == found[1]), ("killed", found[0] == found[2])):
        print(f"{name}: {'the very same weights, losses and figures' if same else 'DIFFERENT'}")
    print(f"weights {found[0][0][:12]}, {len(found[0][2])} figures")
    return 0 if found[0] == found[1] == found[2] else 1


def command(out: Path) -> list[str]:
    return [sys.executable, "-m", "model", "train", *sys.argv[1:], "--out", str(out)]


def kill_after(savings: int, out: Path) -> None:
    """Start or go on, and kill it after some savings of its state."""
    state, seen = out / "last.pt", set()
    training = subprocess.Popen(
        command(out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while training.poll() is None and len(seen) <= savings:
        if state.is_file():
            seen.add(state.stat().st_mtime_ns)
        time.sleep(0.01)
    if training.poll() is not None:
        raise SystemExit("It ended before it was killed: make it longer, or --save-every smaller.")
    training.kill()
    training.wait()
    progress = read_state(state)["progress"]
    print(f"killed in epoch {progress['epoch'] + 1} after step {progress['step']}")


def outcome(out: Path) -> tuple[str, str, list[object]]:
    """The hash of the weights, the log without its times, and all figures."""
    [card] = (path for path in out.glob("*.json"))
    log = pd.read_csv(out / "log.csv").drop(columns="seconds")
    weights = file_sha256(card.with_suffix(".safetensors"))
    return weights, log.to_csv(), json.loads(card.read_text("utf-8"))["metrics"]


if __name__ == "__main__":
    sys.exit(main())
