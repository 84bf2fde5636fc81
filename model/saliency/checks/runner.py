"""Goes through the images check by check, and goes on where an earlier run stopped."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from data.labelled_images import Picture
from model.card.card import ModelCard
from model.card.preprocessing import Serving
from model.errors import ModelError
from model.network.network import SkinNet
from model.saliency.checks.checks import Subject, Value, curves, robustness, similarity, structures
from model.saliency.checks.randomisation import CLASSIFIER, MODES, layer_groups, randomised
from model.saliency.methods import METHODS

VALUES = "values.jsonl"
Check = Callable[[Subject], Iterable[Value]]


@dataclass(frozen=True)
class Counts:
    """Of how many images each check is made; their costs differ by a factor of 20."""

    structures: int = 200
    curves: int = 60
    robustness: int = 30
    randomisation: int = 16


@dataclass(frozen=True)
class Plan:
    """What is checked; each check takes the first of `pictures`.

    Pictures and masks are as the network takes them (`model.commands.labelled_images`). `about`
    identifies checkpoint and images: values of another one are not gone on with.
    """

    network: SkinNet
    card: ModelCard
    pictures: Sequence[Picture]
    counts: Counts
    about: dict[str, Any]
    methods: tuple[str, ...] = tuple(METHODS)
    seed: int = 1


class Done(NamedTuple):
    """One check of one image."""

    check: str
    image: str
    values: tuple[Value, ...]


class _Task(NamedTuple):
    name: str
    n: int
    prepare: Callable[[], Check]


def carry_out(plan: Plan, out: Path) -> list[Done]:
    """All checks of all images, each written to `out` when it is done and not made again.

    Raises ModelError when the folder holds the values of another checkpoint or other images.
    """
    path = out / VALUES
    done = read_done(path, plan.about)
    known = {(d.check, d.image) for d in done}
    subject_of = cache(partial(_subject, plan))
    with path.open("a", encoding="utf-8") as file:
        for task in _tasks(plan):
            images = enumerate(plan.pictures[: task.n])
            todo = [i for i, picture in images if (task.name, picture.case_id) not in known]
            if not todo:
                continue
            check = task.prepare()
            for number in tqdm(todo, desc=task.name, unit="image"):
                values = tuple(check(subject_of(number)))
                done.append(Done(task.name, plan.pictures[number].case_id, values))
                file.write(json.dumps(done[-1]) + "\n")
                file.flush()
    return done


def read_done(path: Path, about: dict[str, Any]) -> list[Done]:
    """What an earlier run wrote; begins the file, with `about` as its first line, if there is none.

    A last line that was cut short is dropped.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(about, ensure_ascii=False) + "\n", "utf-8")
        return []
    first, *lines = path.read_text("utf-8").splitlines(keepends=True)
    if json.loads(first) != about:
        raise ModelError(
            f"Expected {path} to hold the values of this checkpoint and these images, but it was "
            "begun with others; choose another --out, or remove the file."
        )
    whole = [line for line in lines if line.endswith("\n")]
    if whole != lines:
        path.write_text(first + "".join(whole), "utf-8")
    rows = map(json.loads, whole)
    return [Done(name, image, tuple(Value(*v) for v in values)) for name, image, values in rows]


def _subject(plan: Plan, number: int) -> Subject:
    picture = plan.pictures[number]
    image = Serving(plan.card.preprocessing)(picture.image)
    with torch.inference_mode():
        target = int(plan.network(image[None], auxiliary=False).logits.argmax())
    return Subject(
        plan.network, plan.card, image, target, plan.seed + number, plan.methods, picture.mask
    )


def _tasks(plan: Plan) -> Iterator[_Task]:
    yield _Task("structures", plan.counts.structures, lambda: structures)
    yield _Task("curves", plan.counts.curves, lambda: curves)
    yield _Task("robustness", plan.counts.robustness, lambda: robustness)
    for mode in MODES:
        for group in layer_groups(plan.network):
            if mode == "independent" and group == CLASSIFIER:
                continue  # the same as the first step of the cascade
            prepare = partial(_compare_with_random, plan, group, mode)
            yield _Task(f"randomisation, {mode}: {group}", plan.counts.randomisation, prepare)


def _compare_with_random(plan: Plan, group: str, mode: str) -> Check:
    network = randomised(plan.network, group, mode=mode, seed=plan.seed).eval()
    return lambda subject: similarity(subject, network, f"{mode}: {group}")
