"""A server on a free port, and clients signed in to it as a person would."""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

import app as composition
from readerstudy.config import load_settings
from readerstudy.db import Database
from readerstudy.db.queries.accounts import account_by_name
from readerstudy.domain import SYSTEM, Role
from readerstudy.services import accounts
from readerstudy.services.setup import open_database
from readerstudy.services.study import drafts
from tests.support.making import PASSWORD

STUDY_COOKIE, ADMIN_COOKIE = "skinreader-study", "skinreader-admin"
PROFILE = {"profession": "student"}


@dataclass
class Site:
    url: str
    app: object
    db: Database
    predictor: object

    def anonymous(self, **headers):
        return httpx.Client(base_url=self.url, timeout=30, headers=headers)

    def reader(self, slug="alpha", *, ready=True):
        """A new reader who opened a new link; `ready`: stands before the first case."""
        client = self.anonymous()
        [token] = drafts.invite(self.db, actor=SYSTEM, slug=slug, count=1)
        assert client.post(f"/invite/{token}").status_code == 303
        if ready:
            self.make_ready(client)
        return client

    def make_ready(self, client):
        from readerstudy.services.reading import joining

        actor = accounts.actor_for(self.db, token=client.cookies[STUDY_COOKIE])
        joining.give_consent(self.db, actor=actor, version="2")
        joining.save_profile(self.db, actor=actor, profile=PROFILE)

    def account(self, role=Role.OWNER, study=None):
        """Its name; its password is PASSWORD."""
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        accounts.create_admin(
            self.db, actor=SYSTEM, name=name, password=PASSWORD, role=role, study=study
        )
        return name

    def signed_in(self, name):
        """Past the door, which tests of attacks may have closed to this address."""
        client = self.anonymous()
        with self.db.transaction() as session:
            account = account_by_name(session, name)
            token = accounts.open_session(session, account_id=account.id)
        client.cookies.set(ADMIN_COOKIE, token)
        return client

    def staff(self, role=Role.OWNER, study=None):
        return self.signed_in(self.account(role, study))

    def as_admin(self, reader):
        """The reader's session shown where an administrator's is expected."""
        token = reader.cookies[STUDY_COOKIE]
        return httpx.Client(
            base_url=self.url, cookies={STUDY_COOKIE: token, ADMIN_COOKIE: token}, timeout=30
        )


def call(client, mount, fn, data=(), *, session=None, event_data=None):
    """One event over Gradio's queue; returns the HTTP status when refused, else the event.

    `session`: that of an open page; without it a page of its own.
    """
    session = session or uuid.uuid4().hex
    body = {"data": list(data), "fn_index": fn, "session_hash": session, "event_data": event_data}
    # Escaped, as any program may write it: half a sign is no UTF-8.
    joined = client.post(
        f"{mount}/gradio_api/queue/join",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    if joined.status_code != 200:
        return joined.status_code
    address = f"{mount}/gradio_api/queue/data?session_hash={session}"
    with client.stream("GET", address) as lines:
        for line in lines.iter_lines():
            if line.startswith("data:") and '"process_completed"' in line:
                return json.loads(line[5:])
    raise AssertionError("the stream ended without a result")


@contextmanager
def composed(folder, *, port, predictors=None, **settings):
    """Settings, application and database as `app.py` puts them together, in a folder of its own."""
    before, mask = dict(os.environ), os.umask(0o022)
    chosen = {
        "SKINREADER_VAR": str(folder / "var"),
        "SKINREADER_PORT": str(port),
        "SKINREADER_ADMIN_PASSWORD": "a long password",
    }
    made = load_settings(chosen | settings)
    composition.prepare(made)
    app = composition.build_app(made, predictors=predictors)
    db = open_database(made)
    yield made, app, db
    db.close()
    os.umask(mask)
    os.environ.clear()
    os.environ.update(before)


@contextmanager
def serve(app, *, port):
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
