"""A polite client of the ISIC archive's API, version 2: search pages, single images, downloads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import httpx

from data.errors import UserError

API = "https://api.isic-archive.com/api/v2"
PAGE = 100
_ATTEMPTS = 6
_LONGEST_WAIT_S = 120.0
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_EXPIRED = frozenset({401, 403})
_NO_CONNECTION = (httpx.NetworkError, httpx.TimeoutException)
_AGENT = "SkinReader/0.1 (research; python -m data fetch-isic)"

Record = dict[str, Any]
T = TypeVar("T")


class ArchiveError(UserError):
    """The archive cannot be reached, refuses, or answers in a form that is not known."""


class LinkExpiredError(ArchiveError):
    """The signed address of an image no longer counts; the page must be asked for again."""


class UnreachableError(ArchiveError):
    """No connection, or the archive asks to wait for longer than is sensible: stop, go on later."""


class Page(NamedTuple):
    """One page of a search: its images, the address of the next page, the total if told."""

    records: list[Record]
    next_url: str
    total: int | None


class Archive:
    """Requests one after another, at least `pause_s` apart; what may pass is tried again.

    Connections that break and the statuses 408, 425, 429 and 5xx are tried up to 6 times, after 1,
    2, 4 … s or as long as Retry-After says; more than 2 minutes end the fetch. `sleep` is replaced
    in tests.
    """

    def __init__(
        self,
        api: str = API,
        *,
        pause_s: float = 0.25,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api = api.rstrip("/")
        self.pause_s = pause_s
        self.sleep = sleep
        self.client = httpx.Client(
            timeout=60, follow_redirects=True, headers={"User-Agent": _AGENT}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()

    def first_url(self, *, query: str, collections: str) -> str:
        """The address of a search's first page."""
        asked = {"query": query, "collections": collections, "limit": str(PAGE)}
        given = httpx.QueryParams({name: value for name, value in asked.items() if value})
        return f"{self.api}/images/search/?{given}"

    def page(self, url: str) -> Page:
        """One page. Raises ArchiveError for a refused query and for an answer of another form."""
        content = self._json(url)
        records, following = content.get("results"), content.get("next")
        if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
            raise _unknown_form(url, "results")
        if following is not None and not _same_origin(str(following), self.api):
            raise _unknown_form(url, "next")
        count = content.get("count")
        return Page(records, str(following or ""), count if isinstance(count, int) else None)

    def image(self, isic_id: str) -> Record:
        """One image's record, with a fresh address of its file."""
        return self._json(f"{self.api}/images/{isic_id}/")

    def download(self, url: str, size: int | None, target: Path) -> None:
        """Fetch a file whole or not at all; one of another size than told is fetched again.

        Raises LinkExpiredError where the address no longer counts.
        """
        part = target.with_name(target.name + ".part")

        def fetch() -> None:
            with self._stream(url) as answer, part.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            got = part.stat().st_size
            if got == 0 or (size is not None and got != size):
                raise httpx.RemoteProtocolError(f"{got} bytes came instead of {size}")

        try:
            self._patiently(fetch, url)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _json(self, url: str) -> Record:
        def get() -> Record:
            with self._stream(url) as answer:
                answer.read()
                content = answer.json()
            if not isinstance(content, dict):
                raise _unknown_form(url, "an object")
            return content

        try:
            return self._patiently(get, url)
        except ValueError as error:
            raise _unknown_form(url, "JSON") from error

    @contextmanager
    def _stream(self, url: str) -> Iterator[httpx.Response]:
        self.sleep(self.pause_s)
        with self.client.stream("GET", url) as answer:
            if answer.is_error:
                answer.read()
            answer.raise_for_status()
            yield answer

    def _patiently(self, ask: Callable[[], T], url: str) -> T:
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                return ask()
            except httpx.HTTPStatusError as error:
                wait = _wait(error.response, attempt)
                given_up = last or wait > _LONGEST_WAIT_S
                if error.response.status_code not in _RETRIED or given_up:
                    raise _refused(error.response) from error
            except (httpx.TransportError, httpx.DecodingError) as error:
                if last:
                    kind = UnreachableError if isinstance(error, _NO_CONNECTION) else ArchiveError
                    raise kind(
                        f"Expected an answer of {httpx.URL(url).host}, but after {_ATTEMPTS} "
                        f"attempts: {error}; check the connection and give the same command again."
                    ) from error
                wait = 2.0**attempt
            self.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _wait(answer: httpx.Response, attempt: int) -> float:
    """What Retry-After asks for, in seconds or as a date, else 1, 2, 4 … s."""
    told = answer.headers.get("Retry-After", "")
    if told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told).timestamp()
    except ValueError:
        return 2.0**attempt
    return max(until - time.time(), 2.0**attempt)


def _refused(answer: httpx.Response) -> ArchiveError:
    status = answer.status_code
    kind = UnreachableError if status in _RETRIED else ArchiveError
    kind = LinkExpiredError if status in _EXPIRED else kind
    advice = "check the query" if status in (400, 422) else "give the same command again later"
    if told := answer.headers.get("Retry-After"):
        advice += f" (it asks to wait: {told[:40]}{' s' if told.isdigit() else ''})"
    return kind(
        f"Expected {answer.url.host}{answer.url.path} to answer, but it refused with status "
        f"{status} ({answer.text[:200].strip() or answer.reason_phrase}); {advice}."
    )


def _unknown_form(url: str, what: str) -> ArchiveError:
    return ArchiveError(
        f"Expected the ISIC archive's API, but {httpx.URL(url).host} answered without a usable "
        f"{what!r}; check --api, or whether the API has changed."
    )


def _same_origin(url: str, api: str) -> bool:
    one, other = httpx.URL(url), httpx.URL(api)
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
