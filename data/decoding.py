"""Decoding in a process apart: a picture that is slow, greedy or deadly harms nobody else.

The process has limits of processor time, waiting time and memory, can write no file and knows
nothing of the environment of the one that asks. It ends with that one, whichever way that ends.
"""

import io
import logging
import math
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TypeVar

import numpy as np
from tqdm import tqdm

from data.arrays import Rgb
from data.images import MAX_PIXELS, ImageError, decode, read_content

# Processor time, since a loaded machine is no fault of the picture; the slowest honest one of
# those measured, a PNG of 50 megapixels and 16 bits, needs 5.
CPU_SECONDS = 8
WALL_SECONDS = 30
WAIT_SECONDS = 20
# A WebP of 40 megapixels, the greediest, needs 650 MB.
MEMORY_BYTES = 800_000_000

Used = TypeVar("Used")

_log = logging.getLogger(__name__)

_REQUEST = struct.Struct(">Q")
# Height and width of the pixels that follow, or 0 and the length of the refusal that follows.
_REPLY = struct.Struct(">II")
_MAX_REFUSAL_BYTES = 10_000
_ROOT = Path(__file__).resolve().parents[1]
# One thread each, and memory of large pictures goes back to the system at once (glibc).
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
}


class Decoder:
    """`decode` of `data.images` in one child process, one picture after the other.

    Safe for threads. The child starts with the first picture and is replaced when it died.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def decode(self, source: bytes | Path) -> Rgb:
        """As `data.images.decode`, and ImageError also for a picture beyond the limits here."""
        content = read_content(source)
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise ImageError(
                "Expected to read this picture at once, but others are being read; try again in a "
                "minute."
            )
        try:
            return self._decode(content)
        finally:
            self._lock.release()

    def _decode(self, content: bytes) -> Rgb:
        child = self._running()
        answer: Rgb | str | None = None
        try:
            answer = _exchange(child, content)
        except (OSError, EOFError) as error:
            code = _end(child)
            _log.warning(
                "Reading a picture of %d bytes ended its process (%d).", len(content), code
            )
            raise _why_ended(code) from error
        finally:
            # Also after Ctrl-C: the rest of an answer must never be read as the next one.
            if answer is None:
                _end(child)
        if isinstance(answer, str):
            raise ImageError(answer)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = _start()
        return self._child

    def close(self) -> None:
        """Ends the child; the next picture starts another."""
        with self._lock:
            if self._child:
                _end(self._child)


_SHARED = Decoder()


def decode_apart(source: bytes | Path) -> Rgb:
    """As `data.images.decode`, bit for bit, in the process that all callers share."""
    return _SHARED.decode(source)


def decode_each(
    paths: Sequence[Path], use: Callable[[Rgb], Used], *, doing: str
) -> Iterator[Used | str]:
    """What `use` makes of the pixels of each file, in their order, with a bar named `doing`.

    In place of a file that cannot be read comes a sentence that names it. Decodes in as many
    processes as there are cores, and holds as many pictures.
    """
    decoders = [Decoder() for _ in range(os.cpu_count() or 1)]
    free: SimpleQueue[Decoder] = SimpleQueue()
    for decoder in decoders:
        free.put(decoder)

    def one(path: Path) -> Used | str:
        decoder = free.get()
        try:
            return use(decoder.decode(path))
        except (ImageError, OSError) as error:
            return f"{path}: {error}"
        finally:
            free.put(decoder)

    with ExitStack() as ended, ThreadPoolExecutor(len(decoders)) as pool:
        for decoder in decoders:
            ended.callback(decoder.close)
        yield from tqdm(pool.map(one, paths), total=len(paths), desc=doing, unit="image")


def _start() -> subprocess.Popen[bytes]:
    limits = (CPU_SECONDS, WALL_SECONDS, MEMORY_BYTES)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "data.decoding", *map(str, limits)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env=_ENVIRONMENT,
        start_new_session=True,  # Ctrl-C is for the parent
    )


def _end(child: subprocess.Popen[bytes]) -> int:
    """Kills it unless it is dead; its exit code."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):
            if pipe:
                pipe.close()
    return child.wait()


def _exchange(child: subprocess.Popen[bytes], content: bytes) -> Rgb | str:
    """The pixels or the refusal. Raises OSError or EOFError when the child died over it."""
    to_child, from_child = child.stdin, child.stdout
    assert to_child
    assert isinstance(from_child, io.BufferedReader)
    to_child.write(_REQUEST.pack(len(content)))
    to_child.write(content)
    to_child.flush()
    height, width = _REPLY.unpack(_read(from_child, _REPLY.size))
    if not height:
        return str(_read(from_child, min(width, _MAX_REFUSAL_BYTES)), "utf-8", "replace")
    if height * width > MAX_PIXELS:
        raise EOFError
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    if from_child.readinto(pixels.data.cast("B")) != pixels.nbytes:
        raise EOFError
    return pixels


def _read(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) != size:
        raise EOFError
    return content


def _why_ended(code: int) -> ImageError:
    if code in (-signal.SIGXCPU, -signal.SIGALRM):
        return ImageError(
            f"Expected a picture that is read within {CPU_SECONDS} seconds, but this one takes "
            "longer; open it in an image editor and save it as a new PNG or JPEG."
        )
    return ImageError(
        "Expected a picture, but reading this file ended the reader (it may ask for too much "
        "memory); open it in an image editor and save it as a new PNG or JPEG."
    )


def serve(cpu_seconds: int, wall_seconds: int, memory_bytes: int) -> None:
    """The child: answers pictures from standard input until that ends."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between two answers
    for kind, most in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(kind, most)
    while head := requests.read(_REQUEST.size):
        content = requests.read(*_REQUEST.unpack(head))
        _limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + cpu_seconds)
        signal.alarm(wall_seconds)
        try:
            pixels = decode(content)
        except ImageError as error:
            refusal = str(error).encode()
            replies.write(_REPLY.pack(0, len(refusal)) + refusal)
        else:
            replies.write(_REPLY.pack(*pixels.shape[:2]))
            replies.write(pixels.data)
            del pixels
        signal.alarm(0)
        replies.flush()


def _limit(kind: int, most: int) -> None:
    """Where the system knows it: macOS has no limit of memory."""
    hard = resource.getrlimit(kind)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
