"""Zip files that no honest program writes, made from the files of a good one."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial

Files = Mapping[str, bytes]
_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_UTF8 = 0x800


def packed(files: Files, *further: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in (*files.items(), *further):
            archive.writestr(name, content)
    return made.getvalue()


def entry(name: bytes, content: bytes, **said: int) -> tuple[bytes, bytes]:
    """The local part and the central header of one entry, with whatever it says of itself."""
    its = {
        "flags": 0,
        "method": 0,
        "time": 0,
        "date": 0x21,
        "crc": zlib.crc32(content),
        "packed": len(content),
        "size": len(content),
        "offset": 0,
        "attributes": 0,
        "version": 20,
        **said,
    }
    common = (its["flags"], its["method"], its["time"], its["date"], its["crc"], its["packed"])
    common = (*common, its["size"], len(name), 0)
    local = _LOCAL + struct.pack("<5H3I2H", 20, *common) + name + content
    central = _CENTRAL + struct.pack("<6H3I5H2I", 20, its["version"], *common, 0, 0, 0,
                                     its["attributes"], its["offset"]) + name  # fmt: skip
    return local, central


def raw(entries: list[tuple[bytes, bytes, dict[str, int]]], **end: int) -> bytes:
    """A zip of entries (name, content, what is said of it); `end`: what its last record says."""
    body, directory = b"", b""
    for name, content, said in entries:
        local, central = entry(name, content, **{"offset": len(body), **said})
        body += local
        directory += central
    n = end.get("n", len(entries)) & 0xFFFF
    size, offset = end.get("size", len(directory)), end.get("offset", len(body))
    last = struct.pack("<4H2IH", 0, 0, n, n, size, offset, end.get("comment", 0))
    return body + directory + _END + last


def _with(files: Files, name: bytes, content: bytes = b"x", **said: int) -> bytes:
    own = [(n.encode(), c, {}) for n, c in files.items()]
    return raw([*own, (name, content, said)])


_NAMES = {
    "no name": b"",
    "a point": b".",
    "two points": b"..",
    "slashes": b"////",
    "climbs": b"../../evil.png",
    "climbs later": b"a/../../../evil.png",
    "from the root": b"/etc/evil.png",
    "two slashes": b"//host/share/evil.png",
    "back slashes": b"..\\..\\evil.png",
    "a drive": b"C:\\evil.png",
    "a drive of slashes": b"C:/evil.png",
    "a stream": b"a.png:evil",
    "NUL inside": b"a.png\0.txt",
    "NUL alone": b"\0",
    "not UTF-8, said to be": b"\xff\xfe.png",
    "half a sign in UTF-8": b"\xed\xa0\x80.png",
    "override": "abc\u202egnp.exe".encode(),
    "line end": b"a\nb.png",
    "escape": b"\x1b[2J.png",
    "300 letters": b"a" * 300 + b".png",
    "65,000 letters": b"a" * 65_000,
    "1,000 folders": b"a/" * 1_000 + b"b.png",
    "20,000 folders": b"a/" * 20_000 + b"b.png",
    "a device of Windows": b"CON",
    "another": b"aux.png",
    "ends with a point": b"a.png.",
    "ends with a space": b"a.png ",
    "markup": b"<img src=x onerror=alert(1)>.png",
    "a formula": b"=cmd|' /C calc'!A0.png",
    "tilde": b"~/.ssh/authorized_keys",
    "hidden": b".htaccess",
    "an absolute address": b"file:///etc/passwd",
    "percent": b"%2e%2e/evil.png",
}


def names(files: Files) -> Iterator[tuple[str, bytes]]:
    """An entry more, whose name is odd; said to be UTF-8, and not."""
    for what, name in _NAMES.items():
        yield f"name: {what}", _with(files, name)
        yield f"name in UTF-8: {what}", _with(files, name, flags=_UTF8)
    for what in ("manifest.csv", "0.png"):
        yield f"{what} as a folder", packed(files, (f"{what}/", b""))
        yield f"{what} as a folder with a file", packed(files, (f"{what}/x.png", b"x"))
        yield f"{what} in other letters", packed(files, (what.upper(), b"x"))
        yield f"{what} below a point", packed(files, (f"./{what}", b"x"))
        yield f"{what} twice", _with(files, what.encode(), b"other")
    yield "a file below a file", packed({}, ("a", b"x"), ("a/b", b"x"), *files.items())


def lies(files: Files) -> Iterator[tuple[str, bytes]]:
    """Headers that say something else than what is there."""
    said: dict[str, dict[str, int]] = {
        "wrong CRC": {"crc": 1},
        "encrypted": {"flags": 1},
        "strongly encrypted": {"flags": 0x41},
        "patched": {"flags": 0x20},
        "all flags": {"flags": 0xFFFF},
        "size 0": {"size": 0},
        "size 4 GB": {"size": 0xFFFFFFFE},
        "packed 4 GB": {"packed": 0xFFFFFFFE},
        "both 4 GB": {"packed": 0xFFFFFFFE, "size": 0xFFFFFFFE},
        "zip64 without it": {"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF},
        "zip64 of offset": {"offset": 0xFFFFFFFF},
        "offset beyond": {"offset": 0x7FFFFFFF},
        "offset into another": {"offset": 5},
        "the same place": {"offset": 0},
        "month 15": {"date": 0xFFFF},
        "day 0": {"date": 0},
        "hour 31": {"time": 0xFFFF},
        "version 255": {"version": 255},
        "a link": {"attributes": 0o120777 << 16},
        "a device": {"attributes": 0o060777 << 16},
        "a pipe": {"attributes": 0o010777 << 16},
        "a folder with content": {"attributes": 0o040777 << 16},
        **{f"method {m}": {"method": m} for m in (1, 6, 9, 12, 14, 93, 95, 97, 98, 99, 65535)},
        "deflated nonsense": {"method": 8},
        "LZMA of 4 GB": {"method": 14, "size": 100},
    }
    content = b"/etc/passwd" + b"\xff" * 200
    for what, its in said.items():
        yield what, _with(files, b"odd.png", content, **its)
        yield (
            f"manifest, {what}",
            raw([(n.encode(), c, its if n == "manifest.csv" else {}) for n, c in files.items()]),
        )
    lzma = struct.pack("<2BHBI", 9, 4, 5, 0x5D, 0xFFFFFFFF) + b"\0" * 100
    yield "LZMA with a dictionary of 4 GB", _with(files, b"odd.png", lzma, method=14, size=10_000)
    for method in (0, 12, 14):
        yield f"packed by {method}", packed(files, method=method)


def ends(files: Files) -> Iterator[tuple[str, bytes]]:
    """What is cut off, put before, or said in the last record."""
    good = packed(files)
    own = [(n.encode(), c, {}) for n, c in files.items()]
    yield "empty", b""
    yield "nothing but the end", _END + b"\0" * 18
    yield "text", b"no zip at all"
    for mark in (_LOCAL, _CENTRAL, _END):
        place = good.find(mark)
        for after in (0, 2, 4, 10, 20, 29):
            yield f"cut {after} after {mark!r}", good[: place + after]
    for share in range(1, 10):
        yield f"cut at {share}0%", good[: len(good) * share // 10]
    yield "the last byte cut", good[:-1]
    yield "rubbish before", b"x" * 1000 + good
    yield "rubbish behind", good + b"x" * 1000
    yield "a shell before", b"#!/bin/sh\nrm -rf /\n" + good
    yield "twice", good + good
    for what, end in {
        "no entries": {"n": 0},
        "65,535 entries": {"n": 65_535},
        "a directory of 4 GB": {"size": 0xFFFFFFFE},
        "no directory": {"size": 0},
        "half a directory": {"size": 60},
        "a directory beyond": {"offset": 0x7FFFFFFF},
        "a directory at 0": {"offset": 0},
        "a comment that is not there": {"comment": 0xFFFF},
        "zip64 without it": {"offset": 0xFFFFFFFF, "size": 0xFFFFFFFF, "n": 0xFFFF},
    }.items():
        yield f"end: {what}", raw(own, **end)
    far = struct.pack("<4sIQI", b"PK\6\7", 0, 0xFFFFFFFFFFFF, 1)
    yield "zip64 end beyond", good[: good.find(_END)] + far + good[good.find(_END) :]
    wrong = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**40, 2**40, 2**40, 2**40)
    place = good.find(_END)
    beside = struct.pack("<4sIQI", b"PK\6\7", 0, place, 1)
    yield "zip64 end of nonsense", good[:place] + wrong + beside + good[place:]
    for at in range(0, len(good), max(1, len(good) // 12)):
        yield f"a byte changed at {at}", good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]


_ZEROS = 19_000_000
_SMALL = 999_000


def _same(files: Files) -> bytes:
    once = zlib.compress(b"\0" * _SMALL, 9)[2:-4]
    said = {"method": 8, "packed": len(once), "size": _SMALL, "crc": zlib.crc32(b"\0" * _SMALL)}
    return _overlapping(files, once, said, n=3_000)


def _table(content: bytes) -> Callable[[Files], bytes]:
    return lambda files: packed({**files, "manifest.csv": content}, method=0)


# Small files that want to be large, or many; made one at a time, since together they are.
BOMBS: dict[str, Callable[[Files], bytes]] = {
    "19 MB of zeros": lambda files: packed(files, ("bomb.png", b"\0" * _ZEROS)),
    "21 MB of zeros": lambda files: packed(files, ("bomb.png", b"\0" * (_ZEROS + 2_000_000))),
    "a table of zeros": lambda files: packed({**files, "manifest.csv": b"\0" * _ZEROS}),
    "a table of lines": _table(b"a\n" * 5_000_000),
    "a table of commas": _table(b"," * 9_000_000),
    "a table of quotes": _table(b'"' * 9_000_000),
    "a table of rows": _table(b"case_id,path,label\n" + b"a,b,c\n" * 1_500_000),
    "1 MB of zeros 300 times": lambda files: packed(
        files, *((f"{n}.bin", b"\0" * _SMALL) for n in range(300))
    ),
    "the same megabyte 3,000 times": _same,
    "a zip in a zip": lambda files: packed(files, ("in.zip", packed({"0": b"\0" * _ZEROS}))),
    "a zip as the table": lambda files: packed({**files, "manifest.csv": packed(files)}),
    "10,001 files": lambda _: packed({}, *((f"{n}.png", b"") for n in range(10_001))),
    "200,000 headers": lambda files: _overlapping(files, b"", {}, n=200_000),
    "names of 13 MB": lambda _: raw([(b"%05d" % n + b"a" * 65_000, b"", {}) for n in range(200)]),
}


def _overlapping(files: Files, content: bytes, said: dict[str, int], *, n: int) -> bytes:
    own = [(name.encode(), c, {}) for name, c in files.items()]
    body = b"".join(entry(*e[:2])[0] for e in own)
    whole = raw([*own, (b"0.bin", content, said)])
    place = whole.find(_END)
    more = b"".join(
        entry(b"%d.bin" % number, b"", **{"offset": len(body), **said})[1] for number in range(1, n)
    )
    start = whole.find(_CENTRAL)
    last = struct.pack("<4H2IH", 0, 0, n & 0xFFFF, n & 0xFFFF, place - start + len(more), start, 0)
    return whole[:place] + more + _END + last


def contents(files: Files) -> Iterator[tuple[str, bytes]]:
    """A zip in order whose files are not."""
    for what, change in {
        "no table": lambda: {k: v for k, v in files.items() if k != "manifest.csv"},
        "two tables": lambda: {**files, "b/manifest.csv": b"x"},
        "the table in another folder": lambda: {
            f"a/b/{k}": v for k, v in files.items() if k == "manifest.csv"
        },
        "litter alone": lambda: {"__MACOSX/manifest.csv": b"x", ".DS_Store": b"x"},
        "the table in other letters": lambda: {
            k.upper() if k == "manifest.csv" else k: v for k, v in files.items()
        },
        "all pictures empty": lambda: _pictures(files, b""),
        "all pictures text": lambda: _pictures(files, b"hi"),
        "an empty zip": dict,
    }.items():  # fmt: skip
        yield what, packed(change())


def _pictures(files: Files, content: bytes) -> Files:
    return {name: c if name == "manifest.csv" else content for name, c in files.items()}


_GROUPS = (names, lies, ends, contents)


def all_archives(files: Files) -> dict[str, Callable[[], bytes]]:
    """By what is odd about them."""
    small = {what: made for group in _GROUPS for what, made in group(files)}
    return {what: partial(bytes, made) for what, made in small.items()} | {
        what: partial(make, files) for what, make in BOMBS.items()
    }
