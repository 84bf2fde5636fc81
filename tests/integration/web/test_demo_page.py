"""The demo page's path of an image: upload, ranking, map; and what is left of it afterwards."""

import dataclasses
import io
import json
import re
import uuid

import httpx
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from data.images import MAX_BYTES, encode
from data.taxonomy import ISIC2019, PUMCH14, Disease, Family
from model.card.card import ScopeLimit
from model.demo import view
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.view import METHOD_NAMES
from model.demo.visits import KEEP_MAPS, Visits
from model.errors import ModelError
from model.markup import percent
from model.metrics.bootstrap import PERCENTILE
from model.metrics.metric import Metric, SubgroupMetric
from model.metrics.out_of_distribution import KNOWN
from model.saliency import methods
from model.saliency.checks import checks
from model.saliency.checks.findings import Finding
from model.saliency.checks.trust import Trust
from tests.support.fakes import DOMAIN, REAL_DOMAIN, FakePredictor, RealSkinPredictor
from tests.support.live import call

KNOWN_WELL, FOREIGN = 0.5, 2.0


class Page:
    """The handlers as the page calls them: a picture first goes through the intake."""

    def __init__(self, examples=()):
        visits = Visits()
        predictors = [FakePredictor(), RealSkinPredictor()]
        self.demo = Demo(predictors, visits=visits)
        self.intake = Intake(self.demo.cards, visits, examples=examples)

    def __getattr__(self, name):
        return getattr(self.demo, name)

    def rank_picture(self, photo, checkpoint):
        handle = self.intake.take_picture(photo.read_bytes(), visitor="somebody")
        return self.demo.rank(Click(handle=handle), checkpoint)

    def predict_picture(self, photo, checkpoint):
        handle = self.intake.take_picture(photo.read_bytes(), visitor="somebody")
        return self.demo.predict(handle, checkpoint)

    def rank_example(self, checkpoint):
        handle = self.intake.take_example(0, visitor="somebody")
        return self.demo.rank(Click(handle=handle), checkpoint)


class Click:
    """What Gradio makes of a click that carries values."""

    def __init__(self, **sent):
        self.__dict__ = sent


@pytest.fixture
def demo(photo):
    return Page(examples=[photo])


@pytest.fixture
def photo(tmp_path):
    return write(tmp_path / "upload.png", red=True)


def write(path, *, red=False, size=(300, 240)):
    image = np.full((size[1], size[0], 3), (200, 40, 40) if red else (120, 110, 115), np.uint8)
    image[::7] //= 2
    path.write_bytes(encode(image))
    return path


def handlers(site):
    """Handler name -> index on the running page."""
    mounted = next(r for r in site.app.routes if getattr(r, "path", None) == "")
    return {fn.fn.__name__: i for i, fn in mounted.app.get_blocks().fns.items()}


def bring(client, content):
    """The handle of a picture, as the page's script gets it."""
    answer = client.put("/demo-api/picture", content=content)
    assert answer.status_code == 200, answer.text
    return answer.json()["handle"]


def rank(site, content, *, checkpoint="fake"):
    client = site.anonymous()
    handle = bring(client, content)
    sent = {"handle": handle}
    return call(client, "", handlers(site)["rank"], [checkpoint], event_data=sent)["output"]


def left_behind(site):
    return [p for p in (site.db.images.parent / "uploads").rglob("*") if p.is_file()]


def test_page_says_what_it_is_not_before_any_result(site):
    page = site.anonymous().get("/").text
    assert "Not a medical device" in page
    assert DOMAIN in page


def test_a_picture_is_ranked_and_no_file_is_made_of_it(site, photo):
    shown = rank(site, photo.read_bytes())["data"]
    assert re.findall(r'data-code=\\?"(\w+)', str(shown[0]))[0] == "Hem"
    assert DOMAIN in str(shown[0])
    assert len(set(re.findall(r'data-code=\\?"(\w+)', str(shown[0])))) == len(PUMCH14)
    assert left_behind(site) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        None,
        b"<html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
)
def test_an_unusable_picture_is_refused_in_a_sentence(site, photo, content):
    sent = content if content is not None else photo.read_bytes()[:200]
    refused = site.anonymous().put("/demo-api/picture", content=sent)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("Expected ")


def test_a_pixel_bomb_is_refused_before_it_is_decoded(site):
    bomb = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(bomb, "PNG")
    refused = site.anonymous().put("/demo-api/picture", content=bomb.getvalue())
    assert refused.status_code == 422
    assert "megapixels" in refused.json()["detail"]


def test_a_file_that_is_too_large_is_refused(site):
    refused = site.anonymous().put("/demo-api/picture", content=b"\0" * (MAX_BYTES + 1))
    assert refused.status_code == 422
    assert "20 MB" in refused.json()["detail"]


def test_programs_predict_with_the_handle_of_what_they_sent(site, photo):
    handle = bring(site.anonymous(), photo.read_bytes())
    client = Client(site.url, verbose=False, httpx_kwargs={"timeout": 30})
    answer = client.predict(handle, api_name="/predict")
    assert answer["ranking"][0]["code"] == "Hem"
    assert [r["probability"] for r in answer["ranking"]] == sorted(
        (r["probability"] for r in answer["ranking"]), reverse=True
    )
    assert answer["domain"] == DOMAIN
    answer = client.predict(handle, "real8", api_name="/predict")
    assert answer["checkpoint"] == "real8"
    assert answer["licence"] == "CC BY-NC 4.0"
    assert {row["code"] for row in answer["ranking"]} == set(ISIC2019.codes)
    assert left_behind(site) == []


def plain_predict(client, data):
    """The two requests of the documented way without a library; the lines of the answer."""
    asked = client.post("/gradio_api/call/predict", json={"data": data})
    if asked.status_code != 200:
        return asked.status_code, asked.text
    event = asked.json()["event_id"]
    return 200, client.get(f"/gradio_api/call/predict/{event}").text


def test_plain_http_predicts_too(site, photo):
    client = site.anonymous()
    _, lines = plain_predict(client, [bring(client, photo.read_bytes()), "fake"])
    assert lines.startswith("event: complete\ndata: ")
    [answer] = json.loads(lines.split("data: ", 1)[1])
    assert answer["ranking"][0]["code"] == "Hem"


def test_a_handle_that_nobody_was_given_is_refused(site):
    client = Client(site.url, verbose=False, httpx_kwargs={"timeout": 30})
    with pytest.raises(Exception, match="forgotten"):
        client.predict(uuid.uuid4().hex, api_name="/predict")


def given_paths(site, tmp_path):
    """Files that a visitor might name, and ways to name them."""
    mine = write(tmp_path / "mine.png", red=True)
    link = tmp_path / "link.png"
    link.symlink_to(mine)
    database = site.db.path
    for path in (mine, link, database):
        yield str(path)
        yield {"path": str(path)}
        yield {"path": str(path), "meta": None}
        yield {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        yield {"url": f"file://{path}"}
        yield [{"path": str(path)}]
        yield [[str(path)]]


def test_a_path_of_the_server_is_no_picture_and_stays_where_it_is(site, tmp_path):
    """One such request once deleted the database: the file was taken for an upload and consumed."""
    client = site.anonymous()
    before = site.db.path.stat().st_ino
    for given in given_paths(site, tmp_path):
        status, told = plain_predict(client, [given, "fake"])
        assert status == 400 or "event: error" in told, given
        assert "ranking" not in told
        ranked = call(client, "", handlers(site)["rank"], [given], event_data={"handle": given})
        assert ranked == 400 or "data-code" not in str(ranked)
    assert site.db.path.stat().st_ino == before
    assert (tmp_path / "mine.png").is_file()
    assert (tmp_path / "link.png").is_symlink()


def test_gradio_takes_no_file_on_any_page(site):
    for client, page in (
        (site.anonymous(), ""),
        (site.reader(), "/study"),
        (site.staff(), "/admin"),
    ):
        sent = client.post(f"{page}/gradio_api/upload", files={"files": ("a.png", b"x")})
        assert sent.status_code == 404


def test_examples_are_asked_for_by_number(site):
    client = site.anonymous()
    for number in ("99", "999999999999999999999"):
        refused = client.post(f"/demo-api/example/{number}")
        assert refused.status_code == 404, number
    assert client.post("/demo-api/example/..%2F..%2Fapp.py").status_code == 404
    handle = client.post("/demo-api/example/0").json()["handle"]
    sent = {"handle": handle}
    ranked = call(client, "", handlers(site)["rank"], ["fake"], event_data=sent)
    assert "data-code" in str(ranked)


def test_a_foreign_site_cannot_bring_a_picture(site, photo):
    client = site.anonymous(Origin="https://example.org")
    assert client.put("/demo-api/picture", content=photo.read_bytes()).status_code == 403


def test_a_visitor_who_floods_the_queue_delays_the_next_one_by_little(site, photo, monkeypatch):
    """A hundred events of one visitor, then one of another, whose turn is next but one."""
    monkeypatch.setattr(site.predictor, "seconds", 0.1)
    flood, other = site.anonymous(), from_address(site, "127.0.0.2")
    index, session = handlers(site)["rank"], uuid.uuid4().hex
    handle, others = bring(flood, photo.read_bytes()), bring(other, photo.read_bytes())
    body = {"data": ["fake"], "fn_index": index, "session_hash": session}
    before = site.predictor.n_predictions
    for _ in range(100):
        sent = body | {"event_data": {"handle": handle}}
        assert flood.post("/gradio_api/queue/join", json=sent).status_code == 200
    ranked = call(other, "", index, ["fake"], event_data={"handle": others})
    assert "data-code" in str(ranked)
    assert site.predictor.n_predictions - before < 50


def from_address(site, address):
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=site.url, timeout=30, transport=transport)


def test_map_is_computed_once_for_each_class_and_method(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    first = demo.explain(key, "BCC", "gradient")
    assert demo.explain(key, "BCC", "gradient") == first
    assert demo._predictors["fake"].n_maps == 1
    demo.explain(key, "MN", "gradient")
    demo.explain(key, "BCC", "grad-cam")
    assert demo._predictors["fake"].n_maps == 3


def test_maps_of_a_visit_are_few_in_memory(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    for code in PUMCH14.codes:
        demo.explain(key, code, "gradient")
    assert len(demo._visits.get(key).maps) == KEEP_MAPS < len(PUMCH14)


def test_what_no_page_offers_is_refused_in_words(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    with pytest.raises(ModelError, match="as the method"):
        demo.explain(key, "BCC", "../../etc/passwd")
    with pytest.raises(ModelError, match="Expected one of the checkpoints fake, real8"):
        demo.choose(key, "../../etc/passwd")
    for sent in ({}, {"handle": None}, {"handle": 7}):
        assert "no longer held" in demo.rank(Click(**sent), "fake")[0]


def test_legend_names_method_and_class(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    shown = demo.explain(key, "BCC", "grad-cam")
    assert "Grad-CAM" in shown
    assert "basal cell carcinoma" in shown.lower()
    assert "sr-map" in shown


def test_legend_says_what_became_of_the_sign_and_how_far_the_map_can_be_trusted(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    caption = demo.explain(key, "MN", "gradient")
    assert "Without a sign" in caption
    assert "was not measured" in caption
    assert "Only what speaks for this class" in demo.explain(key, "MN", "grad-cam")

    share = Finding("gradient", checks.SHARE, "", "", 0.41, 0.38, 0.44, 200, PERCENTILE)
    area = dataclasses.replace(share, map="", quantity=checks.AREA, estimate=0.18)
    centre = dataclasses.replace(share, map="centre", estimate=0.3)
    demo._trust["fake"] = Trust("", "synthetic images", True, (share, area, centre), {})
    caption = demo.explain(key, "MN", "gradient")
    assert "On 200 synthetic images, 41% (38 to 44%) of this map" in caption


def test_nobody_elses_picture_can_be_explained(demo, photo):
    demo.rank_picture(photo, "fake")
    assert "no longer held" in demo.explain(uuid.uuid4().hex, "BCC", "gradient")


def test_starting_again_forgets_the_picture(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    demo.start_again(key)
    assert "no longer held" in demo.explain(key, "BCC", "gradient")


def test_quality_warning_stands_above_the_ranking_and_does_not_block(demo, tmp_path):
    small = write(tmp_path / "small.png", size=(60, 60))
    shown = demo.rank_picture(small, "fake")[0]
    assert shown.index("sr-warn") < shown.index("sr-rank")


def test_every_method_of_the_model_has_a_name():
    assert set(METHOD_NAMES) == set(methods.METHODS)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.831, "83.1%"),
        (0.0004, "<0.1%"),
        (0.99999, ">99.9%"),
        (float("nan"), "–"),
        (0.0, "<0.1%"),
    ],
)
def test_percentages_never_claim_certainty(fraction, text):
    assert percent(fraction) == text


def test_an_example_says_that_it_is_synthetic(demo, photo):
    *_, key = demo.rank_example("fake")
    assert "Synthetic image" in demo.explain(key, "Hem", "gradient")
    *_, key = demo.rank_picture(photo, "fake")
    assert "Synthetic image" not in demo.explain(key, "Hem", "gradient")


def test_the_page_lists_every_checkpoint_and_tells_the_first_ones_domain(site):
    page = site.anonymous().get("/").text
    assert "fake: 14 classes, drawings" in page
    assert "real8: 8 classes, real images" in page


def test_the_chosen_checkpoint_answers_with_its_own_classes_and_domain(site, photo):
    shown = str(rank(site, photo.read_bytes(), checkpoint="real8")["data"][0])
    assert re.findall(r'data-code=\\?"(\w+)', shown)[0] == "MEL"
    assert REAL_DOMAIN in shown
    assert DOMAIN not in shown


def test_a_checkpoint_that_is_not_on_the_list_is_refused(site, photo):
    answer = rank(site, photo.read_bytes(), checkpoint="../../etc/passwd")
    assert "data-code" not in str(answer)


def test_another_checkpoint_ranks_the_picture_that_is_held(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    first = demo.explain(key, "Hem", "gradient")
    domain, card, ranking, _, target = demo.choose(key, "real8")
    assert REAL_DOMAIN in domain
    assert "CC BY-NC 4.0" in domain
    assert "real8" in card
    assert REAL_DOMAIN in ranking
    assert target["value"] == "MEL"
    assert "melanoma" in demo.explain(key, "MEL", "gradient").lower()
    demo.choose(key, "fake")
    assert demo.explain(key, "Hem", "gradient") == first
    assert demo._predictors["fake"].n_maps == 1


def test_a_class_of_the_other_checkpoint_is_not_explained(demo, photo):
    key = demo.rank_picture(photo, "real8")[-1]
    demo.explain(key, "Hem", "gradient")
    assert demo._predictors["real8"].n_maps == 0


def test_choosing_without_a_picture_only_tells_the_domain(demo):
    domain, _, *others = demo.choose("", "real8")
    assert REAL_DOMAIN in domain
    assert all("value" not in update for update in others)


def test_a_drawing_given_to_a_checkpoint_of_real_images_is_warned_of(demo, photo):
    assert "means nothing here" in demo.rank_example("real8")[0]
    assert "means nothing here" not in demo.rank_example("fake")[0]
    assert "means nothing here" not in demo.rank_picture(photo, "real8")[0]


def test_such_answers_are_counted_beside_the_ranking(demo, photo):
    shown = demo.rank_picture(photo, "fake")[0]
    assert "Of 100 such answers about <b>82</b>" in shown
    assert "on 50 held-out pictures" in shown
    assert "Of 100" not in demo.rank_picture(photo, "real8")[0]  # it has no such figures


def test_what_was_not_measured_is_said_to_be_so(demo, photo):
    shown = demo.rank_picture(photo, "real8")[0]
    assert "Not measured for this checkpoint: how often such answers are right; how often" in shown
    assert "whether a picture is of the kind that it knows." in shown
    demo._predictors["fake"].foreign = KNOWN_WELL
    assert "Not measured" not in demo.rank_picture(photo, "fake")[0]


def measured_scope(card):
    """`card` with what the command `scope` measures, and what a training does."""

    def share(quantity, estimate, low, high, n):
        return Metric("scope", quantity, "", estimate, low, high, n, "Wilson 95%")

    found = (
        SubgroupMetric("scope", KNOWN, share("called foreign, style", 0.1, 0.04, 0.23, 40)),
        SubgroupMetric("scope", "documents", share("called foreign, style", 1, 0.91, 1, 40)),
        SubgroupMetric("scope", "phone", share("called foreign, energy", 0, 0, 0.1, 37)),
        SubgroupMetric("scope", "phone", share("called foreign, style", 0.49, 0.33, 0.64, 37)),
    )
    return dataclasses.replace(
        card,
        scope=ScopeLimit("style", 16.0, 0.05, 560),
        metrics=(*card.metrics, share("false alarms", 0.094, 0.08, 0.111, 1400)),
        outside=found,
    )


def test_a_foreign_picture_is_told_how_many_known_ones_are_mistaken_so(demo, photo):
    predictor = demo._predictors["fake"]
    predictor.card, predictor.foreign = measured_scope(predictor.card), FOREIGN
    shown = demo.rank_picture(photo, "fake")[0]
    mistaken = "wrongly, of 9% (95% interval 8 to 11, Wilson) of its own kind"
    assert mistaken in shown
    # Not what was measured where another checkpoint's judgement is what counts.
    predictor.foreign, demo._predictors["real8"].foreign = KNOWN_WELL, KNOWN_WELL
    shown = demo.rank_picture(photo, "fake")[0]
    assert "Outside" in shown
    assert mistaken not in shown


def test_a_picture_that_passes_is_told_which_foreign_ones_pass_most_often(demo, photo):
    predictor = demo._predictors["fake"]
    predictor.card, predictor.foreign = measured_scope(predictor.card), KNOWN_WELL
    shown = demo.rank_picture(photo, "fake")[0]
    assert 'of 37 foreign pictures of the kind "phone" it found 49% (95% interval 33 to' in shown


def test_a_class_without_a_chinese_name_is_named_once(demo):
    mole = Disease("NV", "Mole", "Mole", malignant=False, family=Family.OTHER)
    shown = view.ranking([(mole, 0.9)], warnings=(), checkpoint="mine", domain="", seconds=0.1)
    assert shown.count("Mole") == 1


def test_the_likely_set_stands_beside_the_ranking_with_how_often_it_held(demo, photo):
    shown = demo.rank_picture(photo, "fake")[0]
    assert (
        "right answer in 90 of 100 such pictures: <b>hemangioma, basal cell carcinoma</b>" in shown
    )
    assert "did in 92% of 120 held-out drawings; 95% interval 86 to 96" in shown
    assert "Set that" not in demo.rank_picture(photo, "real8")[0]
    assert demo.predict_picture(photo, "fake")["likely"] == ["Hem", "BCC"]
    demo._predictors["fake"].foreign = FOREIGN
    assert "Set that" not in demo.rank_picture(photo, "fake")[0]


def test_a_foreign_picture_gets_the_plain_sentence_first(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    shown = demo.rank_picture(photo, "fake")[0]
    assert shown.index("Outside what this checkpoint knows") < shown.index("sr-rank")
    assert "such answers" not in shown
    assert "data-checkpoint" not in shown  # nobody measured what the other one knows


def test_a_picture_that_another_checkpoint_knows_is_offered_to_it(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    demo._predictors["real8"].foreign = KNOWN_WELL
    *_, key = shown = demo.rank_picture(photo, "fake")
    assert 'data-checkpoint="real8"' in shown[0]

    chosen, domain, _, ranking, _, target = demo.take_offer(Click(checkpoint="real8"), key)
    assert chosen == "real8"
    assert REAL_DOMAIN in domain
    assert "Outside" not in ranking
    assert target["value"] == "MEL"


def test_a_picture_that_nobody_knows_is_offered_to_nobody(demo, photo):
    for predictor in demo._predictors.values():
        predictor.foreign = FOREIGN
    assert "data-checkpoint" not in demo.rank_picture(photo, "fake")[0]


def test_a_photograph_is_foreign_to_drawings_if_a_checkpoint_of_real_skin_knows_it(demo, photo):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = KNOWN_WELL
    shown = demo.rank_picture(photo, "fake")[0]
    assert "Outside what this checkpoint knows" in shown
    assert 'data-checkpoint="real8"' in shown
    assert demo.predict_picture(photo, "fake")["outside"] is True
    assert "Outside" not in demo.rank_picture(photo, "real8")[0]
    demo._predictors["real8"].foreign = FOREIGN
    assert "Outside" not in demo.rank_picture(photo, "fake")[0]


def test_a_photograph_near_to_real_skin_is_foreign_to_drawings_and_offered_with_a_warning(
    demo, photo
):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = 1.2
    shown = demo.rank_picture(photo, "fake")[0]
    assert "nearer to the real images that <b>real8</b>" in shown
    assert 'data-checkpoint="real8"' in shown
    answer = demo.predict_picture(photo, "fake")
    assert (answer["outside"], answer["known_to"]) == (True, [])


def test_only_what_is_far_from_real_skin_is_offered_to_a_checkpoint_of_drawings(demo, photo):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = 1.2
    shown = demo.rank_picture(photo, "real8")[0]
    assert "Outside" in shown
    assert "data-checkpoint" not in shown
    demo._predictors["real8"].foreign = FOREIGN
    assert 'data-checkpoint="fake"' in demo.rank_picture(photo, "real8")[0]
    demo._predictors["fake"].foreign = 1.2
    assert "data-checkpoint" not in demo.rank_picture(photo, "real8")[0]


def test_an_offer_that_the_page_did_not_make_changes_nothing(demo, photo):
    key = demo.rank_picture(photo, "fake")[-1]
    assert all(
        "value" not in update
        for update in demo.take_offer(Click(checkpoint="../../etc/passwd"), key)
    )


def test_programs_are_told_that_a_picture_is_foreign_and_who_knows_it(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    demo._predictors["real8"].foreign = KNOWN_WELL
    answer = demo.predict_picture(photo, "fake")
    assert (answer["outside"], answer["known_to"]) == (True, ["real8"])
