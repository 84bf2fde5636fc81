"""Tables of predictions and their sidecars that no honest program writes."""

import json
from collections.abc import Callable, Mapping

Pair = tuple[bytes, bytes]  # the table, the sidecar
_HUGE = "9" * 5_000


def cells(table: str) -> dict[str, str]:
    """The table with its first probability put in the place of another number."""
    header, first, *rest = table.splitlines()
    case, _, *others = first.split(",")
    values = {
        "nan": "nan",
        "inf": "inf",
        "minus inf": "-inf",
        "1e400": "1e400",
        "1e-400": "1e-400",
        "negative": "-0.5",
        "minus zero": "-0",
        "two": "2",
        "5,000 digits": _HUGE,
        "a fraction of 5,000 digits": "0." + _HUGE,
        "hexadecimal": "0x1p-3",
        "underscores": "0_1",
        "Arabic digits": "٠.١",
        "full width": "０.１",
        "a comma": '"0,1"',
        "a quote": '0.1"',
        "an open quote": '"0.1',
        "empty": "",
        "a formula": "=1+1",
        "NUL": "0.1\0",
        "a boolean": "True",
        "a list": "[0.1]",
        "a percentage": "10%",
        "markup": "<img src=x onerror=alert(1)>",
        "200,000 letters": "a" * 200_000,
        "override": "\u202e1.0",
        "half a sign": "\\ud800",
        "a line separator": "0.1\u2028",
        "complex": "0.1j",
    }
    return {
        f"a cell: {what}": "\n".join([header, ",".join([case, value, *others]), *rest])
        for what, value in values.items()
    }


def shapes(table: str) -> dict[str, str | bytes]:
    """Headers, rows and encodings."""
    header, first, *rest = table.splitlines()
    body = "\n".join([first, *rest])
    names = header.split(",")
    odd: dict[str, str | bytes] = {
        "empty": "",
        "a line end": "\n",
        "a header alone": header,
        "no header": body,
        "case_id alone": "case_id\ncase-00",
        "a column twice": f"{header},{names[1]}\n{body}",
        "case_id twice": f"{header},case_id\n{body}",
        "empty names": f"{header},,,,\n{body}",
        "a name of 70,000 letters": f"{header},p_{'a' * 70_000}\n{body}",
        "a class of markup": f"{header},p_<img src=x onerror=alert(1)>\n{body}",
        "10,000 classes": f"{header},{','.join(f'p_{n}' for n in range(10_000))}\n{body}",
        "NUL in a name": f"{header},p_\0\n{body}",
        "p_ alone": f"{header},p_\n{body}",
        "names in other letters": f"{header.upper()}\n{body}",
        "a row twice": f"{header}\n{first}\n{body}",
        "a row too few": "\n".join([header, *rest]),
        "a case of no study": f"{header}\n{body}\n{first.replace('case-00', 'x' * 50_000)}",
        "a case of control characters": f"{header}\n{body}\n" + first.replace("case", "\x1b[2J"),
        "a case of NUL": f"{header}\n{body}\n" + first.replace("case", "\0"),
        "a formula as case": f"{header}\n{body}\n" + first.replace("case", "=HYPERLINK(1)"),
        "short rows": f"{header}\ncase-00\n{chr(10).join(rest)}",
        "long rows": f"{header}\n{first},1,2,3\n{chr(10).join(rest)}",
        "200,000 rows": f"{header}\n{body}\n" + "x\n" * 200_000,
        "semicolons": table.replace(",", ";"),
        "tabs": table.replace(",", "\t"),
        "sep= line": "sep=,\n" + table,
        "sep= of NUL": "sep=\0\n" + table,
        "quotes all over": '"' * 10_000,
        "lone carriage returns": table.replace("\n", "\r"),
        "UTF-8 with mark": b"\xef\xbb\xbf" + table.encode(),
        "UTF-8 with two marks": b"\xef\xbb\xbf" * 2 + table.encode(),
        "UTF-16": table.encode("utf-16"),
        "UTF-16, odd length": table.encode("utf-16") + b"\0",
        "UTF-16, a mark alone": b"\xff\xfe",
        "UTF-16, half a pair": b"\xff\xfe\x00\xd8",
        "UTF-16 big": b"\xfe\xff" + table.encode("utf-16-be"),
        "UTF-32": table.encode("utf-32"),
        "UTF-7": table.replace("case", "+AGMAYQBzAGU-").encode(),
        "Latin-1": table.replace("case", "cäse").encode("latin-1"),
        "GB18030": table.replace("case", "病例").encode("gb18030"),
        "EBCDIC": table.encode("cp037"),
        "surrogates in UTF-8": table.encode() + b"\xed\xa0\x80",
        "NULs": b"\0" * 10_000,
        "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 1000,
        "a zip": b"PK\3\4" + b"\0" * 1000,
        "random bytes": bytes((n * 7919) % 256 for n in range(5_000)),
    }
    return odd


def sidecars(card: Mapping[str, object]) -> dict[str, str | bytes]:
    """JSON, and what is none."""
    text = json.dumps(card)
    one = card["taxonomy"]["diseases"][0]  # type: ignore[index]

    def with_(**more: object) -> str:
        return json.dumps({**card, **more})

    odd: dict[str, str | bytes] = {
        "empty": "",
        "null": "null",
        "a list": "[]",
        "a text": '"x"',
        "a number": "1",
        "cut off": text[:-5],
        "twice": text + text,
        "NaN": text[:-1] + ', "x": NaN}',
        "Infinity": text[:-1] + ', "x": -Infinity}',
        "1e400": text[:-1] + ', "x": 1e400}',
        "5,000 digits": text[:-1] + f', "x": {_HUGE}}}',
        "200,000 deep lists": text[:-1] + f', "x": {"[" * 200_000}{"]" * 200_000}}}',
        "900 deep lists": text[:-1] + f', "x": {"[" * 900}{"]" * 900}}}',
        "deep objects": text[:-1] + ', "x": ' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        "half a sign": text[:-1] + r', "x": "\ud800"}',
        "half a sign as key": text[:-1] + r', "\udfff": 1}',
        "NUL": text[:-1] + r', "x": "\u0000"}',
        "NUL as key": text[:-1] + r', "\u0000": 1}',
        "a key twice": text[:-1] + ', "checkpoint_sha256": 1}',
        "1,000,000 numbers": text[:-1] + f', "x": [{"1," * 999_999}1]}}',
        "a text of 15 MB": text[:-1] + f', "x": "{"a" * 15_000_000}"}}',
        "no hash": json.dumps({k: v for k, v in card.items() if k != "checkpoint_sha256"}),
        "a hash of 1 MB": with_(checkpoint_sha256="a" * 1_000_000),
        "a hash of other digits": with_(checkpoint_sha256="٠" * 64),
        "a hash and a line end": with_(checkpoint_sha256="ab" * 32 + "\n"),
        "a hash that is a list": with_(checkpoint_sha256=["ab"] * 100_000),
        "a hash that is an object": with_(checkpoint_sha256={"a": "<img src=x>"}),
        "taxonomy a text": with_(taxonomy="x"),
        "taxonomy a number": with_(taxonomy=3),
        "taxonomy a list": with_(taxonomy=[1]),
        "taxonomy empty": with_(taxonomy={}),
        "taxonomy without list": with_(taxonomy={"name": "n", "diseases": 3}),
        "taxonomy of numbers": with_(taxonomy={"name": "n", "diseases": [1, 2, 3]}),
        "taxonomy of nulls": with_(taxonomy={"name": None, "diseases": [None, None]}),
        "taxonomy of 10,000": with_(
            taxonomy={"name": "n", "diseases": [{"code": f"c{n}"} for n in range(10_000)]}
        ),
        "a code of 1 MB": with_(taxonomy={"name": "n", "diseases": [one, {"code": "a" * 10**6}]}),
        "a code of markup": with_(
            taxonomy={"name": "n", "diseases": [one, {"code": "<img src=x>"}]}
        ),
        "a family of lists": with_(
            taxonomy={"name": "n", "diseases": [one, {"code": "x", "family": []}]}
        ),
        "malignant a number": with_(
            taxonomy={"name": "n", "diseases": [one, {"code": "x", "malignant": 1}]}
        ),
        "a code twice": with_(taxonomy={"name": "n", "diseases": [one, one]}),
        "UTF-16": text.encode("utf-16"),
        "UTF-8 with mark": b"\xef\xbb\xbf" + text.encode(),
        "Latin-1": b'{"\xe4": 1}',
        "a picture": b"\x89PNG\r\n\x1a\n",
        "YAML": "checkpoint_sha256: " + "ab" * 32,
    }
    return odd


def all_pairs(table: str, card: Mapping[str, object]) -> dict[str, Callable[[], Pair]]:
    """By what is odd about the pair."""
    sidecar = json.dumps(card).encode()
    tables = {**cells(table), **shapes(table)}
    found: dict[str, Callable[[], Pair]] = {
        f"table: {what}": lambda made=made: (_bytes(made), sidecar)  # type: ignore[misc]
        for what, made in tables.items()
    }
    return found | {
        f"sidecar: {what}": lambda made=made: (table.encode(), _bytes(made))  # type: ignore[misc]
        for what, made in sidecars(card).items()
    }


def _bytes(made: str | bytes) -> bytes:
    return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
