"""Groups of experience: where they part, and how the page names them."""

import pytest
from pydantic import ValidationError

from readerstudy.domain.profile import DEFAULT_YEARS, experience_bands, fields_asked
from readerstudy.domain.protocol import Readers
from readerstudy.ui.translations import band_words, words


@pytest.mark.parametrize(
    ("years", "bands"),
    [
        (DEFAULT_YEARS, ("none", "<3", "3-10", ">10")),
        ((5,), ("none", "<5", ">=5")),
        ((2, 5, 10), ("none", "<2", "2-5", "6-10", ">10")),
        ((1, 2, 3), ("none", "<1", "1-2", "3", ">3")),
    ],
)
def test_groups_part_at_whole_years(years: tuple[int, ...], bands: tuple[str, ...]) -> None:
    assert experience_bands(years) == bands
    asked = {field.key: field.choices for field in fields_asked(("years_dermoscopy", "sex"), years)}
    assert asked["years_dermoscopy"] == bands
    assert set(asked) == {"years_dermoscopy", "sex"}


@pytest.mark.parametrize(
    ("years", "belong"), [((3, 10), 3), ((5,), 2), ((2, 5, 10), 4), ((1, 2, 3), 4)]
)
def test_each_year_has_one_group(years: tuple[int, ...], belong: int) -> None:
    """`belong`: groups besides none; every whole year from 0 is in exactly one of them."""
    bands = experience_bands(years)[1:]
    assert len(bands) == belong
    for year in range(70):
        assert sum(holds(band, year) for band in bands) == 1, (year, bands)


def holds(band: str, year: int) -> bool:
    for sign, is_in in (
        ("<", lambda n: year < n),
        (">=", lambda n: year >= n),
        (">", lambda n: year > n),
    ):
        if band.startswith(sign):
            return bool(is_in(int(band.removeprefix(sign))))
    low, _, high = band.partition("-")
    return int(low) <= year <= int(high or low)


@pytest.mark.parametrize("years", [(), (10, 3), (3, 3), (0, 3), (3, 61), (1, 2, 3, 4, 5, 6, 7)])
def test_years_that_cannot_be_are_refused(years: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="years"):
        Readers(years=years)


def test_groups_have_words_in_both_languages() -> None:
    bands = (*experience_bands((1, 2, 3)), ">=5")
    said = [[band_words(band, words(language)) for band in bands] for language in ("en", "zh")]
    assert said == [
        ["none", "less than 1", "1 to 2", "3", "more than 3", "5 or more"],
        ["无", "少于 1 年", "1 至 2 年", "3 年", "超过 3 年", "5 年及以上"],
    ]
