"""One message cannot push the others out of the log."""

import asyncio
import logging

import pytest

from readerstudy import log_file
from readerstudy.log_file import LogFile


@pytest.fixture
def now(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(log_file.time, "monotonic", lambda: clock[0])
    return clock


@pytest.fixture
def log(tmp_path, now):
    """A logger, and the lines of its file so far."""
    handler = LogFile(str(tmp_path / "log"))
    logger = logging.getLogger("one")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, (tmp_path / "log").read_text
    logger.removeHandler(handler)
    handler.close()


def test_the_same_message_comes_a_few_times_a_minute(log, now):
    logger, text = log
    for number in range(100):
        logger.error("Case %s failed", number)
    logger.error("Another fault")
    assert text().count("failed") == 5
    assert "Another fault" in text()
    now[0] += 61
    logger.error("Case %s failed", 100)
    assert "WARNING one: 95 more within a minute were left out: Case %s failed" in text()
    assert "Case 100 failed" in text()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028"])
def test_nothing_that_was_sent_looks_like_a_line_of_the_log(log, end):
    logger, text = log
    forged = "2026-12-01 00:00:00,000 INFO skinreader: All is well"
    sent = f"odd{end}{forged}"
    logger.error("Page handler failed: %s", sent, exc_info=ValueError(sent))
    starts = [line for line in text().splitlines() if not line.startswith("    ")]
    assert len(starts) == 1
    assert starts[0].endswith("ERROR one: Page handler failed: odd")


def test_what_was_left_out_is_told_at_the_end_too(log):
    logger, text = log
    for _ in range(7):
        logger.error("A fault")
    logger.handlers[0].close()
    assert "2 more within a minute were left out: A fault" in text()


def test_one_message_of_several_faults_is_several(log):
    logger, text = log
    for _ in range(10):
        for fault in ({}.popitem, [].pop):
            try:
                fault()
            except (KeyError, IndexError):
                logger.exception("Page handler failed")
    assert text().count("KeyError: 'popitem") == 5
    assert text().count("IndexError: pop") == 5


def test_a_full_table_of_files_is_told_a_few_times(log, monkeypatch):
    """As asyncio says it: with the socket in further lines."""
    logger, text = log
    monkeypatch.setattr(asyncio.base_events, "logger", logger)
    loop = asyncio.new_event_loop()
    for number in range(50):
        said = {"message": "socket.accept() out of system resource", "socket": f"<{number}>"}
        loop.default_exception_handler(said)
    loop.close()
    assert text().count("out of system resource") == 5
