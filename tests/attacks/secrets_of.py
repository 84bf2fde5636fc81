"""What no byte that a reader receives may hold, drawn from a study's own files."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

_HASHES = ("md5", "sha1", "sha256")
# A code as short as MN stands in a token by chance; names of files and hashes do not.
_SHORTEST = 6


@dataclass
class Secrets:
    """`found_in` looks for each name, path and number of a study, bare and hashed."""

    words: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, manifest: Path, predictions: Path, *more: str) -> "Secrets":
        cases, model = pd.read_csv(manifest), pd.read_csv(predictions)
        bare = set(more)
        for case in cases.itertuples():
            path = Path(case.path)
            bare |= {case.case_id, path.name, path.stem}
            bare |= {
                f"{case.case_id}{joint}{case.label}" for joint in ("", ":", "-", "_", "|", ",")
            }
            bare |= {f"{path.stem}{joint}{case.label}" for joint in ("", ":", "-", "_")}
        bare |= {str(sha) for sha in cases["sha256"].dropna() if str(sha)}
        numbers = model.drop(columns="case_id").to_numpy().ravel()
        secrets = cls({text.encode() for text in bare if len(text) >= _SHORTEST})
        secrets.words |= {f"{number:.6f}".encode() for number in numbers}
        for text in bare | set(cases["label"]):
            secrets.words |= set(hashed(text))
        secrets.words = {word.lower() for word in secrets.words}
        return secrets

    def found_in(self, received: bytes) -> set[bytes]:
        """Whatever the case of its letters."""
        low = received.lower()
        return {word for word in self.words if word in low}


def hashed(text: str) -> list[bytes]:
    """The digests in the notations that a program would write, and the text in base64."""
    found = []
    for name in _HASHES:
        digest = hashlib.new(name, text.encode()).digest()
        found += [digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")]
        found.append(base64.urlsafe_b64encode(digest).rstrip(b"="))
    plain = base64.b64encode(text.encode()).rstrip(b"=")
    return [*found, plain] if len(plain) >= 2 * _SHORTEST else found


def names_a_class(text: str, codes: tuple[str, ...]) -> list[str]:
    """Codes that stand by themselves: not inside a token, whose letters are drawn."""
    return [code for code in codes if re.search(rf"(?<![\w-]){code}(?![\w-])", text)]
