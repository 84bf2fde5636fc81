"""All bytes that a reader's browser gets during a whole quiz, and what they could tell."""

import io
import json
import re
import uuid

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy.stats import spearmanr

from data.manifest import write_manifest
from data.taxonomy import DEMO8
from readerstudy.db.tables import Assignment, Case, Reader, ReferenceStandard, Study
from tests.attacks.asking import ask_event
from tests.attacks.enumerated import events
from tests.attacks.secrets_of import Secrets, names_a_class
from tests.support.making import make_study, write_predictions

N_CASES = 16
MARK = "kennzeichen-4c1d"  # stands in the metadata of every file that was imported
# Gradio's own files, which are the same on every site; the slow test reads them too.
_GRADIOS = ("/study/assets", "/study/static", "/assets", "/static")
_LINK = re.compile(r"""(?:src|href)=\\?["']([^"'#\\]+)""")
_SOURCE = re.compile(r"""["'](\.{1,2}/[\w./-]+\.(?:js|css|svg))["']""")


@pytest.fixture(scope="module")
def hidden(stage, tmp_path_factory):
    """A study sorted by class, of files that say everything in their names and metadata."""
    folder = tmp_path_factory.mktemp("hidden")
    rows = []
    for number in range(N_CASES):
        label = DEMO8.codes[number * len(DEMO8) // N_CASES]
        name = f"ISIC_{7_000_000 + number}_{label}_biopsy.{'png' if number % 2 else 'jpg'}"
        _write_telling(folder / name, label, seed=number)
        rows.append({"case_id": f"lesion-{number:03d}-{label}", "path": name, "label": label})
    write_manifest(rows, folder / "manifest.csv")
    predictions = write_predictions(
        folder / "oracle.csv", manifest=folder / "manifest.csv", name="oracle-net"
    )
    make_study(stage.site.db, "hidden", folder / "manifest.csv", predictions)
    return Secrets.of(folder / "manifest.csv", predictions, MARK, "oracle-net", "ab" * 32)


def _write_telling(path, label, *, seed):
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    said = f"{MARK} {label}"
    exif = Image.Exif()
    exif[0x010E] = said  # ImageDescription
    if path.suffix == ".png":
        text = PngInfo()
        text.add_text("Comment", said)
        text.add_itxt("XML:com.adobe.xmp", f"<x>{said}</x>")
        picture.save(path, pnginfo=text, exif=exif)
    else:
        picture.save(path, exif=exif, comment=said.encode(), xmp=f"<x>{said}</x>".encode())
    assert MARK.encode() in path.read_bytes()


class Recorder:
    """A browser's eyes: every answer with its headers, by address."""

    def __init__(self, client):
        self.client, self.received = client, {}

    def get(self, address):
        answer = self.client.get(address)
        self._keep(address, answer)
        return answer

    def post(self, address, **sent):
        answer = self.client.post(address, **sent)
        self._keep(address, answer)
        return answer

    def follow(self, page, *, skipped=()):
        """Everything that a page names, and what that names in turn."""
        pending, base = [page], self.client.base_url
        while pending:
            address = pending.pop()
            if address in self.received:
                continue
            answer = self.get(address)
            kind = answer.headers.get("content-type", "")
            found = _LINK.findall(answer.text) if "html" in kind else []
            found += _SOURCE.findall(answer.text) if "javascript" in kind or "html" in kind else []
            for link in found:
                url = base.join(address).join(link)
                if url.host == base.host and not url.path.startswith(("/language", *skipped)):
                    pending.append(url.raw_path.decode())

    def _keep(self, address, answer):
        headers = b"\n".join(k + b": " + v for k, v in answer.headers.raw)
        self.received[address] = headers + b"\n" + answer.content


def read_all(stage, slug, *, skipped=_GRADIOS):
    """A whole quiz: what was received, each case as JSON, and each picture."""
    recorder = Recorder(stage.client(stage.new_token("reader", slug)))
    recorder.follow("/study/", skipped=skipped)
    for address in ("/study/config", "/study-api/status"):
        recorder.get(address)
    show = next(e for e in events(stage.site.app) if (e.page, e.handler) == ("/study", "show"))
    recorder.received["event"] = ask_event(recorder.client, show, []).body
    cases, pictures = [], []
    while case := recorder.get("/study-api/current").json()["case"]:
        cases.append(case)
        recorder.received[f"case {len(cases)}"] = json.dumps(case).encode()
        pictures += [recorder.get(image) for image in case["images"]]
        body = {"case_token": case["case_token"], "answer": "BCC"}
        body |= {"confidence": 50, "client_token": uuid.uuid4().hex}
        assert recorder.post("/study-api/answer", json=body).status_code == 200
    for address in ("/study-api/current", "/study-api/my-data.json", "/study-api/my-data.csv"):
        recorder.get(address)
    return recorder.received, cases, pictures


@pytest.fixture(scope="module")
def quiz(stage, hidden):
    return read_all(stage, "hidden")


def test_the_search_finds_what_it_looks_for(hidden):
    """Else the tests below cannot fail."""
    for word in sorted(hidden.words)[::20]:
        assert hidden.found_in(b"{" + word.upper() + b"}")
    assert len(hidden.words) > 500
    assert names_a_class('{"truth": "BCC"}', DEMO8.codes) == ["BCC"]
    assert names_a_class("token-BCC-x", DEMO8.codes) == []


def test_no_byte_of_a_quiz_tells_names_labels_hashes_or_predictions(quiz, hidden):
    received, cases, _ = quiz
    assert len(cases) == N_CASES
    assert len(received) > 2 * N_CASES + 10  # cases, pictures; pages, scripts, styles, an event
    _assert_tells_nothing(received, hidden)


@pytest.mark.slow
def test_nor_do_all_scripts_that_the_pages_name(stage, hidden):
    received, _, _ = read_all(stage, "hidden", skipped=())
    assert len(received) > 200
    _assert_tells_nothing(received, hidden)


def _assert_tells_nothing(received, hidden):
    found = {address: hidden.found_in(data) for address, data in received.items()}
    print(f"{len(received)} answers, {sum(map(len, received.values())):,} bytes")
    assert {address: words for address, words in found.items() if words} == {}


def test_no_class_stands_beside_a_case(quiz):
    """But as options, which are the same of every case and in the same order."""
    _, cases, _ = quiz
    assert len({json.dumps(case["options"]) for case in cases}) == 1
    for case in cases:
        rest = json.dumps({k: v for k, v in case.items() if k != "options"})
        assert names_a_class(rest, DEMO8.codes) == []
        assert not [d.name_en for d in DEMO8.diseases if d.name_en.lower() in rest.lower()]
        assert not re.search("malignan|benign|biops", rest, re.IGNORECASE)


def test_pictures_are_bare(quiz):
    """No metadata, and no headers by which a picture could be known again."""
    _, _, pictures = quiz
    for answer in pictures:
        opened = Image.open(io.BytesIO(answer.content))
        assert dict(opened.info) == {}
        assert len(opened.getexif()) == 0
        assert opened.size == (32, 24)
        assert not {"etag", "last-modified", "content-disposition"} & set(answer.headers)
        assert answer.headers["cache-control"] == "private, no-store"


def test_two_readers_share_no_address(stage, quiz, hidden):
    _, cases, _ = quiz
    _, others, _ = read_all(stage, "hidden")
    mine, theirs = ({case["case_token"] for case in its} for its in (cases, others))
    assert len(mine) == len(theirs) == N_CASES
    assert mine & theirs == set()


@pytest.mark.usefixtures("hidden")
def test_neither_order_nor_tokens_nor_numbers_follow_the_class(stage):
    """The manifest is sorted by class: what kept its order would tell all."""
    for _ in range(30):
        stage.case_token(stage.new_token("reader", "hidden"))
    with stage.site.db.reading() as session:
        rows = session.execute(
            sa.select(
                Reader.id,
                Assignment.position,
                Assignment.token,
                ReferenceStandard.label,
                Case.id,
            )
            .join(Reader, Assignment.reader_id == Reader.id)
            .join(Case, Assignment.case_id == Case.id)
            .join(ReferenceStandard, ReferenceStandard.case_id == Case.id)
            .join(Study, Case.study_id == Study.id)
            .where(Study.slug == "hidden")
            .order_by(Reader.id, Assignment.position)
        ).all()
    readers = {}
    for reader, position, token, label, case in rows:
        readers.setdefault(reader, []).append((position, token, DEMO8.codes.index(label), case))
    assert len(readers) >= 30
    assert abs(_follows(readers, lambda row: row[0])) < _FAR
    assert abs(_follows(readers, lambda row: row[1])) < _FAR
    # The same sum of what does follow the class is far beyond.
    assert _follows(readers, lambda row: row[3]) > 3 * _FAR


_FAR = 4.5  # standard deviations: 7 of a million by chance


def _follows(readers, of):
    """Spearman's correlation with the class, summed over readers: normal (0, 1) under chance."""
    found = [
        spearmanr(np.argsort(np.argsort([of(row) for row in rows])), [row[2] for row in rows])[0]
        * np.sqrt(len(rows) - 1)
        for rows in readers.values()
    ]
    return sum(found) / np.sqrt(len(found))


@pytest.mark.usefixtures("hidden")
def test_nobody_without_a_link_learns_of_a_study(stage, hidden):
    recorder = Recorder(stage.client(""))
    for address in ("/", "/config", "/gradio_api/info", "/healthz", "/login", "/invite"):
        recorder.get(address)
    recorder.get("/join/hidden")
    everything = b"".join(recorder.received.values())
    assert hidden.found_in(everything) == set()
    assert b"Study hidden" not in everything
