"""Picture files written by hand, honest or not: what headers say, and how parts are strung."""

import io
import re
import struct
import zlib
from functools import cache

import numpy as np
import pillow_heif
from PIL import Image

SIDE = 7070  # 50 megapixels, the most that is read
WEBP_SIDE = 6320  # 40 megapixels
N_MB = 1_000_000


@cache
def honest() -> dict[str, bytes]:
    """A small picture in every format that is read."""
    y, x = np.mgrid[0:40, 0:56]
    picture = Image.fromarray(np.stack([x * 4, y * 6, 90 + 0 * x], -1).astype(np.uint8))
    heic = io.BytesIO()
    pillow_heif.from_pillow(picture).save(heic, quality=60)
    return {
        "jpeg": saved(picture, "JPEG", exif=turned(6)),
        "progressive": saved(picture, "JPEG", progressive=True),
        "png": saved(picture, "PNG", exif=turned(3)),
        "palette": saved(picture.quantize(16), "PNG"),
        "webp": saved(picture, "WEBP"),
        "lossless": saved(picture, "WEBP", lossless=True, exif=turned(8)),
        "tiff": saved(picture, "TIFF"),
        "lzw": saved(picture, "TIFF", compression="tiff_lzw"),
        "bmp": saved(picture, "BMP"),
        "heic": heic.getvalue(),
    }


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def zeros(row_bytes: int, rows: int = SIDE) -> bytes:
    """Rows of a PNG by the dearest filter, packed a thousandfold."""
    packer = zlib.compressobj(9)
    row = b"\4" + bytes(row_bytes)
    return b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_of_sides(width: int, height: int) -> bytes:
    content = saved(Image.new("RGB", (8, 8)), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def jpeg_of_scans(side: int, scans: int, *, between: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan comes again and again, after a segment of any kind."""
    content = saved(Image.new("RGB", (side, side), "brown"), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + (between + last) * scans + b"\xff\xd9"


def bmp(width: int, height: int, body: bytes = b"", *, compression: int = 0) -> bytes:
    start = 14 + 40 + 1024
    return (
        b"BM"
        + struct.pack("<IHHI", start + len(body), 0, 0, start)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, len(body), 0, 0, 256, 0)
        + bytes(1024)
        + body
    )


def bmp_rle(body: bytes) -> bytes:
    return bmp(SIDE, SIDE, body, compression=1)


def grey(
    width: int,
    height: int,
    *,
    at: int = 8,
    bits: int = 8,
    samples: int = 1,
    compression: int = 1,
) -> list[tuple[int, int, int, int]]:
    """Tags of a grey TIFF in one strip: number, type, count, value."""
    tags = {256: width, 257: height, 258: bits, 259: compression, 262: 1, 273: at, 277: samples}
    return [(tag, 4, 1, value) for tag, value in (tags | {278: height, 279: 64}).items()]


def tiff(tags: list[tuple[int, int, int, int]], *, following: int = 0) -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(64)


def tiff_of_pages(pages: int) -> bytes:
    first = tiff(grey(8, 8))[: 10 + 12 * 9]
    at = len(first) + 4
    parts = [first, struct.pack("<I", at)]
    for number in range(1, pages):
        at += 18
        following = at if number < pages - 1 else 0
        parts.append(struct.pack("<HHHIII", 1, 256, 4, 1, 8, following))
    return b"".join(parts)


def tiff_of_tiny_tiles() -> bytes:
    side = 2200
    tags = [tag for tag in grey(side, side) if tag[0] not in (273, 278, 279)]
    tags += [(322, 4, 1, 1), (323, 4, 1, 1), (324, 3, side * side, 8), (325, 3, side * side, 8)]
    return tiff(tags) + b"\x08\0" * side * side


def webp_of_large_sides() -> bytes:
    content = bytearray(saved(Image.new("RGB", (8, 8)), "WEBP", lossless=True))
    at = content.index(b"\x2f") + 1  # 14 bits each of width and height
    content[at : at + 4] = struct.pack("<I", 16_383 | 16_383 << 14)
    return bytes(content)


def heic_of_sides(width: int, height: int) -> bytes:
    content = honest()["heic"]
    return re.sub(
        rb"(ispe....)........",
        lambda m: m[1] + struct.pack(">II", width, height),
        content,
        flags=re.DOTALL,
    )


@cache
def packed_zeros() -> bytes:
    """100 MB of nothing."""
    return zlib.compress(bytes(100 * N_MB), 9)


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()
