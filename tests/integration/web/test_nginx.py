"""The example for nginx, as it stands, before a real server."""

import os
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from data.taxonomy import DEMO8
from readerstudy.domain import SYSTEM
from readerstudy.domain.throttling import MAX_ATTEMPTS
from readerstudy.services import accounts
from readerstudy.services.study import drafts
from tests.support.live import free_port
from tests.support.making import PASSWORD

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "nginx.conf"
NAME = "study.example.org"
PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")


@dataclass
class Nginx:
    port: int
    folder: Path

    def client(self, source="127.0.0.1", **headers):
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            transport=httpx.HTTPTransport(local_address=source),
            headers={"Host": NAME, **headers},
            timeout=30,
        )

    def log(self):
        time.sleep(0.1)
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture(scope="module")
def nginx(quiet, tmp_path_factory):
    program = shutil.which("nginx") or next(filter(os.path.exists, PLACES), None)
    if program is None:
        why = "nginx is not here: the example for it is NOT tested; apt-get install nginx"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(here(EXAMPLE.read_text(), folder, port=port, app=quiet.url))
    command = [program, "-p", folder, "-c", config, "-e", folder / "start.log"]
    with subprocess.Popen([str(word) for word in command]) as process:
        _wait(process, port)
        yield Nginx(port, folder)
        process.terminate()


def here(text, folder, *, port, app):
    """Other places, ports and no certificate; everything else as it stands."""
    user = "user root;\n" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = re.sub(r"ssl_certificate.*\n", "\n", text)
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("http://127.0.0.1:7860", app).replace("/var/log/nginx", str(folder))
    text = text.replace("http {\n", "http {\n" + temporary).replace(" auto;", " 1;")
    return f"{user}daemon off;\npid {folder}/pid;\n{text}"


def _wait(process, port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx did not start with deploy/nginx.conf")


def attempt(nginx, name, password, *, source, claimed):
    with nginx.client(source) as client:
        headers = {"X-Forwarded-For": claimed}
        data = {"name": name, "password": password}
        return client.post("/login", data=data, headers=headers).status_code


def test_a_forged_address_changes_nothing_about_who_is_counted(quiet, nginx):
    accounts.create_admin(quiet.db, actor=SYSTEM, name="behind", password=PASSWORD)
    for number in range(MAX_ATTEMPTS):
        claimed = f"203.0.113.{number}"
        assert attempt(nginx, "behind", "wrong", source="127.0.0.3", claimed=claimed) == 401
    forged = {"source": "127.0.0.3", "claimed": "203.0.113.99"}
    assert attempt(nginx, "behind", PASSWORD, **forged) != 303
    # The stranger's word does not count for another either, who is let in.
    assert attempt(nginx, "behind", PASSWORD, source="127.0.0.4", claimed="127.0.0.3") == 303


def test_no_location_forgets_to_overwrite_the_address():
    """nginx inherits these lines only where a block has none of its own."""
    depth, places = 0, []
    for line in EXAMPLE.read_text().splitlines():
        places += [depth] if line.strip().startswith("proxy_set_header") else []
        depth += line.split("#")[0].count("{") - line.split("#")[0].count("}")
    assert set(places) == {1}
    assert re.search(r"proxy_set_header +X-Forwarded-For +\$remote_addr;", EXAMPLE.read_text())


def test_the_logs_keep_no_invitation(quiet, nginx):
    [token] = drafts.invite(quiet.db, actor=SYSTEM, slug="alpha", count=1)
    with nginx.client("127.0.0.5") as client:
        assert client.get(f"/invite/{token}").status_code == 200
        client.get(
            f"http://127.0.0.1:{nginx.port}//invite//{token}",
            params={"a": token},
            headers={"Referer": token},
        )
        client.get(f"/language/en?back=/invite/{token}")
        statuses = [client.get(f"/invite/{token}").status_code for _ in range(40)]
    assert set(statuses) == {200, 429}
    assert "GET /language/en" in nginx.log().replace('"', "")
    assert "/invite/***" in nginx.log()
    assert token not in nginx.log()


def test_a_flood_at_the_doors_stops_nobody_elsewhere(nginx):
    with nginx.client("127.0.0.6") as client:
        statuses = [client.get("/login").status_code for _ in range(40)]
        assert set(statuses) == {200, 429}
        assert client.get("/healthz").status_code == 200
    with nginx.client("127.0.0.7") as client:
        assert client.get("/login").status_code == 200


def test_health_and_readiness_pass(nginx):
    with nginx.client() as client:
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.get("/readyz").status_code == 200


def test_large_bodies_pass_only_where_archives_are_sent(quiet, nginx):
    body = bytes(23_000_000)
    make_draft(quiet, "through")
    accounts.create_admin(quiet.db, actor=SYSTEM, name="sends", password=PASSWORD)
    with nginx.client("127.0.0.8") as client:
        refused = client.post("/study-api/answer", content=body)
        assert (refused.status_code, "<center>nginx" in refused.text) == (413, True)
        client.post("/login", data={"name": "sends", "password": PASSWORD})
        for what in ("cases", "predictions?name=a", "supports?model=a"):
            answer = client.put(f"/admin-api/through/{what}", content=body)
            assert answer.status_code == 422, what


def make_draft(quiet, slug):
    drafts.create_study(
        quiet.db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True
    )


def test_a_sign_in_and_a_page_work_through_it(quiet, nginx):
    accounts.create_admin(quiet.db, actor=SYSTEM, name="works", password=PASSWORD)
    with nginx.client("127.0.0.9") as client:
        data = {"name": "works", "password": PASSWORD}
        answer = client.post("/login", data=data, headers={"Origin": f"http://{NAME}"})
        assert answer.headers["location"].endswith("/admin/")
        assert "SkinReader administration" in client.get("/admin/").text
