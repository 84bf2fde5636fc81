"""The catalogues that translators edit: none is missing a word that the pages ask for."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from readerstudy.ui.translations import LANGUAGES, quiz_words, words

UI = Path(__file__).resolve().parents[2] / "readerstudy" / "ui"
TRANSLATED = sorted((UI / "locale").glob("*.po"))
# A key as it stands in Python, scripts and templates, or its beginning where the end is filled in.
ASKED = re.compile(r"""["'](\w+(?:\.\w+)+)["']""")
BEGUN = re.compile(r"""["'`](\w+(?:\.\w+)*\.)(?:\$?\{|["'])""")
FILES = ("html", "css", "js", "svg", "svelte")


def read(path):
    with path.open("rb") as file:
        return {m.context: m for m in read_po(file) if m.context}


def places(text):
    return sorted(re.findall(r"\{\w*\}", text))


def test_english_and_chinese_are_offered_by_their_own_names():
    assert LANGUAGES == {"en": "English", "zh": "简体中文"}


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_has_every_message_whole_and_of_this_english(path):
    english, translated = read(UI / "locale" / "en.pot"), read(path)
    assert list(translated) == list(english)
    for key, message in translated.items():
        assert message.id == english[key].id, key
        assert message.string, key
        assert not message.fuzzy, key
        assert places(message.string) == places(message.id), key


def test_every_key_that_pages_ask_for_is_there_and_no_other():
    known = set(words("en"))
    groups = {key.partition(".")[0] for key in known}
    sources = [p.read_text("utf-8") for kind in ("py", "js", "html") for p in UI.rglob(f"*.{kind}")]
    asked = {key for text in sources for key in ASKED.findall(text)}
    asked = {k for k in asked if k.partition(".")[0] in groups and not k.endswith(FILES)}
    begun = tuple({key for text in sources for key in BEGUN.findall(text)})
    assert len(asked) > 100
    assert asked - known == set()
    assert {k for k in known - asked if not k.startswith(begun)} == {"language"}


def test_an_unknown_language_is_english_and_only_the_quiz_goes_to_the_browser():
    assert words("tlh") == words("en") != words("zh")
    assert set(quiz_words("zh")) == {key for key in words("zh") if key.startswith("quiz.")}
