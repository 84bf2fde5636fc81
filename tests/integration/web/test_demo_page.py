"""The demo page's path of an image: upload, ranking, map; and what is left of it afterwards."""

import dataclasses
import io
import re
import uuid

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from data.images import encode
from data.taxonomy import ISIC2019, PUMCH14, Disease, Family
from model import saliency
from model.card import ScopeLimit
from model.demo import view
from model.demo.handlers import Demo
from model.demo.view import METHOD_NAMES, percent
from model.demo.visits import Visits
from model.rates import Metric, SubgroupMetric
from model.resampling import PERCENTILE
from model.saliency_checks import checks
from model.saliency_checks.findings import Finding
from model.scope_command import KNOWN
from model.trust import Trust
from tests.integration.web.fakes import DOMAIN, REAL_DOMAIN, FakePredictor, RealSkinPredictor
from tests.integration.web.live import call

UPLOAD = {"_type": "gradio.FileData"}

KNOWN_WELL, FOREIGN = 0.5, 2.0


@pytest.fixture
def demo(tmp_path):
    return Demo([FakePredictor(), RealSkinPredictor()], examples=tmp_path, visits=Visits())


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


def upload(client, content, name="picture.png"):
    sent = client.post("/gradio_api/upload", files={"files": (name, content)})
    assert sent.status_code == 200, sent.text
    return {"path": sent.json()[0], "meta": UPLOAD, "orig_name": name}


def rank(site, content, name="picture.png", *, checkpoint="fake"):
    client = site.anonymous()
    index = handlers(site)["read_photo"]
    return call(client, "", index, [upload(client, content, name), checkpoint])["output"]


def left_behind(site):
    return [p for p in (site.db.path.parent / "uploads").rglob("*") if p.is_file()]


def test_page_says_what_it_is_not_before_any_result(site):
    page = site.anonymous().get("/").text
    assert "Not a medical device" in page
    assert DOMAIN in page


def test_upload_is_ranked_and_its_file_is_gone(site, photo):
    shown = rank(site, photo.read_bytes())["data"]
    assert re.findall(r'data-code=\\?"(\w+)', str(shown[0]))[0] == "Hem"
    assert DOMAIN in str(shown[0])
    assert len(set(re.findall(r'data-code=\\?"(\w+)', str(shown[0])))) == len(PUMCH14)
    assert left_behind(site) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.png", b""),
        ("cut.png", None),
        ("page.jpg", b"<html><script>alert(1)</script></html>"),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ],
)
def test_unusable_picture_becomes_a_sentence(site, photo, name, content):
    shown = rank(site, content if content is not None else photo.read_bytes()[:200], name)
    assert "This picture cannot be used" in str(shown["data"][0])
    assert "Traceback" not in str(shown)
    assert left_behind(site) == []


def test_every_picture_of_a_visit_is_opened_by_our_decoder_alone(site, photo, tmp_path):
    """Gradio makes new boxes for a visit, which once opened all pictures but the first."""
    see_through = tmp_path / "alpha.png"
    Image.new("RGBA", (64, 48), (200, 40, 40, 90)).save(see_through)
    client, session = site.anonymous(), uuid.uuid4().hex
    index = handlers(site)["read_photo"]
    contents = (photo.read_bytes(), b"no image", see_through.read_bytes(), b"no image either")
    shown = []
    for content in contents:
        call(client, "", index, [None, "fake"], session=session)  # as when the box is emptied
        file = upload(client, content)
        shown.append(call(client, "", index, [file, "fake"], session=session)["output"])
    ranked = ["data-code" in str(output.get("data")) for output in shown]
    assert ranked == [True, False, True, False]
    assert "This picture cannot be used" in str(shown[1]["data"][0])
    assert "This picture cannot be used" in str(shown[3]["data"][0])
    assert left_behind(site) == []


def test_pixel_bomb_is_refused_before_it_is_decoded(site):
    bomb = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(bomb, "PNG")
    assert "This picture cannot be used" in str(rank(site, bomb.getvalue())["data"][0])


def test_api_client_predicts_through_the_gate(site, photo):
    client = Client(site.url, verbose=False, httpx_kwargs={"timeout": 30})
    answer = client.predict(handle_file(str(photo)), api_name="/predict")
    assert answer["ranking"][0]["code"] == "Hem"
    assert [r["probability"] for r in answer["ranking"]] == sorted(
        (r["probability"] for r in answer["ranking"]), reverse=True
    )
    assert answer["domain"] == DOMAIN
    assert left_behind(site) == []


def test_api_client_gets_a_sentence_for_a_bad_image(site, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    client = Client(site.url, verbose=False, httpx_kwargs={"timeout": 30})
    with pytest.raises(Exception, match="Expected"):
        client.predict(handle_file(str(bad)), api_name="/predict")


def test_map_is_computed_once_for_each_class_and_method(demo, photo):
    key = demo.read_photo(str(photo), "fake")[-1]
    first = demo.explain(key, "BCC", "gradient")
    assert demo.explain(key, "BCC", "gradient") == first
    assert demo._predictors["fake"].n_maps == 1
    demo.explain(key, "MN", "gradient")
    demo.explain(key, "BCC", "grad-cam")
    assert demo._predictors["fake"].n_maps == 3


def test_legend_names_method_and_class(demo, photo):
    key = demo.read_photo(str(photo), "fake")[-1]
    shown = demo.explain(key, "BCC", "grad-cam")
    assert "Grad-CAM" in shown
    assert "basal cell carcinoma" in shown.lower()
    assert "sr-map" in shown


def test_legend_says_what_became_of_the_sign_and_how_far_the_map_can_be_trusted(demo, photo):
    key = demo.read_photo(str(photo), "fake")[-1]
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
    demo.read_photo(str(photo), "fake")
    assert "no longer held" in demo.explain(uuid.uuid4().hex, "BCC", "gradient")


def test_starting_again_forgets_the_picture(demo, photo):
    key = demo.read_photo(str(photo), "fake")[-1]
    demo.start_again(key)
    assert "no longer held" in demo.explain(key, "BCC", "gradient")


def test_quality_warning_stands_above_the_ranking_and_does_not_block(demo, tmp_path):
    small = write(tmp_path / "small.png", size=(60, 60))
    shown = demo.read_photo(str(small), "fake")[0]
    assert shown.index("sr-warn") < shown.index("sr-rank")


def test_every_method_of_the_model_has_a_name():
    assert set(METHOD_NAMES) == set(saliency.METHODS)


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


def test_two_visitors_with_the_same_picture_are_both_answered(site, photo):
    content = photo.read_bytes()
    first, second = site.anonymous(), site.anonymous()
    index = handlers(site)["read_photo"]
    uploads = [upload(client, content) for client in (first, second)]
    assert uploads[0]["path"] == uploads[1]["path"]
    for client, sent in zip((first, second), uploads, strict=True):
        shown = call(client, "", index, [sent, "fake"])["output"]["data"]
        assert "data-code" in str(shown[0])
    assert left_behind(site) == []


def test_an_example_says_that_it_is_synthetic(demo, photo):
    class Click:
        index = 0

    demo.examples = [photo]
    *_, key = demo.read_example(Click(), "fake")
    assert "Synthetic image" in demo.explain(key, "Hem", "gradient")
    *_, key = demo.read_photo(str(photo), "fake")
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


def test_api_client_may_name_the_checkpoint(site, photo):
    client = Client(site.url, verbose=False, httpx_kwargs={"timeout": 30})
    answer = client.predict(handle_file(str(photo)), "real8", api_name="/predict")
    assert answer["checkpoint"] == "real8"
    assert answer["licence"] == "CC BY-NC 4.0"
    assert {row["code"] for row in answer["ranking"]} == set(ISIC2019.codes)


def test_another_checkpoint_ranks_the_picture_that_is_held(demo, photo):
    key = demo.read_photo(str(photo), "fake")[-1]
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
    key = demo.read_photo(str(photo), "real8")[-1]
    demo.explain(key, "Hem", "gradient")
    assert demo._predictors["real8"].n_maps == 0


def test_choosing_without_a_picture_only_tells_the_domain(demo):
    domain, _, *others = demo.choose("", "real8")
    assert REAL_DOMAIN in domain
    assert all("value" not in update for update in others)


def test_a_drawing_given_to_a_checkpoint_of_real_images_is_warned_of(demo, photo):
    class Click:
        index = 0

    demo.examples = [photo]
    assert "means nothing here" in demo.read_example(Click(), "real8")[0]
    assert "means nothing here" not in demo.read_example(Click(), "fake")[0]
    assert "means nothing here" not in demo.read_photo(str(photo), "real8")[0]


def test_such_answers_are_counted_beside_the_ranking(demo, photo):
    shown = demo.read_photo(str(photo), "fake")[0]
    assert "Of 100 such answers about <b>82</b>" in shown
    assert "on 50 held-out pictures" in shown
    assert "Of 100" not in demo.read_photo(str(photo), "real8")[0]  # it has no such figures


def test_what_was_not_measured_is_said_to_be_so(demo, photo):
    shown = demo.read_photo(str(photo), "real8")[0]
    assert "Not measured for this checkpoint: how often such answers are right; how often" in shown
    assert "whether a picture is of the kind that it knows." in shown
    demo._predictors["fake"].foreign = KNOWN_WELL
    assert "Not measured" not in demo.read_photo(str(photo), "fake")[0]


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
    shown = demo.read_photo(str(photo), "fake")[0]
    mistaken = "wrongly, of 9% (95% interval 8 to 11, Wilson) of its own kind"
    assert mistaken in shown
    # Not what was measured where another checkpoint's judgement is what counts.
    predictor.foreign, demo._predictors["real8"].foreign = KNOWN_WELL, KNOWN_WELL
    shown = demo.read_photo(str(photo), "fake")[0]
    assert "Outside" in shown
    assert mistaken not in shown


def test_a_picture_that_passes_is_told_which_foreign_ones_pass_most_often(demo, photo):
    predictor = demo._predictors["fake"]
    predictor.card, predictor.foreign = measured_scope(predictor.card), KNOWN_WELL
    shown = demo.read_photo(str(photo), "fake")[0]
    assert 'of 37 foreign pictures of the kind "phone" it found 49% (95% interval 33 to' in shown


def test_a_class_without_a_chinese_name_is_named_once(demo):
    mole = Disease("NV", "Mole", "Mole", malignant=False, family=Family.OTHER)
    shown = view.ranking([(mole, 0.9)], warnings=(), checkpoint="mine", domain="", seconds=0.1)
    assert shown.count("Mole") == 1


def test_the_likely_set_stands_beside_the_ranking_with_how_often_it_held(demo, photo):
    shown = demo.read_photo(str(photo), "fake")[0]
    assert (
        "right answer in 90 of 100 such pictures: <b>hemangioma, basal cell carcinoma</b>" in shown
    )
    assert "did in 92% of 120 held-out drawings; 95% interval 86 to 96" in shown
    assert "Set that" not in demo.read_photo(str(photo), "real8")[0]
    assert demo.predict(str(photo), "fake")["likely"] == ["Hem", "BCC"]
    demo._predictors["fake"].foreign = FOREIGN
    assert "Set that" not in demo.read_photo(str(photo), "fake")[0]


def test_a_foreign_picture_gets_the_plain_sentence_first(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    shown = demo.read_photo(str(photo), "fake")[0]
    assert shown.index("Outside what this checkpoint knows") < shown.index("sr-rank")
    assert "such answers" not in shown
    assert "data-checkpoint" not in shown  # nobody measured what the other one knows


def test_a_picture_that_another_checkpoint_knows_is_offered_to_it(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    demo._predictors["real8"].foreign = KNOWN_WELL
    *_, key = shown = demo.read_photo(str(photo), "fake")
    assert 'data-checkpoint="real8"' in shown[0]

    class Click:
        checkpoint = "real8"

    chosen, domain, _, ranking, _, target = demo.take_offer(Click(), key)
    assert chosen == "real8"
    assert REAL_DOMAIN in domain
    assert "Outside" not in ranking
    assert target["value"] == "MEL"


def test_a_picture_that_nobody_knows_is_offered_to_nobody(demo, photo):
    for predictor in demo._predictors.values():
        predictor.foreign = FOREIGN
    assert "data-checkpoint" not in demo.read_photo(str(photo), "fake")[0]


def test_a_photograph_is_foreign_to_drawings_if_a_checkpoint_of_real_skin_knows_it(demo, photo):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = KNOWN_WELL
    shown = demo.read_photo(str(photo), "fake")[0]
    assert "Outside what this checkpoint knows" in shown
    assert 'data-checkpoint="real8"' in shown
    assert demo.predict(str(photo), "fake")["outside"] is True
    assert "Outside" not in demo.read_photo(str(photo), "real8")[0]
    demo._predictors["real8"].foreign = FOREIGN
    assert "Outside" not in demo.read_photo(str(photo), "fake")[0]


def test_a_photograph_near_to_real_skin_is_foreign_to_drawings_and_offered_with_a_warning(
    demo, photo
):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = 1.2
    shown = demo.read_photo(str(photo), "fake")[0]
    assert "nearer to the real images that <b>real8</b>" in shown
    assert 'data-checkpoint="real8"' in shown
    answer = demo.predict(str(photo), "fake")
    assert (answer["outside"], answer["known_to"]) == (True, [])


def test_only_what_is_far_from_real_skin_is_offered_to_a_checkpoint_of_drawings(demo, photo):
    demo._predictors["fake"].foreign = KNOWN_WELL
    demo._predictors["real8"].foreign = 1.2
    shown = demo.read_photo(str(photo), "real8")[0]
    assert "Outside" in shown
    assert "data-checkpoint" not in shown
    demo._predictors["real8"].foreign = FOREIGN
    assert 'data-checkpoint="fake"' in demo.read_photo(str(photo), "real8")[0]
    demo._predictors["fake"].foreign = 1.2
    assert "data-checkpoint" not in demo.read_photo(str(photo), "real8")[0]


def test_an_offer_that_the_page_did_not_make_changes_nothing(demo, photo):
    class Click:
        checkpoint = "../../etc/passwd"

    key = demo.read_photo(str(photo), "fake")[-1]
    assert all("value" not in update for update in demo.take_offer(Click(), key))


def test_programs_are_told_that_a_picture_is_foreign_and_who_knows_it(demo, photo):
    demo._predictors["fake"].foreign = FOREIGN
    demo._predictors["real8"].foreign = KNOWN_WELL
    answer = demo.predict(str(photo), "fake")
    assert (answer["outside"], answer["known_to"]) == (True, ["real8"])
