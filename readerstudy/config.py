"""Settings: read once, from flags and SKINREADER_* environment variables (the only reader)."""

import difflib
import ipaddress
import os
import re
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from readerstudy.domain.errors import ConfigError

PREFIX = "SKINREADER_"
_ROOT = Path(__file__).resolve().parent.parent
_MAX_PORT = 65535
_MEGABYTE = 1_000_000

# name: (flag, help). The password has no flag: other users of the machine see flags.
SETTINGS: dict[str, tuple[str | None, str]] = {
    "SKINREADER_VAR": ("--var", "folder of everything written at run time (default: var)"),
    "SKINREADER_HOST": ("--host", "address to listen on (default: 127.0.0.1)"),
    "SKINREADER_PORT": ("--port", "port to listen on (default: 7860)"),
    "SKINREADER_PUBLIC_URL": ("--public-url", "address that readers see (default: host and port)"),
    "SKINREADER_DATABASE_URL": ("--database-url", "database (default: SQLite in the var folder)"),
    "SKINREADER_ADMIN_PASSWORD": (None, "first administrator's password (default: drawn)"),
    "SKINREADER_TRUSTED_PROXIES": (
        "--trusted-proxies",
        "addresses whose X-Forwarded-For is believed, with commas between (default: none)",
    ),
    "SKINREADER_CHECKPOINTS": ("--checkpoints", "folder of checkpoints (default: the bundled)"),
    "SKINREADER_DEMO": ("--demo", "on or off: the public page at / (default: on)"),
    "SKINREADER_MIN_FREE_MB": (
        "--min-free-mb",
        "megabytes of the disk that imports must leave free (default: 1000)",
    ),
    "SKINREADER_PREDICTOR": (
        "--predictor",
        "where the network runs: local, the only choice so far",
    ),
}


class Secret:
    """A string that does not print itself."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "**********"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True)
class Settings:
    var: Path
    host: str
    port: int
    public_url: str
    trusted_proxies: tuple[str, ...]
    database_url: str = field(repr=False)
    admin_password: Secret | None
    checkpoints: Path
    predictor: str
    has_demo: bool
    min_free: int  # bytes

    @property
    def cases(self) -> Path:
        return self.var / "cases"

    @property
    def is_public_url_local(self) -> bool:
        """Whether other computers could not follow a link that starts with it."""
        host = urlsplit(self.public_url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")
        return address.is_loopback or address.is_unspecified

    def make_var(self) -> None:
        """For its owner alone, since secrets lie in it; a folder that is there stays as it is.

        So is every file that this process makes from now on, wherever the folder lies.
        """
        os.umask(0o077)
        try:
            self.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"Expected SKINREADER_VAR to be a folder that can be made and written, but got "
                f"{self.var} ({error.strerror}); choose another."
            ) from error

    @property
    def safe_database_url(self) -> str:
        """For logs: without the password."""
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", self.database_url)


def load_settings(
    environ: Mapping[str, str] | None = None, *, flags: Mapping[str, str | None] | None = None
) -> Settings:
    """Flags win over the environment; `flags` is keyed by variable name, None means not given."""
    source = os.environ if environ is None else environ
    found = {k: v for k, v in source.items() if k.startswith(PREFIX)}
    _check_names(found)
    found |= {k: v for k, v in (flags or {}).items() if v is not None}
    return _build({k: v.strip() for k, v in found.items() if v.strip()})


def add_arguments(parser: ArgumentParser) -> None:
    for name, (flag, text) in SETTINGS.items():
        if flag is not None:
            parser.add_argument(flag, dest=name, metavar=flag[2:].upper(), help=f"{text}; {name}")


def settings_from(arguments: object) -> Settings:
    """From the namespace of a parser that `add_arguments` extended."""
    return load_settings(flags={name: getattr(arguments, name, None) for name in SETTINGS})


def _build(values: Mapping[str, str]) -> Settings:
    var = _var(values.get("SKINREADER_VAR", "var"))
    host = values.get("SKINREADER_HOST", "127.0.0.1")
    port = _port(values.get("SKINREADER_PORT", "7860"))
    password = values.get("SKINREADER_ADMIN_PASSWORD")
    checkpoints = values.get("SKINREADER_CHECKPOINTS")
    return Settings(
        var=var,
        host=host,
        port=port,
        public_url=_public_url(values.get("SKINREADER_PUBLIC_URL", own_url(host, port))),
        trusted_proxies=_addresses(values.get("SKINREADER_TRUSTED_PROXIES", "")),
        database_url=values.get("SKINREADER_DATABASE_URL", f"sqlite:///{_database(var)}"),
        admin_password=Secret(password) if password else None,
        checkpoints=Path(checkpoints) if checkpoints else _ROOT / "model" / "checkpoints",
        predictor=_predictor(values.get("SKINREADER_PREDICTOR", "local")),
        has_demo=_is_on(values.get("SKINREADER_DEMO", "on")),
        min_free=_megabytes(values.get("SKINREADER_MIN_FREE_MB", "1000")) * _MEGABYTE,
    )


def own_url(host: str, port: int) -> str:
    """Where the server listens, as a browser writes it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _var(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except (RuntimeError, OSError) as error:  # nobody's home, a circle of links
        raise ConfigError(
            f"Expected SKINREADER_VAR to be a folder, but got {text!r} ({error}); "
            "write its whole path."
        ) from error


def _database(var: Path) -> Path:
    """In a folder of its own; where an older version made it, it stays."""
    older = var / "skinreader.db"
    return older if older.exists() else var / "database" / "skinreader.db"


def _is_on(text: str) -> bool:
    if text not in ("on", "off"):
        raise ConfigError(f"Expected SKINREADER_DEMO to be on or off, but got {text!r}.")
    return text == "on"


def _megabytes(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(
            "Expected SKINREADER_MIN_FREE_MB to be a whole number of megabytes, "
            f"but got {text!r}; for example 1000."
        )
    return int(text)


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            raise ConfigError(
                "Expected SKINREADER_TRUSTED_PROXIES to be addresses with commas between, "
                f"but got {part!r}; for example 127.0.0.1 or 10.0.0.0/8."
            ) from error
    return found


def _predictor(text: str) -> str:
    if text != "local":
        raise ConfigError(
            f"Expected SKINREADER_PREDICTOR to be local, but got {text!r}; a network on another "
            "machine cannot be used yet, leave the setting out."
        )
    return text


def _check_names(found: Mapping[str, str]) -> None:
    for name in sorted(set(found) - set(SETTINGS)):
        near = difflib.get_close_matches(name, SETTINGS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"Expected a known setting, but got {name}; did you mean {near}?")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_PORT:
        raise ConfigError(
            f"Expected SKINREADER_PORT to be a number from 0 to {_MAX_PORT}, "
            f"but got {text!r}; for example 7860."
        )
    return int(text)


def _public_url(text: str) -> str:
    if not _is_web_address(text):
        raise ConfigError(
            "Expected SKINREADER_PUBLIC_URL to be http:// or https:// and the name of a host, "
            f"but got {text!r}; for example https://study.example.org."
        )
    return text.rstrip("/")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        return False
    has_rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    is_clean = not re.search(r"\s", text)
    return is_clean and parts.scheme in ("http", "https") and bool(parts.hostname) and not has_rest
