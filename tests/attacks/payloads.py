"""What no page sends: every kind of value that a client can put in a place."""

import json
from dataclasses import dataclass
from typing import Any

from tests.attacks.canary import FOREIGN, Canary

_FILE = {"_type": "gradio.FileData"}
_RAW = "raw-json-7c1e"


@dataclass(frozen=True)
class Raw:
    """JSON that Python's writer would not write."""

    text: str


DEEP = Raw("[" * 10_000 + "]" * 10_000)
DEEP_DICT = Raw('{"a":' * 10_000 + "1" + "}" * 10_000)
LONG = Raw('"' + "x" * 10_000_000 + '"')
LONG_NUMBER = Raw("9" * 5000)
SURROGATE, NUL = "\ud800x", "a\x00b"


def to_json(body: Any) -> bytes:
    """As `json.dumps`, but `Raw` stands as it is; a lone surrogate becomes its escape."""
    raws: list[str] = []

    def default(value: object) -> str:
        assert isinstance(value, Raw)
        raws.append(value.text)
        return f"{_RAW}-{len(raws) - 1}-"

    text = json.dumps(body, default=default)
    for number, raw in enumerate(raws):
        text = text.replace(f'"{_RAW}-{number}-"', raw)
    return text.encode()


def paths(canary: Canary, database: str) -> list[str]:
    """Files of the server, in the notations that a path may come in."""
    secret = str(canary.baits["secret.txt"])
    return [
        *(str(path) for path in canary.baits.values()),
        database,
        *FOREIGN,
        f"{canary.folder}/./x/../secret.txt",
        secret.replace("/", "%2f"),
        secret.replace("/", "%252f"),
        f"file://{secret}",
        f"file://localhost{secret}",
        f"FILE:{secret}",
        f"{secret}\x00.png",
        f" {secret} ",
        "../" * 20 + secret.lstrip("/"),
        "..%2f" * 20 + "etc/passwd",
        "..\\..\\..\\etc\\passwd",
        "....//....//etc/passwd",
        f"\\\\127.0.0.1@{canary.port}\\share\\x.png",
        f"//127.0.0.1:{canary.port}/share/x.png",
        "~/.ssh/id_rsa",
        "C:\\Windows\\win.ini",
        "/proc/self/fd/0",
        ".",
    ]


def addresses(canary: Canary) -> list[str]:
    """The listening port in many notations, and what a cloud answers to those inside."""
    hosts = (
        "127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
        "0", "0.0.0.0", "[::ffff:127.0.0.1]", "127.0.0.1.nip.io", "user:pass@127.0.0.1",
    )  # fmt: skip
    return [
        *(f"http://{host}:{canary.port}/x.png" for host in hosts),
        f"https://127.0.0.1:{canary.port}/x.png",
        f" HTTP://127.0.0.1:{canary.port}/x.png",
        f"ftp://127.0.0.1:{canary.port}/x.png",
        f"gopher://127.0.0.1:{canary.port}/_x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/x",
        "http://metadata.google.internal/",
        "https://example.org/x.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "javascript:alert(1)",
    ]


def odd_texts() -> list[str]:
    """Texts that break what takes them for something else."""
    return [
        "", " ", "\t\r\n", SURROGATE, NUL, "\u202egnp.exe", "é" * 300, "\U0001f98a", "x" * 5000,
        "<img src=x onerror=alert(1)>", "'\"><script>alert(1)</script>", "=HYPERLINK(1)",
        "' OR 1=1 --", "{{7*7}}", "${7*7}", "%s%n%x", "{0.__class__}", "null", "-1", "1e309",
        "NaN", "²", "٣", "9" * 40, "0x10", "\r\nSet-Cookie: a=b", "__proto__", "alpha\x00",
    ]  # fmt: skip


def texts(canary: Canary, database: str) -> list[str]:
    return [*paths(canary, database), *addresses(canary), *odd_texts()]


def files(target: str) -> list[Any]:
    """A file as Gradio's clients write it, or as a forger would."""
    whole = {
        "path": target, "url": target, "orig_name": "x.png", "size": 1, "mime_type": "image/png",
        "is_stream": False, "meta": _FILE,
    }  # fmt: skip
    bare = {"path": target}
    return [
        bare,
        whole,
        {**bare, "meta": None},
        {**bare, "meta": {}},
        {**bare, "meta": _FILE},
        {**bare, "meta": {"_type": "gradio.Other"}},
        {**bare, "is_stream": True, "meta": _FILE},
        {"url": target},
        {"path": None, "url": target, "meta": _FILE},
        {"name": target, "is_file": True},
        [whole],
        [[bare]],
        [bare] * 20,
        {"value": whole, "__type__": "update"},
        {"image": whole, "caption": "x"},
        {"text": "x", "files": [whole]},
        {"background": whole, "layers": [whole], "composite": whole},
        {"root": [whole]},
    ]


def numbers() -> list[Any]:
    return [
        0, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**30, LONG_NUMBER, 1e308, Raw("1e999"),
        Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), True, False, None,
    ]  # fmt: skip


def shapes() -> list[Any]:
    return [
        [], {}, [None], [[]], [[], {}], {"a": {"b": []}}, ["a"] * 1000, [1, "a", None, [2]],
        DEEP, DEEP_DICT, LONG, {SURROGATE: 1}, [SURROGATE], {"__type__": "update"},
    ]  # fmt: skip


def values(canary: Canary, database: str) -> list[Any]:
    """Everything, for a place that takes JSON."""
    baits = [str(canary.baits[name]) for name in ("secret.txt", "secret.png", "link.png")]
    # Not the database: the first that reads and deletes it would end the site for the others.
    targets = [*baits, "/etc/passwd", "../secret.txt", f"http://127.0.0.1:{canary.port}/x.png"]
    return [
        *texts(canary, database),
        *(value for target in targets for value in files(target)),
        *files(database)[:5],
        *numbers(),
        *shapes(),
    ]
