"""Pictures are read in a process apart: the same pixels, and whatever happens there ends there."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import decoding
from data.decoding import Decoder, decode_apart
from data.images import ImageError, decode
from tests.hostile.formats import SIDE, WEBP_SIDE, honest, png, saved, tiff_of_tiny_tiles, zeros

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def decoder():
    made = Decoder()
    yield made
    if made._child:
        decoding._end(made._child)


def child_of(decoder):
    decoder.decode(honest()["png"])
    return decoder._child


@pytest.mark.parametrize("name", honest())
def test_the_pixels_are_those_of_the_decoder(name):
    content = honest()[name]
    apart = decode_apart(content)
    assert np.array_equal(apart, decode(content))
    assert apart.dtype == np.uint8
    assert apart.flags.writeable


def test_a_file_is_read_by_its_path_too(tmp_path):
    (tmp_path / "a.jpg").write_bytes(honest()["jpeg"])
    assert np.array_equal(decode_apart(tmp_path / "a.jpg"), decode(honest()["jpeg"]))
    with pytest.raises(ImageError, match=r"lost\.png"):
        decode_apart(tmp_path / "lost.png")


@pytest.mark.parametrize(
    "content",
    [b"", b"words", honest()["png"][:60], png(9000, 9000, b"")],
    ids=["empty", "words", "cut", "large"],
)
def test_the_sentences_are_those_of_the_decoder(content):
    with pytest.raises(ImageError) as here:
        decode(content)
    with pytest.raises(ImageError) as apart:
        decode_apart(content)
    assert str(apart.value) == str(here.value)


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_is_read(decoder, monkeypatch):
    monkeypatch.setattr(decoding, "CPU_SECONDS", 1)
    with pytest.raises(ImageError, match="within 1 seconds.*save it as a new PNG"):
        decoder.decode(tiff_of_tiny_tiles())
    ended = decoder._child
    assert ended.returncode == -signal.SIGXCPU  # known: it was waited for and is no zombie
    assert decoder.decode(honest()["png"]).shape == (40, 56, 3)
    assert decoder._child.pid != ended.pid


def test_time_in_which_the_machine_does_other_things_is_bounded_too(decoder, monkeypatch):
    monkeypatch.setattr(decoding, "WALL_SECONDS", 1)
    with pytest.raises(ImageError, match="takes longer"):
        decoder.decode(tiff_of_tiny_tiles())
    assert decoder._child.returncode == -signal.SIGALRM


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no limit of memory")
def test_a_picture_that_takes_too_much_memory_is_refused(decoder, monkeypatch):
    monkeypatch.setattr(decoding, "MEMORY_BYTES", 90_000_000)
    with pytest.raises(ImageError, match="memory"):
        decoder.decode(png(3500, 3500, zeros(3500 * 3, 3500)))
    assert decoder.decode(honest()["png"]).shape == (40, 56, 3)


def test_a_reader_that_was_killed_is_replaced(decoder):
    before = child_of(decoder)
    before.kill()
    before.wait()
    assert child_of(decoder).pid != before.pid


def test_a_reader_that_is_killed_over_a_picture_is_a_sentence(decoder):
    child = child_of(decoder)
    threading.Timer(0.3, child.kill).start()
    with pytest.raises(ImageError, match="ended the reader"):
        decoder.decode(tiff_of_tiny_tiles())
    assert child_of(decoder).pid != child.pid


def test_an_interrupted_answer_is_never_taken_for_the_next_one(decoder, monkeypatch):
    child, exchange = child_of(decoder), decoding._exchange

    def interrupted(child, content):
        child.stdin.write(decoding._REQUEST.pack(len(content)) + content)
        child.stdin.flush()
        raise KeyboardInterrupt

    monkeypatch.setattr(decoding, "_exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decoder.decode(honest()["png"])
    monkeypatch.setattr(decoding, "_exchange", exchange)
    other = saved(Image.new("RGB", (3, 2), "red"), "PNG")
    assert decoder.decode(other).shape == (2, 3, 3)
    assert child.returncode is not None


def test_more_pixels_than_a_picture_has_are_not_believed(monkeypatch):
    class Overtaken:
        stdin = io.BytesIO()
        stdout = io.BufferedReader(io.BytesIO(decoding._REPLY.pack(2, 6) + bytes(2 * 6 * 3)))

    monkeypatch.setattr(decoding, "MAX_PIXELS", 11)
    with pytest.raises(EOFError):
        decoding._exchange(Overtaken(), b"content")


def test_visitors_at_the_same_time_get_their_own_picture(decoder):
    def shown(shade):
        content = saved(Image.new("L", (20 + shade, 10), shade), "PNG")
        return decoder.decode(content)

    with ThreadPoolExecutor(8) as pool:
        for shade, pixels in enumerate(pool.map(shown, range(40))):
            assert pixels.shape == (10, 20 + shade, 3)
            assert (pixels == shade).all()


def test_who_waits_too_long_for_others_is_told_so(decoder, monkeypatch):
    monkeypatch.setattr(decoding, "WAIT_SECONDS", 0.05)
    with decoder._lock, pytest.raises(ImageError, match="try again in a minute"):
        decoder.decode(honest()["png"])
    assert decoder.decode(honest()["png"]).shape == (40, 56, 3)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_the_reader_ends_with_its_server_however_that_ends(sign):
    code = (
        "import sys, time; from data import decoding; from tests.hostile.formats import honest;"
        "decoding.decode_apart(honest()['png']);"
        "print(decoding._SHARED._child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.send_signal(sign)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the reader outlived its server")


@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="needs /proc")
def test_the_reader_knows_no_secret_of_the_server(decoder, monkeypatch):
    monkeypatch.setenv("SKINREADER_ADMIN_PASSWORD", "a long secret")
    environment = Path(f"/proc/{child_of(decoder).pid}/environ").read_bytes()
    assert b"MALLOC" in environment
    assert b"secret" not in environment


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: png(SIDE, SIDE, zeros(SIDE * 8), depth=16, colour=6),
        lambda: saved(Image.new("RGB", (WEBP_SIDE, WEBP_SIDE), "brown"), "WEBP", method=0),
        lambda: saved(Image.new("CMYK", (SIDE, SIDE)), "JPEG", progressive=True, subsampling=0),
        lambda: saved(Image.new("F", (2200, 2200)), "TIFF"),
        lambda: saved(Image.new("RGB", (SIDE, SIDE), "brown"), "TIFF", compression="lzma"),
        lambda: saved(Image.new("RGB", (SIDE, SIDE), "brown"), "HEIF", quality=50),
    ],
    ids=["png", "webp", "cmyk", "float", "tiff", "heic"],
)
def test_the_largest_honest_pictures_are_within_the_limits(make):
    assert decode_apart(make()).shape[2] == 3
