"""Files made to do harm at the demo's door: pixels or a sentence, soon, and the site lives."""

import time
import uuid

import pytest

from data.decoding import WALL_SECONDS
from tests.hostile.pictures import few, pictures
from tests.integration.web.test_demo_page import handlers
from tests.support.live import call

MAX_SECONDS = WALL_SECONDS + 10  # on a loaded machine; `CPU_SECONDS` is what bounds a quiet one


def send(site, made):
    """The answer to each of the files by its name, none of which took long."""
    client = site.anonymous()
    answers = {}
    for name, make in made.items():
        content = make()
        began = time.monotonic()
        answers[name] = client.put("/demo-api/picture", content=content)
        assert time.monotonic() - began < MAX_SECONDS, name
    return client, answers


def check(site, client, answers):
    for name, answer in answers.items():
        assert answer.status_code in (200, 422), (name, answer.text)
        assert "Traceback" not in answer.text, name
        if answer.status_code == 422:
            assert answer.json()["detail"].startswith("Expected "), name
    taken = [a.json()["handle"] for a in answers.values() if a.status_code == 200]
    sent = {"handle": taken[-1]}
    ranked = call(client, "", handlers(site)["rank"], ["fake"], event_data=sent)
    assert "data-code" in str(ranked)
    assert client.put("/demo-api/picture", content=uuid.uuid4().bytes).status_code == 422


def test_a_few_hostile_pictures_of_every_kind(site):
    some = few()
    check(site, *send(site, {name: some[name] for name in list(some)[::6]}))


@pytest.mark.slow
def test_all_hostile_pictures(site):
    check(site, *send(site, pictures()))
