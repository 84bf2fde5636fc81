import json
import time
from email.utils import formatdate

import pytest

from data.commands.main import main
from data.manifest import FURTHER, read_manifest
from data.sources import isic_api
from data.taxonomy import ISIC2019
from tests.support.isic_server import IsicServer


@pytest.fixture
def server():
    made = IsicServer(10)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """The pauses, which are not waited for."""
    pauses = []
    monkeypatch.setattr(isic_api.Archive.__init__, "__kwdefaults__", {
        "pause_s": 0.25, "sleep": pauses.append,
    })  # fmt: skip
    return pauses


def fetch(server, out, *arguments):
    return main(["fetch-isic", "--out", str(out), "--api", server.api, *map(str, arguments)])


def files(out):
    return sorted(path.name for path in (out / "images").iterdir())


def test_all_pages_come_with_licence_groups_and_labels(server, tmp_path, capsys):
    query = 'diagnosis_3:"Nevus" AND sex:male'
    assert fetch(server, tmp_path, "--query", query, "--collections", "212,70") == 0
    assert server.queries[0] == {"query": [query], "collections": ["212,70"], "limit": ["100"]}
    assert len(server.queries) == 3
    cases = read_manifest(tmp_path / "manifest.csv").set_index("case_id")
    assert len(cases) == 10
    case = cases.loc["ISIC_7000001"]
    assert case["licence"] == "CC-BY; attribution: Hospital 1 Ü"
    assert case["label"] == "Basal cell carcinoma"
    assert case[["lesion_id", "patient_id", "site", "age_band", "skin_tone"]].tolist() == [
        "IL_0", "IP_0", "posterior torso", "40-49", "Fitzpatrick 2",
    ]  # fmt: skip
    assert (tmp_path / "images" / "ISIC_7000001.jpg").read_bytes() == server.images["ISIC_7000001"]
    assert "CC-0 4, CC-BY 3, CC-BY-NC 3" in capsys.readouterr().out


def test_what_was_fetched_is_imported_with_a_map(server, tmp_path):
    fetch(server, tmp_path / "f")
    out = tmp_path / "m.csv"
    maps = ["--map", "isic_archive_to_isic2019", "--taxonomy", "ISIC2019"]
    assert main(["import", "isic-archive", str(tmp_path / "f"), "--out", str(out), *maps]) == 0
    assert set(read_manifest(out, taxonomy=ISIC2019)["label"]) == {"NV", "BCC", "MEL"}


def test_busy_failing_and_broken_answers_are_tried_again_with_growing_pauses(
    server, tmp_path, slept
):
    server.mishaps = {
        "search": [429, 500, 502],
        "ISIC_7000002.jpg": ["short", "broken", 503],
    }
    assert fetch(server, tmp_path) == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10
    assert (tmp_path / "images" / "ISIC_7000002.jpg").read_bytes() == server.images["ISIC_7000002"]
    assert [pause for pause in slept if pause != 0.25] == [7, 2, 4, 1, 2, 4]
    # Every request is preceded by the pause.
    assert sum(pause == 0.25 for pause in slept) == sum(server.asked.values())
    assert not list((tmp_path / "images").glob("*.part"))


def test_a_long_wait_that_is_asked_for_ends_the_fetch_at_once(server, tmp_path, slept, capsys):
    server.mishaps, server.retry_after = {"ISIC_7000002.jpg": [429]}, "3600"
    assert fetch(server, tmp_path) == 2
    assert "asks to wait: 3600 s" in capsys.readouterr().err
    assert max(slept) == 0.25
    assert fetch(server, tmp_path) == 0
    assert len(files(tmp_path)) == 10


def test_a_wait_can_be_asked_for_as_a_date(server, tmp_path, slept):
    server.mishaps = {"search": [429]}
    server.retry_after = formatdate(time.time() + 60, usegmt=True)
    assert fetch(server, tmp_path) == 0
    assert 50 < max(slept) <= 60


def test_an_interrupted_fetch_goes_on_where_it_was(server, tmp_path, capsys):
    server.mishaps = {"ISIC_7000005.jpg": [503] * 6}
    assert fetch(server, tmp_path) == 2
    assert "give the same command again later" in capsys.readouterr().err
    assert len(files(tmp_path)) == 5
    before = server.asked.copy()
    assert fetch(server, tmp_path) == 0
    new = server.asked - before
    assert new["/api/v2/images/search/"] == 2  # the first page is not asked for again
    assert sum(n for path, n in new.items() if path.startswith("/files/")) == 5
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10
    assert fetch(server, tmp_path) == 0  # nothing is left to do
    assert sum((server.asked - before - new).values()) == 0


def test_a_cut_off_record_is_asked_for_again(server, tmp_path):
    fetch(server, tmp_path, "--limit", 3)
    path = tmp_path / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert fetch(server, tmp_path) == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10


def test_a_limit_ends_and_a_higher_one_goes_on(server, tmp_path, capsys):
    assert fetch(server, tmp_path, "--limit", 6) == 0
    assert "There are more" in capsys.readouterr().out
    assert len(files(tmp_path)) == 6
    assert fetch(server, tmp_path, "--limit", 9) == 0
    assert len(files(tmp_path)) == 9
    assert len(read_manifest(tmp_path / "manifest.csv")) == 9


def test_expired_addresses_are_renewed(server, tmp_path):
    server.listed_signature = 0
    server.signature = 1
    assert fetch(server, tmp_path) == 0
    assert len(files(tmp_path)) == 10
    assert server.asked["/api/v2/images/ISIC_7000004/"] == 1


def test_an_image_that_is_refused_is_named_and_tried_at_the_next_call(server, tmp_path, capsys):
    server.mishaps = {"ISIC_7000003.jpg": [404]}
    assert fetch(server, tmp_path) == 3
    assert "not fetched: ISIC_7000003" in capsys.readouterr().err
    assert len(read_manifest(tmp_path / "manifest.csv")) == 9
    assert fetch(server, tmp_path) == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10


def test_only_wanted_licences_are_taken_and_the_rest_is_counted(server, tmp_path, capsys):
    assert fetch(server, tmp_path, "--licence", "CC-0", "--licence", "CC-BY") == 0
    cases = read_manifest(tmp_path / "manifest.csv")
    assert len(cases) == 7
    assert not cases["licence"].str.startswith("CC-BY-NC").any()
    assert "3 images are under other licences" in capsys.readouterr().out


def test_an_image_without_a_licence_is_counted_as_such(server, tmp_path, capsys):
    server.records["ISIC_7000004"] = {"copyright_license": None}
    assert fetch(server, tmp_path) == 0
    assert "CC-0 4, CC-BY 2, CC-BY-NC 3, none stated 1" in capsys.readouterr().out


def test_a_text_with_line_separators_loses_no_record(server, tmp_path):
    server.records["ISIC_7000004"] = {"attribution": "Clinic\u2028of\x85skin"}
    fetch(server, tmp_path)
    assert fetch(server, tmp_path) == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10


def test_an_image_that_was_deleted_is_fetched_again(server, tmp_path):
    fetch(server, tmp_path)
    (tmp_path / "images" / "ISIC_7000003.jpg").unlink()
    assert fetch(server, tmp_path) == 0
    assert len(files(tmp_path)) == 10
    assert len(read_manifest(tmp_path / "manifest.csv")) == 10


def test_a_deleted_image_that_the_archive_refuses_is_named(server, tmp_path, capsys):
    fetch(server, tmp_path)
    (tmp_path / "images" / "ISIC_7000003.jpg").unlink()
    server.mishaps = {"ISIC_7000003.jpg": [404]}
    assert fetch(server, tmp_path) == 3
    assert "not fetched: ISIC_7000003" in capsys.readouterr().err
    assert len(read_manifest(tmp_path / "manifest.csv")) == 9


def test_sex_kind_of_image_and_basis_come_too(server, tmp_path):
    fetch(server, tmp_path)
    cases = read_manifest(tmp_path / "manifest.csv", further=FURTHER)
    assert set(cases["sex"]) == {"male"}
    assert set(cases["modality"]) == {"dermoscopic"}


def test_another_search_in_the_same_folder_is_refused(server, tmp_path, capsys):
    fetch(server, tmp_path, "--query", "sex:male")
    assert fetch(server, tmp_path, "--query", "sex:female") == 2
    assert "query 'sex:male'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (400, "check the query"),
        ({"items": []}, "without a usable 'results'"),
        ({"results": [], "next": "http://elsewhere.invalid/api/v2/images/"}, "usable 'next'"),
        ({"results": [{"isic_id": "../../evil"}], "next": None}, "id such as ISIC_0012345"),
    ],
)
def test_what_is_not_the_archive_is_a_sentence(server, tmp_path, capsys, answer, said):
    server.mishaps = {"search": [answer]}
    assert fetch(server, tmp_path) == 2
    assert said in capsys.readouterr().err


def test_no_connection_is_a_sentence(tmp_path, capsys):
    assert main(["fetch-isic", "--out", str(tmp_path), "--api", "http://127.0.0.1:9"]) == 2
    assert "check the connection" in capsys.readouterr().err


def test_images_without_file_or_diagnosis_are_not_lost(server, tmp_path, capsys):
    server.records["ISIC_7000000"] = {"files": {}}
    server.records["ISIC_7000001"] = {"metadata": {"clinical": {"age_approx": None}}}
    assert fetch(server, tmp_path) == 3
    assert "may not be public" in capsys.readouterr().err
    cases = read_manifest(tmp_path / "manifest.csv").set_index("case_id")
    assert cases.loc["ISIC_7000001", "label"] == "no diagnosis"


@pytest.mark.parametrize("flags", [["--limit", 0], ["--pause", -1], ["--api", "archive"]])
def test_flags_that_make_no_sense_are_refused(server, tmp_path, capsys, flags):
    assert fetch(server, tmp_path, *flags) == 2
    assert "error: Expected" in capsys.readouterr().err


def test_a_damaged_state_is_a_sentence(server, tmp_path, capsys):
    (tmp_path / "fetch.json").write_text(json.dumps({"api": 1}))
    assert fetch(server, tmp_path) == 2
    assert "is damaged" in capsys.readouterr().err


def test_no_result_writes_no_manifest(tmp_path, capsys):
    empty = IsicServer(0)
    assert fetch(empty, tmp_path) == 0
    assert "No image answers" in capsys.readouterr().out
    assert not (tmp_path / "manifest.csv").exists()
    empty.shutdown()
    empty.server_close()
