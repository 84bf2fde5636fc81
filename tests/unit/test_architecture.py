"""The walls of docs/decisions/001: who may import what, and who may read clock and settings."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("data", "model", "readerstudy")
SOURCES = [*sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py")), ROOT / "app.py"]


@cache
def imported(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def users_of(package):
    return {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(name == package or name.startswith(package + ".") for name in imported(path))
    }


def outside(files, *allowed):
    return sorted(f for f in files if not f.startswith(allowed))


def test_the_rooms_are_where_they_should_be():
    assert len(SOURCES) > 40


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("sqlalchemy", ("readerstudy/db/",)),
        ("alembic", ("readerstudy/db/",)),
        ("gradio", ("readerstudy/ui/", "model/demo/page.py", "model/demo/handlers.py", "app.py")),
        ("torch", ("model/", "data/torch_datasets.py")),
        ("timm", ("model/",)),
        ("captum", ("model/",)),
        ("fastapi", ("readerstudy/ui/", "app.py", "model/demo/")),
        ("model", ("model/", "app.py")),
        ("readerstudy", ("readerstudy/", "app.py")),
        ("data.phantom", ("data/",)),
        ("data.torch_datasets", ("model/",)),
    ],
)
def test_package_is_imported_only_in_its_place(package, allowed):
    assert outside(users_of(package), *allowed) == []


@pytest.mark.parametrize("package", ["numpy", "pandas", "sqlalchemy", "scipy"])
def test_pages_hold_no_arithmetic_and_no_sql(package):
    pages = {f for f in users_of(package) if f.startswith("readerstudy/ui/")}
    assert pages - {"readerstudy/ui/admin/roc_plot.py"} == set()


def test_settings_are_read_in_one_place():
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if "os.environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")
    }
    assert outside(readers, "readerstudy/config.py", "app.py") == []


def test_study_asks_the_time_in_one_place():
    askers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(call in path.read_text("utf-8") for call in ("datetime.now(", "time.time("))
    }
    assert [f for f in outside(askers, "readerstudy/clock.py") if f.startswith("readerstudy")] == []


def test_stats_touch_no_files():
    for path in (ROOT / "readerstudy" / "stats").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"open", "print"}, path


def test_no_module_is_a_monolith():
    long = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in SOURCES
    }
    assert {name: lines for name, lines in long.items() if lines > 350} == {}


# What touches the file system by its name alone, as a function or as a method of a path.
_TOUCHES = {
    "open", "open_file", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rmtree",
    "remove", "rename", "mkdir", "rmdir", "touch", "symlink_to", "hardlink_to", "glob", "rglob",
    "iterdir", "walk", "scandir", "listdir", "copyfile", "copy2", "copytree", "move",
    "FileResponse", "StaticFiles", "urlopen", "scratch", "makedirs", "mkstemp", "mkdtemp",
    "NamedTemporaryFile",
}  # fmt: skip
# Files of the program itself, found when it starts, and one that the server names by itself.
_MAY_TOUCH = {
    ("model/demo/page.py", "glob"): "the examples, when the module is loaded",
    ("readerstudy/ui/frontend_assets.py", "read_bytes"): "Gradio's assets; a name without '/'",
    ("readerstudy/ui/site.py", "glob"): "the demo's scripts and styles, at the start",
    ("readerstudy/ui/site.py", "StaticFiles"): "our scripts and styles",
    ("readerstudy/ui/account.py", "open"): "no file: sessions.open",
    ("readerstudy/ui/sign_in.py", "open"): "no file: sessions.open",
    ("readerstudy/ui/admin/uploads.py", "scratch"): "a folder of a name drawn here",
    (
        "readerstudy/ui/translations.py",
        "glob",
    ): "the catalogues of the project itself, at the start",
    ("readerstudy/ui/translations.py", "open"): "the same",
    ("readerstudy/ui/admin/uploads.py", "open_file"): "the body of a PUT, into that folder",
}


def _called(path):
    """Names of functions and methods that a module calls, or hands on to be called."""
    tree = ast.parse(path.read_text("utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return used & _TOUCHES


def test_pages_touch_no_files():
    """What comes from a request cannot name a file where nobody opens, moves or deletes one."""
    found = {
        (name, call)
        for path in SOURCES
        if (name := path.relative_to(ROOT).as_posix()).startswith(
            ("model/demo/", "readerstudy/ui/")
        )
        for call in _called(path)
    }
    assert found == set(_MAY_TOUCH)
