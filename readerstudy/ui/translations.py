"""Every word that a reader sees, in the language that the reader chose.

The words lie in `locale/`: English in `en.pot`, each other language in a `.po` file of its own,
which any editor of translations opens. Keys that begin with `quiz.` are sent to the browser.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection

from readerstudy.domain.profile import NO_YEARS

LANGUAGE_COOKIE: Final = "skinreader-language"
_ENGLISH: Final = "en"


def _catalogue(path: Path) -> dict[str, str]:
    """Key to words. What is not translated yet is English."""
    with path.open("rb") as file:
        return {str(m.context): str(m.string or m.id) for m in read_po(file) if m.context}


_LOCALE = Path(__file__).with_name("locale")
_CATALOGUES = {
    path.stem: _catalogue(path) for path in (_LOCALE / "en.pot", *sorted(_LOCALE.glob("*.po")))
}
LANGUAGES: Final = {code: catalogue["language"] for code, catalogue in _CATALOGUES.items()}


def words(language: str) -> dict[str, str]:
    """The whole catalogue in one language; an unknown language is English."""
    return _CATALOGUES[language if language in LANGUAGES else _ENGLISH]


def quiz_words(language: str) -> dict[str, str]:
    return {k: v for k, v in words(language).items() if k.startswith("quiz.")}


def band_words(band: str, t: Mapping[str, str]) -> str:
    """A group of experience, as `profile.experience_bands` names it, in words."""
    if band == NO_YEARS:
        return t["profile.years.none"]
    for sign, key in (("<", "below"), (">=", "from"), (">", "above")):
        if band.startswith(sign):
            return t[f"profile.years.{key}"].format(n=band.removeprefix(sign))
    low, _, high = band.partition("-")
    if not high:
        return t["profile.years.exactly"].format(n=low)
    return t["profile.years.between"].format(low=low, high=high)


def language_of(connection: HTTPConnection) -> str:
    """What the reader chose, else what the browser prefers."""
    chosen = connection.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    preferred = connection.headers.get("accept-language", "").strip()[:2].lower()
    return preferred if preferred in LANGUAGES else _ENGLISH
