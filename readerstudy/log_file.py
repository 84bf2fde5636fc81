"""The log's file: whatever goes on, one message cannot push the others out."""

import logging
import time
from collections import Counter
from logging.handlers import RotatingFileHandler

_BYTES = 5_000_000
_KEPT = 5
_A_MINUTE = 5
_MINUTE_SECONDS = 60.0

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# logger, the message before its values, and where an exception was raised
_Kind = tuple[str, str, str]


class _Indented(logging.Formatter):
    """All lines of a record but the first: what somebody sent cannot look like a record."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(super().format(record).splitlines())


class LogFile(RotatingFileHandler):
    """The same message of the same logger some times a minute; then how many were left out."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
        self.setFormatter(_Indented(_FORMAT))
        self._count: Counter[_Kind] = Counter()
        self._until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() >= self._until:
            self._tell()
        kind = _kind(record)
        self._count[kind] += 1
        if self._count[kind] <= _A_MINUTE:
            super().emit(record)

    def close(self) -> None:
        self._tell()
        super().close()

    def _tell(self) -> None:
        self._until = time.monotonic() + _MINUTE_SECONDS
        counted, self._count = self._count, Counter()
        for (name, message, _), n in counted.items():
            if n > _A_MINUTE:
                words = "%d more within a minute were left out: %s"
                args = (n - _A_MINUTE, message)
                super().emit(logging.LogRecord(name, logging.WARNING, "", 0, words, args, None))


def _kind(record: logging.LogRecord) -> _Kind:
    place = ""
    if record.exc_info and record.exc_info[2]:
        trace = record.exc_info[2]
        while trace.tb_next:
            trace = trace.tb_next
        place = f"{record.exc_info[0]} {trace.tb_frame.f_code.co_filename} {trace.tb_lineno}"
    # asyncio writes details of the very socket into further lines.
    return record.name, str(record.msg).partition("\n")[0][:200], place
