"""A server of its own, without the public page: what it is ready for, takes and leaves behind."""

import io
import os
import socket
import stat
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from types import SimpleNamespace

import httpx
import pytest

from data.taxonomy import DEMO8
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import LostError
from readerstudy.services.intake import staging
from readerstudy.services.intake.slots import OF_ONE_ACCOUNT
from readerstudy.services.study import drafts, summaries
from readerstudy.services.study.exposure import exposed_models, exposed_studies
from tests.integration.web.test_admin_page import ask
from tests.integration.web.test_upload_page import zipped
from tests.support.making import write_cases, write_predictions

MEGABYTE = 1_000_000


@pytest.fixture
def draft(quiet):
    slug = f"draft-{len(summaries.list_studies(quiet.db, actor=SYSTEM))}"
    drafts.create_study(
        quiet.db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True
    )
    return slug


@pytest.fixture
def packed(tmp_path):
    write_cases(tmp_path, n_cases=3)
    return zipped(tmp_path, *sorted(path.name for path in tmp_path.iterdir()))


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes of the disk are free."""

    def set_free(n_bytes):
        usage = SimpleNamespace(free=n_bytes)
        monkeypatch.setattr(staging.shutil, "disk_usage", lambda _: usage)

    return set_free


def left_behind(quiet):
    return list(quiet.db.images.parent.glob(".upload-*"))


def eventually(found, *, seconds=5):
    deadline = time.monotonic() + seconds
    while not found() and time.monotonic() < deadline:
        time.sleep(0.05)
    return found()


# The public page is off.


def test_without_the_demo_the_front_door_is_the_study(quiet):
    with quiet.anonymous() as client:
        answer = client.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
        assert (answer.status_code, answer.url.path) == (200, "/invite")
        assert 'type="file"' not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/call/predict"),
        ("POST", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/info"),
        ("GET", "/config"),
        ("PUT", "/demo-api/picture"),
        ("GET", "/demo-api/example/0"),
        ("GET", "/app-assets/demo/demo.css"),
    ],
)
def test_without_the_demo_its_routes_are_not_there(quiet, method, path):
    with quiet.anonymous() as client:
        sent = {"data": [], "session_hash": "abc", "fn_index": 0}
        assert client.request(method, path, json=sent).status_code == 404


def test_the_quiz_and_the_administration_work_without_it(quiet):
    with closing(quiet.reader()) as reader, closing(quiet.staff()) as staff:
        assert reader.get("/study-api/current").json()["case"]["images"]
        assert reader.get("/study/").status_code == 200
        assert staff.get("/admin/").status_code == 200


@pytest.mark.slow
def test_no_network_is_loaded_without_the_demo(quiet):
    program = "import sys, app; app.main(sys.argv[1:]); print('torch' in sys.modules)"
    var = quiet.db.images.parent  # where all is made already
    command = [sys.executable, "-c", program, "--check", "--var", var, "--demo", "off"]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.endswith("Everything is in place.\nFalse\n")


# A model under test on the public page.


def summary(quiet, slug):
    found = {study.slug: study for study in summaries.list_studies(quiet.db, actor=SYSTEM)}
    return found[slug]


def test_an_open_study_whose_model_anybody_may_ask_is_told(quiet, draft):
    assert exposed_studies(quiet.db, served=["net", "other"]) == {"alpha": ("net",)}
    assert exposed_studies(quiet.db, served=["other"]) == {}
    assert exposed_models(summary(quiet, draft), served=["net"]) == ()


def test_the_studys_page_says_so_while_it_is_open(site, tmp_path):
    manifest = write_cases(tmp_path, n_cases=8)
    csv = write_predictions(tmp_path / "fake.csv", manifest=manifest, name="fake")
    asked = {"actor": SYSTEM, "slug": "shown-too"}
    drafts.create_study(site.db, **asked, title="Both", taxonomy=DEMO8, synthetic=True)
    drafts.import_cases(site.db, **asked, manifest=manifest)
    drafts.import_predictions(site.db, **asked, name="fake", csv=csv)
    staff, said = site.staff(), "can ask the model under test (fake) on the public page"
    assert said not in str(ask(site, staff, "show_overview", "shown-too"))
    drafts.open_study(site.db, **asked)
    assert said in str(ask(site, staff, "show_overview", "shown-too"))
    assert said not in str(ask(site, staff, "show_overview", "alpha"))


# Readiness.


def test_a_sound_server_is_ready_and_alive(quiet):
    with quiet.anonymous() as client:
        ready = client.get("/readyz")
        assert (ready.status_code, client.get("/healthz").status_code) == (200, 200)
        assert ready.json() == {"database": "ok", "disk": "ok", "checkpoint": "off"}


def test_a_full_disk_is_not_ready_and_still_alive(quiet, free):
    free(999 * MEGABYTE)
    with quiet.anonymous() as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["disk"]) == (503, "full")
        assert client.get("/healthz").status_code == 200


def test_a_lost_database_is_not_ready_and_no_reader_is_told_saved(quiet):
    away = quiet.db.path.with_name("away")
    with closing(quiet.reader()) as reader, quiet.anonymous() as client:
        case = reader.get("/study-api/current").json()["case"]
        given = {"case_token": case["case_token"], "answer": "BCC", "client_token": "12345678"}
        quiet.db.path.rename(away)
        try:
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["database"]) == (503, "lost")
            assert client.get("/healthz").status_code == 200
            answer = reader.post("/study-api/answer", json=given)
            assert answer.status_code == 503
            assert "Nothing was stored" in answer.json()["detail"]
        finally:
            away.rename(quiet.db.path)
        assert client.get("/readyz").status_code == 200
        assert reader.post("/study-api/answer", json=given).json()["is_saved"] is True


def test_the_administration_reads_the_same_sentence(quiet, draft):
    away = quiet.db.path.with_name("away")
    quiet.db.check_writable()
    quiet.db.path.rename(away)
    try:
        with pytest.raises(LostError, match="nothing was stored"):
            drafts.invite(quiet.db, actor=SYSTEM, slug="alpha", count=1)
    finally:
        away.rename(quiet.db.path)


# What is written lies in folders of its own, for its owner alone.


def test_everything_in_the_var_folder_is_its_owners_alone(quiet):
    var = quiet.db.images.parent
    lax = {
        path.relative_to(var).as_posix(): stat.filemode(path.stat().st_mode)
        for path in (var, *var.rglob("*"))
        if path.stat().st_mode & 0o077
    }
    assert lax == {}
    assert {"cases", "database", "log", "uploads"} <= {path.name for path in var.iterdir()}
    assert not list(var.glob("*.db*"))


def test_no_page_may_serve_a_file_of_the_var_folder(quiet, site):
    for its in (quiet, site):
        pages = [route.app for route in its.app.routes if hasattr(route, "app")]
        blocked = [page.get_blocks().blocked_paths for page in pages if hasattr(page, "blocks")]
        assert blocked == [[str(its.db.images.parent)]] * (2 if its is quiet else 3)


# Room for imports.


def test_an_import_leaves_the_floor_of_free_space(quiet, draft, packed, free):
    with closing(quiet.staff()) as staff:
        free(1_000 * MEGABYTE + len(packed) - 1)
        answer = staff.put(f"/admin-api/{draft}/cases", content=packed)
        assert answer.status_code == 507
        assert "make room" in answer.json()["detail"]
        free(1_000 * MEGABYTE + 2 * len(packed))
        assert staff.put(f"/admin-api/{draft}/cases", content=packed).status_code == 200
    assert left_behind(quiet) == []


def test_what_announces_no_length_is_weighed_as_it_comes(quiet, draft, free):
    free(1_000 * MEGABYTE)
    with closing(quiet.staff()) as staff:
        answer = staff.put(f"/admin-api/{draft}/cases", content=iter([b"x" * 100_000]))
    assert answer.status_code == 507
    assert left_behind(quiet) == []


def test_what_a_zip_unpacks_to_is_weighed_before(quiet, draft, free):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", "case_id,path,label\n")
        archive.writestr("notes.txt", os.urandom(1_000) * 100)
    content = made.getvalue()
    assert len(content) < 90_000
    free(1_000 * MEGABYTE + 90_000)
    with closing(quiet.staff()) as staff:
        answer = staff.put(f"/admin-api/{draft}/cases", content=content)
    assert answer.status_code == 507


def begin(quiet, staff, draft, *, sent=1_000):
    """An upload that goes no further."""
    port = httpx.URL(quiet.url).port
    cookies = "; ".join(f"{name}={value}" for name, value in staff.cookies.items())
    made = socket.create_connection(("127.0.0.1", port), 10)
    made.sendall(
        f"PUT /admin-api/{draft}/cases HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
        "Content-Length: 1000000\r\n\r\n".encode()
        + bytes(sent)
    )
    return made


def test_a_client_that_breaks_off_leaves_nothing(quiet, draft, caplog):
    with closing(quiet.staff()) as staff:
        connection = begin(quiet, staff, draft)
        assert eventually(lambda: left_behind(quiet))
        connection.close()
        assert eventually(lambda: not left_behind(quiet))
    time.sleep(0.2)
    assert not [record for record in caplog.records if record.exc_info]


def test_one_account_has_few_imports_at_a_time(quiet, draft, packed):
    with closing(quiet.staff()) as staff, closing(quiet.staff()) as other:
        held = [begin(quiet, staff, draft) for _ in range(OF_ONE_ACCOUNT)]
        assert eventually(lambda: len(left_behind(quiet)) == OF_ONE_ACCOUNT)
        answer = staff.put(f"/admin-api/{draft}/cases", content=packed)
        assert answer.status_code == 429
        assert "nothing was stored" in answer.json()["detail"]
        assert other.put(f"/admin-api/{draft}/cases", content=packed).status_code == 200
        for connection in held:
            connection.close()
        assert eventually(lambda: not left_behind(quiet))
        assert staff.put(f"/admin-api/{draft}/cases", content=packed).status_code == 422


def test_all_accounts_together_have_few_imports_at_a_time(quiet, draft, packed):
    clients = [quiet.staff() for _ in range(3)]
    held = [begin(quiet, client, draft) for client in clients[:2] for _ in range(2)]
    assert eventually(lambda: len(left_behind(quiet)) == 4)
    assert clients[2].put(f"/admin-api/{draft}/cases", content=packed).status_code == 429
    for made in (*held, *clients):
        made.close()
    assert eventually(lambda: not left_behind(quiet))


def test_what_a_killed_process_left_goes_while_the_server_runs(quiet):
    left = quiet.db.images.parent / ".upload-killed"
    left.mkdir()
    (left / "sent.zip").write_bytes(b"half")
    assert not eventually(lambda: not left.exists(), seconds=1)  # it may have been made just now
    for path in (left / "sent.zip", left):
        os.utime(path, (time.time() - 120,) * 2)
    assert eventually(lambda: not left.exists())
