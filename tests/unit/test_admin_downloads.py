"""A download's name reaches the browser whatever script it is written in."""

import pytest

from readerstudy.ui.admin.downloads import _download


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("alpha-roc_BCC.svg", "attachment; filename*=utf-8''alpha-roc_BCC.svg"),
        ("alpha-roc_痣.svg", "attachment; filename*=utf-8''alpha-roc_%E7%97%A3.svg"),
        ('a"b\r\nSet-Cookie: x', "attachment; filename*=utf-8''a%22b%0D%0ASet-Cookie%3A%20x"),
    ],
)
def test_a_name_of_any_script_is_sent(name, sent):
    answer = _download(b"", name=name, media_type="image/svg+xml")
    assert answer.headers["content-disposition"] == sent
