"""Re-enact a published reader study from one file, with drawn images and simulated readers.

`make wang-2020`; what the file holds is in docs/examples/README.md. All goes through the services
that the pages and the command line use.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import tomllib
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import UserError
from data.images import encode
from data.phantom import draw_phantom
from readerstudy import config
from readerstudy.config import add_arguments, settings_from
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, SignOff
from readerstudy.domain.protocol import faults_of
from readerstudy.domain.simulated_readers import Rates
from readerstudy.services import setup
from readerstudy.services.accounts import FIRST_ADMIN
from readerstudy.services.results.results import study_results
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.study import drafts, lifecycle
from readerstudy.services.study.study_file import StudyFile
from readerstudy.stats import Analysis
from readerstudy.stats.records import Record
from readerstudy.stats.subjects_and_methods import MEAN_READER, Subject

BASIS = "drawn as this disease (phantom)"
SIGN_OFF = SignOff(
    name="tools/reenact.py", statement="All readers are simulated and all have answered."
)
Counts = dict[str, dict[str, int]]


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Network(Settings):
    """`answers`: true class, then how many of its images the network calls what."""

    name: str
    answers: Counts


class Part(Settings):
    """`images`: class, then how many phantoms of which disease stand for it."""

    study: StudyFile
    images: Counts
    readers: dict[str, Rates]
    network: Network


class Reenactment(Settings):
    readers: int
    seed: int
    image_px: int
    parts: list[Part]


def read_file(path: Path) -> Reenactment:
    try:
        given = Reenactment.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"Expected TOML in {path}, but {error}; correct it.") from error
    except ValidationError as error:
        faults = "\n".join(faults_of(error))
        raise UserError(f"Expected a re-enactment in {path}; mend:\n{faults}") from error
    for part in given.parts:
        check_counts(part)
    return given


def check_counts(part: Part) -> None:
    for label, diseases in part.images.items():
        images, answers = (sum(d.values()) for d in (diseases, part.network.answers[label]))
        if images != answers:
            raise UserError(
                f"Expected network.answers.{label} to add up to the {images} images of {label}, "
                f"but got {answers}; correct one of them."
            )


def reenact(db: Database, given: Reenactment, *, folder: Path) -> None:
    """Each part: made, filled, opened, read by all readers, closed."""
    for number, part in enumerate(given.parts):
        its = part.study.slug
        files = folder / its
        files.mkdir()
        labels = draw_cases(part, files, seed=given.seed + number, size=given.image_px)
        predict(part, files, labels, seed=given.seed + number)
        drafts.create_study(db, actor=SYSTEM, **part.study.arguments(folder=None))
        drafts.import_cases(db, actor=SYSTEM, slug=its, manifest=files / "manifest.csv")
        name, csv = part.network.name, files / "predictions.csv"
        drafts.import_predictions(db, actor=SYSTEM, slug=its, name=name, csv=csv)
        drafts.open_study(db, actor=SYSTEM, slug=its)
        simulate_readers(
            db,
            actor=SYSTEM,
            slug=its,
            readers=given.readers,
            seed=given.seed,
            rates=part.readers,
        )
        lifecycle.close_study(db, actor=SYSTEM, slug=its, sign_off=SIGN_OFF)


def draw_cases(part: Part, folder: Path, *, seed: int, size: int) -> dict[str, str]:
    """The manifest with its images; returns the label of each case."""
    wanted = [
        (label, disease)
        for label, diseases in part.images.items()
        for disease, n in diseases.items()
        for _ in range(n)
    ]
    rows = [
        draw_case(label, disease, folder, seed=1_000_000 * seed + number, size=size)
        for number, (label, disease) in enumerate(wanted)
    ]
    table = pd.DataFrame(rows).sort_values("case_id")
    table.to_csv(folder / "manifest.csv", index=False)
    return dict(zip(table["case_id"], table["label"], strict=True))


def draw_case(label: str, disease: str, folder: Path, *, seed: int, size: int) -> dict[str, str]:
    phantom = draw_phantom(disease, seed=seed, size=size)
    # The name comes from the pixels, so that it says nothing about the class.
    case_id = "case-" + hashlib.sha256(phantom.image.tobytes()).hexdigest()[:8]
    path = folder / f"{case_id}.jpg"
    path.write_bytes(encode(phantom.image, format="JPEG"))
    return {
        "case_id": case_id,
        "path": path.name,
        "label": label,
        "basis": BASIS,
        "skin_tone": f"Fitzpatrick {phantom.skin_type}",
        "source": "SkinReader phantom (synthetic)",
        "licence": "Apache-2.0",
    }


def predict(part: Part, folder: Path, labels: dict[str, str], *, seed: int) -> None:
    """Probabilities whose largest is the wanted answer and that mean nothing else."""
    rng = np.random.default_rng(seed)
    codes = list(part.images)
    wanted = answers_of(part, labels, rng)
    rows = []
    for case_id, answer in wanted.items():
        largest = rng.uniform(0.55, 0.98)
        others = (1 - largest) * rng.dirichlet(np.ones(len(codes) - 1))
        shares = dict(zip([c for c in codes if c != answer], others, strict=True))
        rows.append({"case_id": case_id, **{f"p_{c}": shares.get(c, largest) for c in codes}})
    pd.DataFrame(rows).to_csv(folder / "predictions.csv", index=False)
    digest = hashlib.sha256((folder / "predictions.csv").read_bytes()).hexdigest()
    card = {
        "name": part.network.name,
        # Import asks for a checkpoint; there is none, so that this names the table itself.
        "checkpoint_sha256": digest,
        "provenance": "no network ran: answers with given rates, drawn by tools/reenact.py",
    }
    (folder / "predictions.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


def answers_of(part: Part, labels: dict[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Which cases of a class the network misses is drawn."""
    found: dict[str, str] = {}
    for label, counts in part.network.answers.items():
        cases = [case_id for case_id, its in labels.items() if its == label]
        called = [answer for answer, n in counts.items() for _ in range(n)]
        found |= dict(zip(rng.permutation(cases).tolist(), called, strict=True))
    return found


def compared(part: Part, analysis: Analysis) -> str:
    """Rates as given in the file, and as the study's results have them."""
    lines = [f"\n{part.study.title}", "class, rate: given; mean simulated reader; network"]
    for code, rates in part.readers.items():
        for quantity in ("sensitivity", "specificity"):
            readers = analysis.get(quantity, code, MEAN_READER, "or-rrrc-capped")
            network = analysis.get(quantity, code, Subject.model(part.network.name), "wilson")
            lines.append(
                f"{code}, {quantity}: {getattr(rates, quantity):.3f}; {_words(readers)}, "
                f"{readers.n_readers} readers; {_words(network)}, {network.n_cases} cases"
            )
    return "\n".join(lines)


def _words(its: Record) -> str:
    return f"{its.estimate:.3f} ({its.ci_low:.3f} to {its.ci_high:.3f}, {its.method})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="for example docs/examples/wang-2020.toml")
    add_arguments(parser)
    args = parser.parse_args()
    try:
        run(read_file(args.file), settings_from(args))
    except UserError as error:
        sys.exit(str(error))


def run(given: Reenactment, settings: config.Settings) -> None:
    with closing(setup.open_database(settings)) as db, tempfile.TemporaryDirectory() as folder:
        password = settings.admin_password
        done = setup.initialise(db, password=password.reveal() if password else None)
        reenact(db, given, folder=Path(folder))
        for part in given.parts:
            print(compared(part, study_results(db, actor=SYSTEM, slug=part.study.slug)))
    print(f"\nLook at both: .venv/bin/python app.py --var {settings.var}, then /admin/.")
    if done.drawn_password:
        print(f"Sign in as {FIRST_ADMIN} with {done.drawn_password} (shown only now).")


if __name__ == "__main__":
    main()
