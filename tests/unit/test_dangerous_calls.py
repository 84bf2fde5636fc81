"""Nothing runs what stands in data, and no check of a peer is off.

Ruff sees most of it (rules S and the banned names of pyproject.toml, in `make check`); what depends
on arguments is seen here.
"""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("data", "model", "readerstudy", "tools")
SOURCES = [*sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py")), ROOT / "app.py"]

REFUSED_BY_RUFF = (
    "pickle.load(x)",
    "pickle.Unpickler(x)",
    "handler = pickle.loads",
    "marshal.loads(x)",
    "shelve.open(x)",
    "dill.load(x)",
    "import cloudpickle",
    "joblib.load(x)",
    "pandas.read_pickle(x)",
    "torch.hub.load(x)",
    "yaml.load(x)",
    "yaml.load(x, Loader=yaml.FullLoader)",
    "yaml.load(x, yaml.UnsafeLoader)",
    "yaml.load_all(x, yaml.Loader)",
    "yaml.full_load(x)",
    "handler = yaml.unsafe_load",
    "eval(x)",
    "exec(x)",
    "os.system(x)",
    "os.popen(x)",
    "subprocess.run(x, shell=True)",
    "subprocess.getoutput(x)",
    "tempfile.mktemp()",
    "tarfile.open(x).extractall(x)",
    "hashlib.md5(x)",
    "hashlib.sha1(x)",
    "hashlib.new('md5', x)",
    "httpx.get(x, verify=False)",
    "ssl._create_unverified_context()",
    "random.random()",
    "random.choice(x)",
    "jinja2.Environment()",
    "jinja2.Environment(autoescape=False)",
    "jinja2.Template(x)",
    "markupsafe.Markup(x)",
    "xml.etree.ElementTree.parse(x)",
    "xml.etree.ElementTree.fromstring(x)",
    "xml.dom.minidom.parseString(x)",
)
# What the rules are switched off for, line by line: each was looked at.
SILENCED = {
    ("data/version.py", "S603"),  # git, asked for the commit, with fixed words
    ("readerstudy/files/zip_bundle.py", "S603"),  # the same
    ("data/version.py", "TID251"),  # a time that is no study's
    ("readerstudy/clock.py", "TID251"),  # the one clock
    ("readerstudy/commands/accounts.py", "S105"),  # the name of a variable
    ("data/decoding.py", "S603"),  # this very Python, with numbers of our own
    ("data/documents.py", "S506"),  # a safe loader with bounds
    ("readerstudy/ui/study/own_roc.py", "S704"),  # a picture of our own, its words escaped
}
FROM_ARGUMENTS = {
    "torch.load": ("weights_only", True),  # else it is a pickle
    "numpy.load": ("allow_pickle", False),
}
# They make code of text; `import_module` may take a word of our own list alone.
NEVER = ("compile", "__import__", "importlib.import_module")
COMMANDS = ("readerstudy/commands/main.py", "importlib.import_module")


IMPORTS = (
    "import dill, hashlib, httpx, jinja2, joblib, markupsafe, marshal, os, pandas, pickle,"
    "random, shelve, ssl, subprocess, tarfile, tempfile, torch, xml.dom.minidom,"
    "xml.etree.ElementTree, yaml"
)


@cache
def rules_of_ruff(room):
    """{line of REFUSED_BY_RUFF: rules that refuse it} as if all were a module of the room."""
    name = f"--stdin-filename={room}/snippet.py"
    answer = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json", name, "-"],
        input="\n".join([IMPORTS, *REFUSED_BY_RUFF]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    found = {line: set() for line in REFUSED_BY_RUFF}
    for refusal in json.loads(answer.stdout):
        line = ("", IMPORTS, *REFUSED_BY_RUFF)[refusal["location"]["row"]]
        found.setdefault(line, set()).add(refusal["code"])
    return found


@pytest.mark.parametrize("line", REFUSED_BY_RUFF)
def test_the_linter_refuses_it_in_every_room(line):
    # Tests draw at random what is no secret.
    rooms = ROOMS if line.startswith("random.") else (*ROOMS, "tests")
    rules = {room: " ".join(rules_of_ruff(room)[line]) for room in rooms}
    assert [room for room in rooms if not re.search(r"\bS\d|TID251", rules[room])] == []


def test_the_linter_is_silenced_only_where_somebody_looked():
    found = {
        (path.relative_to(ROOT).as_posix(), rule)
        for path in SOURCES
        for line in path.read_text("utf-8").splitlines()
        if "# noqa" in line
        for rule in re.findall(r"\bS\d{3}\b|TID251", line.split("# noqa")[1])
    }
    assert found == SILENCED


def dangerous(code):
    """Calls that only their arguments make dangerous, and those that make code of text."""
    if not re.search(r"load|compile|__import__|import_module", code):
        return []
    tree = ast.parse(code)
    names = {
        (alias.asname or alias.name): alias.name if module is None else f"{module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for module in [getattr(node, "module", None)]
        for alias in node.names
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(call, full_name(call.func, names)) for call in calls]
    return [name for call, name in named if name in NEVER or is_unsafe(call, name)]


def full_name(node, names):
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}"
    return ""


def is_unsafe(call, name):
    if name not in FROM_ARGUMENTS:
        return False
    keyword, needed = FROM_ARGUMENTS[name]
    given = [k.value for k in call.keywords if k.arg == keyword]
    return not (given and isinstance(given[0], ast.Constant) and given[0].value is needed)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load(x)",
        "import torch\ntorch.load(x, weights_only=False)",
        "import torch\ntorch.load(x, weights_only=chosen)",
        "from torch import load\nload(x)",
        "import numpy as np\nnp.load(x)",
        "import numpy as np\nnp.load(x, allow_pickle=True)",
        "compile(x, 'x', 'exec')",
        "__import__(x)",
        "from importlib import import_module\nimport_module(x)",
        "import importlib as i\ni.import_module(x)",
    ],
)
def test_a_dangerous_call_is_found(code):
    assert dangerous(code)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load(x, weights_only=True)",
        "import numpy as np\nnp.load(x, allow_pickle=False)",
        "import re\nre.compile(x)",
        "torch_load(x)",
    ],
)
def test_a_safe_call_is_no_dangerous_one(code):
    assert dangerous(code) == []


def test_no_call_makes_code_of_data():
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in dangerous(path.read_text("utf-8"))
    }
    assert found == {COMMANDS}
