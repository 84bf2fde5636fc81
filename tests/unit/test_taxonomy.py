import json

import pytest

from data.taxonomy import (
    DEMO8,
    ISIC2019,
    PUMCH14,
    Disease,
    Family,
    Taxonomy,
    TaxonomyError,
    load_taxonomy,
)


def test_pumch14_is_the_list_of_the_abstract():
    assert PUMCH14.codes == tuple("LP Rosa VW AV KAHS EAD DF SD SK MN Hem Pso PWS BCC".split())
    assert [d.code for d in PUMCH14.diseases if d.malignant] == ["BCC"]


def test_isic2019_has_its_eight_classes():
    assert ISIC2019.codes == tuple("MEL NV BCC AK BKL DF VASC SCC".split())
    assert [d.code for d in ISIC2019.diseases if d.malignant] == ["MEL", "BCC", "SCC"]


def test_every_disease_has_a_chinese_name():
    for taxonomy in (PUMCH14, ISIC2019):
        for disease in taxonomy.diseases:
            assert any("\u4e00" <= char <= "\u9fff" for char in disease.name_zh), disease


def test_demo_subset_keeps_the_diseases_of_its_parent():
    assert len(DEMO8) == 8
    assert all(PUMCH14[code] == DEMO8[code] for code in DEMO8.codes)


def test_index_of_an_unknown_code_names_the_known_ones():
    with pytest.raises(TaxonomyError, match=r"LP, Rosa.*'lp'"):
        PUMCH14.index("lp")


def test_repeated_code_is_refused():
    twin = Disease("X", "x", "x", malignant=False, family=Family.OTHER)
    with pytest.raises(TaxonomyError, match="X more than once"):
        Taxonomy("twice", (twin, twin))


def test_one_class_is_refused():
    with pytest.raises(TaxonomyError, match="at least 2"):
        Taxonomy("one", PUMCH14.diseases[:1])


def test_file_round_trip(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(ISIC2019.to_dict(), ensure_ascii=False), encoding="utf-8")
    assert load_taxonomy(path) == ISIC2019


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("not json", "JSON file"),
        ('{"name": "x"}', "'diseases' is missing"),
        ('{"name": "x", "diseases": [{"name_en": "no code"}]}', "to have a code"),
        ('{"name": "x", "diseases": [{"code": "=A1"}]}', "letters, digits"),
        ('{"name": "x", "diseases": [{"code": "A", "family": "odd"}]}', "family of A"),
        ('{"name": "x", "diseases": [{"code": "A", "malignant": "no"}]}', "true or false"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, content, complaint):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(TaxonomyError, match=complaint):
        load_taxonomy(path)


def test_unknown_name_lists_the_shipped_ones():
    with pytest.raises(TaxonomyError, match="PUMCH14, ISIC2019, DEMO8"):
        load_taxonomy("HAM")
