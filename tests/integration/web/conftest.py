"""One running site for all tests of the web; each test signs in as people of its own."""

import os

import pytest

import app as composition
from readerstudy.config import load_settings
from readerstudy.services.setup import open_database
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
