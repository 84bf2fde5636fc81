"""One running site with bait beside it; whatever a test does, the bait stays as it was."""

import logging
from functools import partial

import pytest
from argon2 import PasswordHasher

from readerstudy.report import figures
from readerstudy.security import passwords
from tests.attacks.canary import Canary
from tests.attacks.stage import Stage
from tests.support.fakes import FakePredictor, RealSkinPredictor
from tests.support.live import Site, composed, free_port, serve


@pytest.fixture(scope="session", autouse=True)
def _quick():
    """Hashing and drawing are slow on purpose; these tests are about something else."""
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "PasswordHasher", quick)
        patch.setattr(figures, "render", lambda *_, **__: b"<svg/>")
        yield


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("attacked"), free_port()
    predictors = [FakePredictor(), RealSkinPredictor()]
    with composed(folder, port=port, predictors=predictors) as (settings, app, db):
        (settings.var / "maps" / "there.js").write_text("")
        canary = Canary(folder / "var" / "canary", own=(db.path,), site_port=port)
        with serve(app, port=port) as url, canary.watching():
            yield Stage(Site(url=url, app=app, db=db, predictor=predictors[0]), canary, folder)


@pytest.fixture(scope="session")
def site(stage):
    return stage.site


class _Errors(logging.Handler):
    """pytest's own list is another one before the test than in it."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture(autouse=True)
def errors():
    """Log records of errors, of all threads."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield handler.records
    logging.getLogger().removeHandler(handler)
