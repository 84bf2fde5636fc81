"""Pictures that somebody made to do harm, the same in every run: `pictures()` names them all.

Small honest files are cut and bent where their headers change; bombs are of a few bytes or as large
as an upload may be, and cost memory or time out of proportion; oddities are legal and rare.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageCms

from tests.hostile.formats import (
    N_MB,
    SIDE,
    WEBP_SIDE,
    bmp,
    bmp_rle,
    chunk,
    grey,
    heic_of_sides,
    honest,
    jpeg_of_scans,
    jpeg_of_sides,
    packed_zeros,
    png,
    saved,
    segment,
    tiff,
    tiff_of_pages,
    tiff_of_tiny_tiles,
    turned,
    webp_of_large_sides,
    zeros,
)

Bytes = Callable[[], bytes]
CORRUPTED_BYTES = 12


def pictures() -> dict[str, Bytes]:
    """Every file by its name, made when it is called; the part before `/` is the kind."""
    return {**truncations(), **corruptions(), **bombs(), **oddities(), **foreign()}


def few() -> dict[str, Bytes]:
    """Small ones of every kind, read in seconds."""
    some = {**truncations(), **corruptions()}
    sample = {name: some[name] for name in list(some)[::5]}
    slow = ("many", "tiles", "largest")
    quick = {name: make for name, make in bombs().items() if not any(word in name for word in slow)}
    return {**sample, **quick, **oddities(), **foreign()}


def truncations() -> dict[str, Bytes]:
    """Each honest file, cut at the boundaries of its header and two bytes after them."""
    return {
        f"cut/{name}-{at}": lambda content=content, at=at: content[:at]
        for name, content in honest().items()
        for boundary in _spread(sorted(set(_boundaries(content))), 6)
        for at in (boundary, boundary + 2)
    }


def corruptions() -> dict[str, Bytes]:
    """Each honest file with one byte of its header turned over, at places all over the header."""

    def bent(content: bytes, at: int) -> bytes:
        return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]

    return {
        f"bent/{name}-{at}": lambda content=content, at=at: bent(content, at)
        for name, content in honest().items()
        for at in _spread(range(4, min(len(content), 600)), CORRUPTED_BYTES)
    }


def bombs() -> dict[str, Bytes]:
    """Small or allowed in size, and dear: in memory, in time, or in both."""
    dot = saved(Image.new("L", (8, 8)), "PNG")
    jpeg = saved(Image.new("L", (8, 8)), "JPEG")
    own_tags = [(tag, 7, 15 * N_MB, 8) for tag in range(40_000, 42_000)]
    same_megabytes = tiff(own_tags) + bytes(15 * N_MB)
    return {
        "bomb/png-sides-65535": lambda: png(65_535, 65_535, b""),
        "bomb/png-sides-2147483647": lambda: png(2**31 - 1, 2**31 - 1, b""),
        "bomb/png-line-65535": lambda: png(65_535, 1, zlib.compress(bytes(3 * 65_535 + 1))),
        "bomb/png-largest-16-bit": lambda: png(SIDE, SIDE, zeros(SIDE * 8), depth=16, colour=6),
        "bomb/png-short-pixels": lambda: png(SIDE, SIDE, zlib.compress(bytes(1000))),
        "bomb/png-many-chunks": lambda: dot[:33] + chunk(b"prVt", b"") * 1_600_000 + dot[33:],
        "bomb/png-many-texts": lambda: dot[:33] + chunk(b"tEXt", b"k\0v") * 1_200_000 + dot[33:],
        "bomb/png-zipped-text": lambda: (
            dot[:33] + chunk(b"zTXt", b"k\0\0" + packed_zeros()) + dot[33:]
        ),
        "bomb/png-zipped-itxt": lambda: (
            dot[:33] + chunk(b"iTXt", b"k\0\1\0\0\0" + packed_zeros()) + dot[33:]
        ),
        "bomb/png-zipped-texts": lambda: (
            dot[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(N_MB))) * 100 + dot[33:]
        ),
        "bomb/png-zipped-profile": lambda: (
            dot[:33] + chunk(b"iCCP", b"k\0\0" + packed_zeros()) + dot[33:]
        ),
        "bomb/png-exif-of-gigabytes": lambda: dot[:33] + chunk(b"eXIf", same_megabytes) + dot[33:],
        "bomb/png-exif-of-kilobytes": lambda: (
            dot[:33] + chunk(b"eXIf", tiff([(t, 7, 30_000, 8) for t in range(4000)])) + dot[33:]
        ),
        "bomb/jpeg-sides-65535": lambda: jpeg_of_sides(65_535, 65_535),
        "bomb/jpeg-scans": lambda: jpeg_of_scans(4000, 300),
        "bomb/jpeg-hidden-scans": lambda: jpeg_of_scans(4000, 300, between=b"\xff\xed\0\4\xff\xd9"),
        "bomb/jpeg-small-scans": lambda: jpeg_of_scans(64, 20_000),
        "bomb/jpeg-segments": lambda: jpeg[:2] + b"\xff\xe5\0\2" * 4_900_000 + jpeg[2:],
        "bomb/jpeg-fill-bytes": lambda: jpeg[:2] + b"\xff" * (19 * N_MB) + jpeg[2:],
        "bomb/jpeg-escaped-bytes": lambda: jpeg[:2] + b"\xff\0" * (9 * N_MB) + jpeg[2:],
        "bomb/jpeg-many-exifs": lambda: (
            jpeg[:2] + segment(0xE1, b"Exif\0\0" + bytes(60_000)) * 300 + jpeg[2:]
        ),
        "bomb/jpeg-profile-of-16-mb": lambda: (
            jpeg[:2]
            + b"".join(
                segment(0xE2, b"ICC_PROFILE\0" + bytes([i, 255]) + bytes(65_000))
                for i in range(1, 256)
            )
            + jpeg[2:]
        ),
        "bomb/bmp-rle": lambda: bmp_rle((b"\xff\x80" * (SIDE // 255 + 1) + b"\0\0") * SIDE),
        "bomb/bmp-rle-single": lambda: bmp_rle(b"\x01\x80" * (9 * N_MB)),
        "bomb/bmp-sides": lambda: bmp(65_535, 65_535),
        "bomb/tiff-sides": lambda: tiff(grey(65_535, 65_535)),
        "bomb/tiff-directories": lambda: tiff_of_pages(1_000_000),
        "bomb/tiff-circle": lambda: tiff(grey(8, 8), following=8),
        "bomb/tiff-same-megabytes": lambda: tiff([*grey(8, 8), *own_tags]) + bytes(15 * N_MB),
        "bomb/tiff-many-numbers": lambda: (
            tiff([*grey(8, 8), *((tag, 3, 4 * N_MB, 8) for tag in range(40_000, 40_010))])
            + bytes(8 * N_MB)
        ),
        "bomb/tiff-tiles-of-one-pixel": tiff_of_tiny_tiles,
        "bomb/tiff-largest": lambda: saved(
            Image.new("RGB", (SIDE, SIDE)), "TIFF", compression="tiff_adobe_deflate"
        ),
        "bomb/webp-largest": lambda: saved(
            Image.new("RGB", (WEBP_SIDE, WEBP_SIDE)), "WEBP", method=0
        ),
        "bomb/webp-sides": webp_of_large_sides,
        "bomb/heic-sides-9000": lambda: heic_of_sides(9000, 9000),
        "bomb/heic-sides-65535": lambda: heic_of_sides(65_535, 65_535),
        "bomb/heic-sides-2147483647": lambda: heic_of_sides(2**31 - 1, 2**31 - 1),
    }


def oddities() -> dict[str, Bytes]:
    """Legal and rare, or nonsense where a decoder need not look."""
    grid = np.random.default_rng(0).integers(0, 255, (24, 30, 3), dtype=np.uint8)
    rgb = Image.fromarray(grid)
    modes = {"1": "PNG", "P": "PNG", "LA": "PNG", "RGBA": "PNG", "CMYK": "JPEG", "LAB": "TIFF"}
    found: dict[str, Bytes] = {
        f"odd/mode-{mode}": lambda mode=mode, form=form: saved(
            rgb.convert("L").convert(mode) if mode == "LA" else rgb.convert(mode), form
        )
        for mode, form in modes.items()
    }
    for number in (0, 5, 9, 255, 65_535):
        found[f"odd/turned-{number}"] = lambda number=number: saved(
            rgb, "JPEG", exif=turned(number)
        )
    for word, value in {"nan": np.nan, "inf": np.inf, "huge": 3e38, "tiny": -3e38}.items():
        found[f"odd/float-{word}"] = lambda value=value: saved(
            Image.fromarray(np.array([[0, 1], [2, value]], np.float32)), "TIFF"
        )
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profiles = {
        "nonsense": b"nonsense" * 100,
        "cut": profile[:200],
        "bent": profile[:128] + bytes(4) + profile[132:],
        "many-tags": profile[:128] + b"\xff\xff\xff\xff" + profile[132:],
        "of-cmyk": profile[:16] + b"CMYK" + profile[20:],
    }
    for word, content in profiles.items():
        found[f"odd/profile-{word}"] = lambda content=content: saved(
            rgb, "PNG", icc_profile=content
        )
    exifs = {
        "nonsense": b"Exif\0\0nonsense",
        "circle": b"Exif\0\0" + tiff([(0x8769, 4, 1, 8)], following=8),
        "text-orientation": b"Exif\0\0" + tiff([(0x0112, 2, 4, 0x41414141)]),
        "many-orientations": b"Exif\0\0" + tiff([(0x0112, 3, 60_000, 8)]),
    }
    for word, content in exifs.items():
        found[f"odd/exif-{word}"] = lambda content=content: saved(rgb, "JPEG", exif=content)
    found |= {
        "odd/16-bit": lambda: saved(Image.fromarray(grid[..., 0].astype(np.uint16) * 256), "PNG"),
        "odd/xmp-turned": lambda: saved(rgb, "JPEG", xmp=b'<x tiff:Orientation="9"/>' * 2000),
        "odd/animation": lambda: saved(
            rgb, "PNG", save_all=True, append_images=[Image.new("RGB", (30, 24))]
        ),
        "odd/one-pixel": lambda: saved(Image.new("RGB", (1, 1)), "WEBP"),
        "odd/png-no-height": lambda: png(10, 0, b""),
        "odd/png-palette-missing": lambda: png(8, 8, zlib.compress(bytes(72)), colour=3),
        "odd/jpeg-no-height": lambda: jpeg_of_sides(8, 0),
        "odd/bmp-no-width": lambda: bmp(0, 8),
        "odd/bmp-negative": lambda: bmp(-8, -8),
        "odd/tiff-no-width": lambda: tiff(grey(0, 8)),
        "odd/tiff-strip-beyond": lambda: tiff(grey(8, 8, at=2**32 - 1)),
        "odd/tiff-bits-65535": lambda: tiff(grey(8, 8, bits=65_535)),
        "odd/tiff-samples-65535": lambda: tiff(grey(8, 8, samples=65_535)),
        "odd/tiff-compression-unknown": lambda: tiff(grey(8, 8, compression=65_000)),
    }
    return found


def foreign() -> dict[str, Bytes]:
    """Two kinds in one file, other kinds, and names of kinds that the content is not."""
    files = honest()
    page = b"<!DOCTYPE html><script>alert(1)</script>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../out.txt"), b"out")
    script = b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)//"
    return {
        "both/jpeg-zip": lambda: files["jpeg"] + packed.getvalue(),
        "both/png-html": lambda: files["png"] + page,
        "both/png-html-inside": lambda: (
            files["png"][:33] + chunk(b"tEXt", b"k\0" + page) + files["png"][33:]
        ),
        "both/gif-script": lambda: script,
        "both/bmp-script": lambda: b"BM/*" + files["bmp"][4:] + b"*/=1;alert(1)//",
        "both/html-jpeg": lambda: page + files["jpeg"],
        "other/empty": lambda: b"",
        "other/zeros": lambda: bytes(1000),
        "other/too-large": lambda: files["png"] + bytes(20 * N_MB),
        "other/svg": lambda: (
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>"
        ),
        "other/pdf": lambda: b"%PDF-1.7\n",
        "other/postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "other/wmf": lambda: b"\xd7\xcd\xc6\x9a" + bytes(100),
        "other/elf": lambda: b"\x7fELF" + bytes(100),
        "other/words": lambda: b"not a picture " * 50,
        **{
            f"other/magic-{name}": lambda content=content: content[:12] + b"\xa5" * 400
            for name, content in files.items()
        },
    }


def _boundaries(content: bytes) -> Iterator[int]:
    """Where one part of a header ends: markers, chunks, boxes, tags."""
    yield from (4, 8, 12, 16, 30, len(content) // 2, len(content) - 4)
    names = rb"\xff[\xc0-\xfe]|IHDR|PLTE|IDAT|IEND|eXIf|VP8[ LX]|ftyp|meta|hdlr|iloc|iinf|iprp|mdat"
    yield from (found.start() for found in re.finditer(names, content))
    if content.startswith(b"II*\0"):
        at = int.from_bytes(content[4:8], "little")
        yield from range(at, len(content), 12)


def _spread(places: "range | list[int]", count: int) -> list[int]:
    """About `count` of the places, all over them."""
    return list(places[:: max(1, len(places) // count)])[:count]
