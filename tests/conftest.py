"""What all tests share: where the real images are, when they are there."""

from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is not a defect: properties are about values, `make bench` is about time.
settings.register_profile("skinreader", deadline=None)
settings.load_profile("skinreader")

# Servers and databases that a session makes once, by the folder or parameter that needs them.
_SERVERS = {
    "attacks": "tests/attacks/",
    "browser": "tests/browser/",
    "web": "tests/integration/web/",
}

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real labelled images; the test is skipped on machines without it."""
    if not (REALDATA / "manifest.csv").is_file():
        pytest.skip("the folder of real images is not here")
    return REALDATA


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is dear to make run in one worker, so that it is made once."""
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str | None:
    path = item.path.as_posix()
    for name, folder in _SERVERS.items():
        if folder in path:
            return name
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("backend") == "postgresql":
        return "postgresql"
    if "study" in parameters and "tests/golden/" in path:
        return f"golden-{parameters['study']}"
    return item.path.stem if _has_module_fixture(item) else None


def _has_module_fixture(item: pytest.Item) -> bool:
    fixtures = getattr(item, "_fixtureinfo", None)
    definitions = fixtures.name2fixturedefs.values() if fixtures else ()
    return any(found[-1].scope == "module" for found in definitions)
