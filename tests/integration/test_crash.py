"""A server killed in the middle of answers: what was said to be saved is in the database."""

import threading
import time

import httpx
import sqlalchemy as sa

from readerstudy.domain import SYSTEM
from readerstudy.services import accounts
from readerstudy.services.reading import joining
from readerstudy.services.study import summaries
from tests.support.making import write_cases
from tests.support.serving import running_server

COOKIE = "skinreader-study"


def begin(served):
    client = httpx.Client(base_url=served.url, timeout=10)
    client.post(served.invite().removeprefix(served.url))
    db = served.database()
    actor = accounts.actor_for(db, token=client.cookies[COOKIE])
    joining.give_consent(db, actor=actor, version="2")
    joining.save_profile(db, actor=actor, profile={"profession": "student"})
    db.close()
    return client


def answer_until_it_breaks(client, saved, sent):
    """Like the page: noted before it is sent, and as saved only when the server says so."""
    try:
        while case := client.get("/study-api/current").json()["case"]:
            answer = {
                "case_token": case["case_token"],
                "answer": "BCC",
                "client_token": f"token-{case['case_token']}",
            }
            sent.append(answer)
            if client.post("/study-api/answer", json=answer).json().get("is_saved"):
                saved.append(answer)
    except httpx.HTTPError:
        return


def stored_tokens(served):
    db = served.database()
    with db.connect() as connection:
        found = connection.execute(sa.text("select client_token from answers")).scalars().all()
    db.close()
    return found


def test_what_was_shown_as_saved_survives_a_kill(tmp_path):
    manifest = write_cases(tmp_path, n_cases=100)
    with running_server(tmp_path, manifest=manifest, demo="off") as served:
        clients = [begin(served) for _ in range(4)]
        saved, sent = [], []
        threads = [
            threading.Thread(target=answer_until_it_breaks, args=(client, saved, sent))
            for client in clients
        ]
        for thread in threads:
            thread.start()
        while len(saved) < 12:
            time.sleep(0.005)
        served.kill()
        for thread in threads:
            thread.join(20)
        stored = stored_tokens(served)
        assert {a["client_token"] for a in saved} <= set(stored)
        assert len(stored) == len(set(stored))
        _resume(served, clients, sent)


def _resume(served, clients, sent):
    """The page sends its waiting answer again after the restart; no answer is doubled."""
    served.start()
    client = clients[0]
    before = client.get("/study-api/current").json()
    again = [client.post("/study-api/answer", json=a).status_code for a in sent]
    assert 200 in again
    after = client.get("/study-api/current").json()
    assert after["answered"] - before["answered"] in (0, 1)
    db = served.database()
    [trial] = [s for s in summaries.list_studies(db, actor=SYSTEM) if s.slug == "trial"]
    db.close()
    assert trial.n_answers == len(stored_tokens(served))
