"""YAML, TOML and JSON of strangers: the one reader, with bounds on all that can grow."""

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import yaml

from data.errors import UserError
from data.texts import listed, problem

MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_MAX_VALUES = 20_000
_MAX_TEXT = 200_000
_COST = 4  # of a value in YAML, which is read a hundred times as slowly as JSON
_PLAIN = (bool, int, float, date, time, type(None))
_PART = r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')\s*\.\s*"""
_LONG_NAME = re.compile(rf"(?:{_PART}){{2000}}")


class DocumentError(UserError):
    """The text is no document of its form, or not one that is read here."""


class _Loader(yaml.SafeLoader):
    """Plain values alone. An alias can stand for a thousand others, so there are none."""

    _depth = 0
    _values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise DocumentError(
                f"aliases and anchors (& and *) are not read, line {event.start_mark.line + 1} has "
                "one"
            )
        self._depth += 1
        self._values += _COST
        _check_size(depth=self._depth, values=self._values)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _read_toml(text: str) -> Any:
    # The parser's time grows with the square of the parts of a name.
    if _LONG_NAME.search(text):
        raise DocumentError(f"it is deeper than {_MAX_DEPTH} levels")
    return tomllib.loads(text)


def _finite(number: str) -> float:
    """SQLite would store what is none, and the export then fail."""
    if not math.isfinite(value := float(number)):
        raise DocumentError(f"{number[:20]} is no number of JSON; write null")
    return value


_READ: Mapping[str, Callable[[str], Any]] = {
    "YAML": lambda text: yaml.load(text, _Loader),  # noqa: S506 -- a SafeLoader with bounds
    "TOML": _read_toml,
    "JSON": lambda text: json.loads(text, parse_float=_finite, parse_constant=_finite),
}


def parse(given: str | bytes, form: str) -> Any:
    """The values of a document in YAML, TOML or JSON, in UTF-8.

    Raises DocumentError, a half sentence that says what is wrong, for one that cannot be read, is
    longer than MAX_BYTES, deeper than 20 levels, has more than 20,000 values (of YAML: 5,000), an
    alias or an anchor, a number that is none, or a text with signs that cannot be stored.
    """
    if len(given) > MAX_BYTES:
        raise DocumentError(f"it has more than {MAX_BYTES:,} characters")
    try:
        text = given if isinstance(given, str) else given.decode("utf-8")
        content = _READ[form](text)
    except DocumentError:
        raise
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise DocumentError(_reason(error)) from error
    _check(content)
    return content


def read(path: Path, form: str) -> Any:
    """The same of a file."""
    return parse(content_of(path), form)


def content_of(path: Path) -> bytes:
    """Of a file that may be endless; no more than `parse` can tell to be too much."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(error.strerror or type(error).__name__) from error


def _reason(error: Exception) -> str:
    """Without the text itself, which may be long."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{listed([error.problem or ''])}, line {error.problem_mark.line + 1}"
    if isinstance(error, RecursionError):
        return f"it is deeper than {_MAX_DEPTH} levels"
    return listed([str(error)])


def _check(content: Any) -> None:
    """By a list of what is left to look at: as deep as it is wide, and no deeper than may be."""
    left, values = [(content, 1)], 0
    while left:
        value, depth = left.pop()
        values += 1
        _check_size(depth=depth, values=values)
        if isinstance(value, str):
            if wrong := problem(value, most=_MAX_TEXT, has_lines=True):
                raise DocumentError(f"a text in it {wrong}")
        elif isinstance(value, dict):
            left += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list | tuple | set):
            left += [(part, depth + 1) for part in value]
        elif not isinstance(value, _PLAIN):
            raise DocumentError(f"it has a value of a kind not read here ({type(value).__name__})")


def _check_size(*, depth: int, values: int) -> None:
    if depth > _MAX_DEPTH:
        raise DocumentError(f"it is deeper than {_MAX_DEPTH} levels")
    if values > _MAX_VALUES:
        raise DocumentError("it has too many values")
