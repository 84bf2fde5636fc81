"""The picture of the house is that of its contracts."""

import pytest

from tools import house


def test_the_picture_is_of_today():
    assert house.PAGE.read_text("utf-8") == house.page(), "say `make house`"


@pytest.mark.parametrize("line", [line for line in house.page().splitlines() if "`" in line])
def test_every_room_says_what_it_is_for(line):
    assert "`  |" not in line
    assert "`  <" not in line
