"""Draws docs/house.md from the contracts of pyproject.toml: `make house`.

A floor may use those below it; `make check` holds that. What a room is for is the first line of its
own docstring.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "house.md"
_HEAD = """\
# The house

Drawn by `make house` from the contracts in `pyproject.toml`. The highest floor stands first; a room
may use the floors below it, and `make check` refuses any other import. Rooms of one floor do not
know each other unless they are joined by "with".
"""


def main() -> None:
    PAGE.write_text(page(), "utf-8")
    print(PAGE.relative_to(ROOT))


def page() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    houses = [c for c in contracts if c["type"] == "layers"]
    return _HEAD + "".join(map(_house, houses))


def _house(contract: dict) -> str:
    [package] = contract["containers"]
    folder = package.replace(".", "/")
    head = [f"\n## `{folder}/`\n", f"{_purpose(ROOT / folder / '__init__.py')}\n"]
    lines = [*head, "| floor | rooms |", "|---|---|"]
    floors = contract["layers"]
    for number, floor in zip(range(len(floors), 0, -1), floors, strict=True):
        between = "<br>with " if ":" in floor else "<br>"
        rooms = [_room(folder, name) for name in re.split(r"\s*[|:]\s*", floor)]
        lines.append(f"| {number} | {between.join(rooms)} |")
    return "\n".join(lines) + "\n"


def _room(folder: str, name: str) -> str:
    file = ROOT / folder / f"{name}.py"
    if file.is_file():
        return f"`{name}.py` {_purpose(file)}"
    return f"`{name}/` {_purpose(ROOT / folder / name / '__init__.py')}"


def _purpose(file: Path) -> str:
    """The first line of its docstring."""
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return said.partition("\n")[0].replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
