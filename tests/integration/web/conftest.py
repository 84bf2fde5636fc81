"""One running site for all tests of the web; each test signs in as people of its own."""

import os
import threading
from contextlib import contextmanager

import pytest
import uvicorn

import app as composition
from readerstudy.config import load_settings, own_url
from readerstudy.services.setup import open_database
from readerstudy.ui import site as site_module
from tests.integration.making import make_study, write_cases, write_predictions
from tests.integration.web.fakes import FakePredictor, RealSkinPredictor
from tests.integration.web.live import Site, free_port, serve


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    before = dict(os.environ)
    settings = load_settings(
        {
            "SKINREADER_VAR": str(folder / "var"),
            "SKINREADER_PORT": str(port),
            "SKINREADER_ADMIN_PASSWORD": "a long password",
        }
    )
    composition.prepare(settings)
    predictor, other = FakePredictor(), RealSkinPredictor()
    app = composition.build_app(settings, predictors=[predictor, other])
    db = open_database(settings)
    _fill(db, folder)
    with serve(app, port=port) as url:
        yield Site(url=url, app=app, db=db, predictor=predictor)
    db.close()
    os.environ.clear()
    os.environ.update(before)


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
    folder = tmp_path_factory.mktemp("quiet")
    port = free_port()
    before, mask = dict(os.environ), os.umask(0o022)
    settings = load_settings(
        {
            "SKINREADER_VAR": str(folder / "var"),
            "SKINREADER_PORT": str(port),
            "SKINREADER_PUBLIC_URL": "http://study.example.org",
            "SKINREADER_TRUSTED_PROXIES": "127.0.0.1",
            "SKINREADER_DEMO": "off",
            "SKINREADER_ADMIN_PASSWORD": "a long password",
        }
    )
    composition.prepare(settings)
    patched = pytest.MonkeyPatch()
    patched.setattr(site_module, "_JANITOR_SECONDS", 0.2)
    app = composition.build_app(settings)
    db = open_database(settings)
    (folder / "cases").mkdir()
    manifest = write_cases(folder / "cases", n_cases=16)
    make_study(db, "alpha", manifest, write_predictions(folder / "net.csv", manifest=manifest))
    with _served_fully(app, settings):
        yield Site(url=own_url("127.0.0.1", port), app=app, db=db, predictor=None)
    db.close()
    patched.undo()
    os.umask(mask)
    os.environ.clear()
    os.environ.update(before)


@contextmanager
def _served_fully(app, settings):
    server = uvicorn.Server(composition.server_config(app, settings))
    listener = composition.listen(settings)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    yield
    server.should_exit = True
    thread.join(10)
