"""Files that are cheap to send and dear to read: what tells them before a pixel is decoded."""

import io
import re

MAX_READS = 200_000
MAX_READ_BYTES = 100_000_000
# Twenty scans of the largest picture; cameras and programs write about ten.
MAX_SCANNED_PIXELS = 1_000_000_000
# A camera's EXIF fits one segment of a JPEG, which has 65,533 bytes at most.
MAX_EXIF_BYTES = 100_000

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Markers that are followed by a length; 0xFF00 and restart markers stand within a scan.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")


class TooManyPartsError(Exception):
    """The file is made of so many parts that reading them would take minutes."""


class CountedFile(io.BytesIO):
    """A file in memory that ends a reader who is led in circles: by TooManyPartsError.

    Pillow walks through segments, chunks and directories in Python, a few microseconds each, and
    20 MB hold millions of them; tables of a few bytes can also name the same megabytes repeatedly.
    """

    reads = 0
    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As in memory, and counted."""
        content = super().read(size)
        self.reads += 1
        self.read_bytes += len(content)
        if self.reads > MAX_READS or self.read_bytes > MAX_READ_BYTES:
            raise TooManyPartsError
        return content


def count_scans(jpeg: bytes) -> int:
    """How often the pixels of a JPEG are gone over: once, or about ten times if progressive."""
    scans, at = 0, 0
    for _ in range(MAX_READS):
        marker = _MARKER.search(jpeg, at)
        if marker is None or marker[0][1] == _END_OF_IMAGE:
            return scans
        scans += marker[0][1] == _START_OF_SCAN
        length = int.from_bytes(jpeg[marker.end() : marker.end() + 2], "big")
        # The start of the image has no length.
        at = marker.end() + (length if marker[0][1] != 0xD8 else 0)
    raise TooManyPartsError
