"""The real server as its own process, on a free port and in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import torch

from data.images import encode
from data.manifest import write_manifest
from data.phantom import draw_phantom
from data.taxonomy import DEMO8, PUMCH14
from model.card.card import ModelCard, Preprocessing
from model.card.weights import BUNDLED, list_checkpoints, save_checkpoint
from model.network.network import SkinNet
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.services.study import drafts
from tests.support.making import PASSWORD, make_study, write_predictions

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINT = "pumch14-phantom"
START_SECONDS = 240


@dataclass
class Served:
    url: str
    var: Path
    process: subprocess.Popen
    environment: dict

    def database(self):
        return Database(f"sqlite:///{self.var / 'skinreader.db'}")

    def invite(self, slug="trial"):
        """The address of a new invitation."""
        db = self.database()
        [token] = drafts.invite(db, actor=SYSTEM, slug=slug, count=1)
        db.close()
        return f"{self.url}/invite/{token}"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def start(self):
        self.process = _start(self.environment)
        _wait(self)


@contextmanager
def running_server(folder, *, manifest=None, demo="on"):
    """Holds an open study `trial`, of 12 phantoms unless said otherwise, with predictions.

    Without the demo no network is loaded, and it starts in a third of the time.
    """
    port = _free_port()
    var = folder / "var"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SKINREADER_")}
    environment |= {
        "SKINREADER_VAR": str(var),
        "SKINREADER_PORT": str(port),
        "SKINREADER_DEMO": demo,
        "SKINREADER_ADMIN_PASSWORD": PASSWORD,
        "SKINREADER_CHECKPOINTS": str(checkpoints(folder)),
        "OMP_NUM_THREADS": "1",
    }
    served = Served(f"http://127.0.0.1:{port}", var, None, environment)
    _make_trial(served, folder, manifest or write_phantoms(folder / "phantoms", n_cases=12))
    try:
        served.start()
        yield served
    finally:
        served.process.terminate()
        served.process.wait(20)


def checkpoints(folder):
    """The bundled checkpoint where it is, else a tiny network with random weights."""
    if CHECKPOINT in list_checkpoints(BUNDLED):
        return BUNDLED
    torch.manual_seed(0)
    card = ModelCard(
        name=CHECKPOINT,
        backbone="test_efficientnet",
        taxonomy=PUMCH14,
        preprocessing=Preprocessing(size_px=64),
        thresholds=dict.fromkeys(PUMCH14.codes, 0.5),
        temperature=1.0,
        domain="Random weights for tests; it knows nothing.",
    )
    save_checkpoint(SkinNet("test_efficientnet", len(PUMCH14)), card, folder / "checkpoints")
    return folder / "checkpoints"


def write_phantoms(folder, *, n_cases):
    rows = []
    folder.mkdir()
    for number in range(n_cases):
        label = DEMO8.codes[number % len(DEMO8)]
        image = draw_phantom(label, seed=number, size=192).image
        (folder / f"{number:02d}.png").write_bytes(encode(image))
        rows.append({"case_id": f"case-{number:02d}", "path": f"{number:02d}.png", "label": label})
    write_manifest(rows, folder / "manifest.csv")
    return folder / "manifest.csv"


def _make_trial(served, folder, manifest):
    predictions = write_predictions(folder / "net.csv", manifest=manifest)
    db = served.database()
    db.migrate()
    make_study(db, "trial", manifest, predictions)
    db.close()


def _start(environment):
    # The log has everything; a pipe that nobody reads would block the server.
    return subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait(served):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        try:
            if httpx.get(f"{served.url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    log = served.var / "log" / "skinreader.log"
    raise AssertionError(log.read_text()[-3000:] if log.is_file() else "the server did not start")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
