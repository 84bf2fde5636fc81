"""One running site for all tests of the web; each test signs in as people of its own."""

import threading
from contextlib import contextmanager

import pytest
import uvicorn

import app as composition
from readerstudy.config import own_url
from readerstudy.ui import site as site_module
from tests.support.fakes import FakePredictor, RealSkinPredictor
from tests.support.live import Site, composed, free_port, serve
from tests.support.making import make_study, write_cases, write_predictions


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    predictor, other = FakePredictor(), RealSkinPredictor()
    with composed(folder, port=port, predictors=[predictor, other]) as (_, app, db):
        _fill(db, folder)
        with serve(app, port=port) as url:
            yield Site(url=url, app=app, db=db, predictor=predictor)


def _fill(db, folder):
    (folder / "cases").mkdir()
    manifest = write_cases(folder / "cases", n_cases=16)
    predictions = write_predictions(folder / "net.csv", manifest=manifest)
    make_study(db, "alpha", manifest, predictions)
    make_study(db, "beta", manifest)
    make_study(db, "unread", manifest)  # whom no test invites


@pytest.fixture(scope="session")
def quiet(tmp_path_factory):
    """Served as `python app.py` does behind a proxy, without the public page; `alpha` is open."""
    folder, port = tmp_path_factory.mktemp("quiet"), free_port()
    settings = {
        "SKINREADER_PUBLIC_URL": "http://study.example.org",
        "SKINREADER_TRUSTED_PROXIES": "127.0.0.1",
        "SKINREADER_DEMO": "off",
    }
    patched = pytest.MonkeyPatch()
    patched.setattr(site_module, "_JANITOR_SECONDS", 0.2)
    with composed(folder, port=port, **settings) as (made, app, db):
        (folder / "cases").mkdir()
        manifest = write_cases(folder / "cases", n_cases=16)
        make_study(db, "alpha", manifest, write_predictions(folder / "net.csv", manifest=manifest))
        with _served_fully(app, made):
            yield Site(url=own_url("127.0.0.1", port), app=app, db=db, predictor=None)
    patched.undo()


@contextmanager
def _served_fully(app, settings):
    server = uvicorn.Server(composition.server_config(app, settings))
    listener = composition.listen(settings)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    yield
    server.should_exit = True
    thread.join(10)
