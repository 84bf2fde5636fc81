"""Pictures beside a model's advice: imported whole, sealed, shown after the first answer alone."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from data.images import decode, encode
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Actor, CaseView, SupportKind
from readerstudy.domain.errors import AnswerError, ImportRefused, NotFoundError, StateError
from readerstudy.domain.protocol import Aid, Protocol
from readerstudy.services.intake import supports
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from readerstudy.services.study import drafts, preview, summaries
from tests.support.making import (
    answer_next,
    close,
    dump,
    make_reader,
    write_cases,
    write_predictions,
)

HEAD = "case_id,kind,path,caption\n"
BOTH = Protocol(aid=Aid(design="second-read", model="net", support=("saliency", "similar")))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Three cases with predictions, a map for each, and two similar cases for all of them."""
    manifest = write_cases(tmp_path, n_cases=3)
    write_predictions(tmp_path / "net.csv", manifest=manifest)
    rng = np.random.default_rng(7)
    for name in ("map0", "map1", "map2", "like0", "like1"):
        pixels = rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)
        exif = Image.Exif()
        exif[270] = "a patient's name"
        Image.fromarray(pixels).save(tmp_path / f"{name}.jpg", exif=exif)
    rows = []
    for number in range(3):
        case = f"case-{number:02d}"
        rows.append(f"{case},similar,like0.jpg,psoriasis")
        rows.append(f"{case},saliency,map{number}.jpg,")
        rows.append(f"{case},similar,like1.jpg,eczema")
    (tmp_path / "supports.csv").write_text(HEAD + "\n".join(rows))
    return tmp_path


def make(db: Database, files: Path, protocol: Protocol = BOTH, *, slug: str = "aided") -> str:
    drafts.create_study(
        db, actor=SYSTEM, slug=slug, title="Aided", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug=slug, manifest=files / "manifest.csv")
    drafts.import_predictions(db, actor=SYSTEM, slug=slug, name="net", csv=files / "net.csv")
    return slug


def bring(db: Database, files: Path, slug: str = "aided", *, model: str = "net") -> int:
    csv = files / "supports.csv"
    return supports.import_supports(db, actor=SYSTEM, slug=slug, model=model, csv=csv)


def opened(db: Database, files: Path) -> Actor:
    """A reader of the open study."""
    make(db, files)
    assert bring(db, files) == 9
    drafts.open_study(db, actor=SYSTEM, slug="aided")
    return make_reader(db, "aided")


def current(db: Database, actor: Actor) -> CaseView:
    case = answering.current_case(db, actor=actor)
    assert case is not None
    return case


def picture(db: Database, actor: Actor, token: str, number: int) -> bytes:
    return answering.support_image(db, actor=actor, case_token=token, number=number)


def test_pictures_come_with_the_advice_in_the_order_of_the_table(db: Database, files: Path) -> None:
    reader = opened(db, files)
    assert current(db, reader).advice is None
    answer_next(db, reader)
    case = current(db, reader)
    assert case.advice is not None
    assert [(p.kind, p.caption) for p in case.advice.pictures] == [
        (SupportKind.SALIENCY, ""),
        (SupportKind.SIMILAR, "psoriasis"),
        (SupportKind.SIMILAR, "eczema"),
    ]
    names = ["like0", "like1"]
    for number, name in enumerate(names, start=2):
        shown = picture(db, reader, case.case_token, number)
        assert np.array_equal(decode(shown), decode(files / f"{name}.jpg"))
        assert b"patient" not in shown


def test_nothing_is_served_before_the_first_answer_to_others_or_after_the_end(
    db: Database, files: Path
) -> None:
    reader = opened(db, files)
    first = current(db, reader)
    with pytest.raises(NotFoundError, match="beside the advice"):
        picture(db, reader, first.case_token, 1)
    assert first.preload is not None  # the second reading of the same case, not yet shown
    with pytest.raises(AnswerError, match="a later one"):
        picture(db, reader, first.preload, 1)
    answer_next(db, reader)
    token = current(db, reader).case_token
    assert token == first.preload
    assert picture(db, reader, token, 1)
    for number in (0, -1, 4):
        with pytest.raises(NotFoundError, match="no number"):
            picture(db, reader, token, number)
    with pytest.raises(NotFoundError, match="a case of yours"):
        picture(db, make_reader(db, "aided"), token, 1)
    close(db, "aided")
    with pytest.raises(StateError, match="closed"):
        picture(db, reader, token, 1)


def test_the_protocol_says_which_kinds_are_shown(db: Database, files: Path) -> None:
    maps = Protocol(aid=Aid(design="crossed", model="net", block=1, support=("saliency",)))
    make(db, files, maps)
    bring(db, files)
    drafts.open_study(db, actor=SYSTEM, slug="aided")
    reader = make_reader(db, "aided")
    seen = []
    while (case := answering.current_case(db, actor=reader)) is not None:
        seen.append(case)
        answer_next(db, reader)
    shown = [case.advice.pictures for case in seen if case.advice]
    assert shown
    assert all([p.kind for p in pictures] == [SupportKind.SALIENCY] for pictures in shown)


def test_the_seal_covers_the_pictures(db: Database, files: Path) -> None:
    reader = opened(db, files)
    answer_next(db, reader)
    with zipfile.ZipFile(io.BytesIO(results.export_bundle(db, actor=SYSTEM, slug="aided"))) as z:
        sealed = z.read("seal.json")
        listed = z.read("supports.csv").decode().splitlines()
    [model] = json.loads(sealed)["models"]
    assert len(model["supports"]) == 9
    assert hashlib.sha256(sealed).hexdigest() == next(
        s.seal_hash for s in summaries.list_studies(db, actor=SYSTEM) if s.slug == "aided"
    )
    assert listed[0] == "model,case_id,kind,position,caption,image_sha256"
    assert len(listed) == 10
    assert listed[2].startswith("net,case-00,similar,1,psoriasis,")


def test_a_study_without_them_is_sealed_as_before(db: Database, files: Path) -> None:
    make(db, files, Protocol(aid=Aid(design="second-read", model="net")))
    drafts.open_study(db, actor=SYSTEM, slug="aided")
    with zipfile.ZipFile(io.BytesIO(results.export_bundle(db, actor=SYSTEM, slug="aided"))) as z:
        assert "supports" not in json.loads(z.read("seal.json"))["models"][0]
        assert "supports.csv" not in z.namelist()


def test_all_bad_rows_are_named_at_once_and_nothing_is_kept(db: Database, files: Path) -> None:
    make(db, files)
    (files / "bad.jpg").write_bytes(b"<html>")
    (files / "truth.png").write_bytes((files / "0.png").read_bytes())
    rows = [
        "case-00,saliency,map0.jpg,",
        "case-00,saliency,map1.jpg,",
        "case-77,saliency,map1.jpg,",
        "case-01,heatmap,map1.jpg,",
        "case-01,saliency,absent.jpg,",
        "case-02,saliency,bad.jpg," + "x" * 201,
        "case-02,similar,truth.png,psoriasis",
    ]
    (files / "supports.csv").write_text(HEAD + "\n".join(rows))
    before = dump(db)
    with pytest.raises(ImportRefused, match="8 faults") as caught:
        bring(db, files)
    told = str(caught.value)
    for words in (
        "line 2: at most 1 saliency for a case, here 2",
        "line 3: at most 1 saliency",
        "line 4: the study has no case 'case-77'",
        "line 5: kind is saliency or similar, but here 'heatmap'",
        "line 6: absent.jpg: Expected an image file",
        "line 7: caption has 201 characters",
        "line 7: bad.jpg: Expected a JPEG",
        "line 8: truth.png is the image of case-00, a case of this study",
    ):
        assert words in told
    assert dump(db) == before


def test_they_are_imported_once_into_a_draft_for_a_model_of_the_study(
    db: Database, files: Path
) -> None:
    make(db, files)
    with pytest.raises(ImportRefused, match=r"one of the study's models \(net\), but got 'b4'"):
        bring(db, files, model="b4")
    bring(db, files)
    with pytest.raises(StateError, match="without pictures"):
        bring(db, files)
    drafts.open_study(db, actor=SYSTEM, slug="aided")
    with pytest.raises(StateError, match="this one is open"):
        bring(db, files)


def test_a_study_opens_only_if_all_its_test_cases_have_what_it_shows(
    db: Database, files: Path
) -> None:
    make(db, files)
    text = (files / "supports.csv").read_text()
    (files / "supports.csv").write_text(text.replace("case-02,saliency,map2.jpg,\n", ""))
    bring(db, files)
    with pytest.raises(StateError, match=r"kind saliency for every test case.*: case-02; import"):
        drafts.open_study(db, actor=SYSTEM, slug="aided")


def test_a_table_without_its_columns_is_a_sentence(db: Database, files: Path) -> None:
    make(db, files)
    (files / "supports.csv").write_text("case_id,path\ncase-00,map0.jpg\n")
    with pytest.raises(ImportRefused, match="kind, caption is missing"):
        bring(db, files)


@pytest.mark.parametrize(
    ("aid", "said"),
    [
        ({"support": ["saliency"]}, "needs a design"),
        (
            {"support": ["saliency"], "design": "crossed", "model": "net", "wrong_share": 0.1},
            "exclude each other",
        ),
        ({"support": ["similar"] * 2, "design": "crossed", "model": "net"}, "once"),
        ({"support": ["sound"], "design": "crossed", "model": "net"}, "saliency"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(aid: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Aid.model_validate(aid)


def test_a_preview_shows_all_views_and_the_pictures(db: Database, files: Path) -> None:
    table = (files / "manifest.csv").read_text().splitlines()
    (files / "side.png").write_bytes(encode(np.full((12, 12, 3), 99, dtype=np.uint8)))
    table[0] += ",views,view_captions"
    table[1] += ",side.png,from the side"
    (files / "manifest.csv").write_text("\n".join([*table[:2], *(f"{row},," for row in table[2:])]))
    make(db, files)
    bring(db, files)
    seen = [preview.preview_case(db, actor=SYSTEM, slug="aided", position=n) for n in range(1, 7)]
    [first, second] = [case for case in seen if len(case.views) == 2]
    assert first.views == ("", "from the side")
    side = preview.preview_image(db, actor=SYSTEM, slug="aided", position=first.position, view=2)
    assert np.array_equal(decode(side), decode(files / "side.png"))
    assert first.advice is None
    assert second.advice is not None
    assert [p.caption for p in second.advice.pictures] == ["", "psoriasis", "eczema"]
    asked = {"actor": SYSTEM, "slug": "aided"}
    shown = preview.preview_support(db, **asked, position=second.position, number=3)
    assert np.array_equal(decode(shown), decode(files / "like1.jpg"))
    for position, number in ((first.position, 1), (second.position, 4)):
        with pytest.raises(NotFoundError, match="beside the advice"):
            preview.preview_support(db, **asked, position=position, number=number)
    with pytest.raises(NotFoundError, match="no view 3"):
        preview.preview_image(db, **asked, position=first.position, view=3)
